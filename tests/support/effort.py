"""How much the tests generate: `AUTHZ_TEST_EFFORT` multiplies the number of worlds, policies and examples.

The default of 1 is for `make test`; `make soak` sets more. It is the one setting: no test has a switch of its own.
"""

import os

FACTOR = float(os.environ.get("AUTHZ_TEST_EFFORT", "1"))


def effort(count: int) -> int:
    """A number of worlds, policies or examples, multiplied by the effort; at least one."""
    return max(1, round(count * FACTOR))

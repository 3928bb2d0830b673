"""Python names for rules and variables: distinct from keywords, builtins, each other and the generated code's own."""

import builtins
import keyword
import re
from collections.abc import Iterable

MODULE_NAMES = frozenset({"allow", "allow_many", "reasons", "reasons_many", "rows_where", "memo", "codes", "request"})
"""Names that the source of every policy uses."""

BUILTINS = frozenset(dir(builtins))

TEMPORARIES = frozenset({"memo", "key", "answer", "index", "kept", "codes", "row", "rows"})
"""Local names that generated statements use."""

LOOP_FUNCTION = re.compile(r"loop_\d+_of_")
"""How the names of functions begin that hold a loop of another function."""


def function_names(rules: Iterable[str]) -> dict[str, str]:
    """The name of each rule's function."""
    taken = {*MODULE_NAMES, *keyword.kwlist, *BUILTINS}
    names: dict[str, str] = {}
    for rule in rules:
        # The function of a reason code is called `reason_CODE`.
        candidate = f"rule_{rule}" if rule.startswith("reason_") else rule
        while derived_names(candidate) & taken or LOOP_FUNCTION.match(candidate):
            candidate = f"rule_{candidate}"
        taken |= derived_names(candidate)
        names[rule] = candidate
    return names


def derived_names(name: str) -> set[str]:
    """All names that the source makes of the name of a rule's function."""
    return {name, f"{name}_many", f"{name}_of_many", f"is_{name}"}


def safe(name: str) -> str:
    """A name for a variable: its own, with `_` after it where Python or the generated code uses that."""
    return f"{name}_" if keyword.iskeyword(name) or name in BUILTINS or name in TEMPORARIES else name

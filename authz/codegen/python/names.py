"""Python names for rules and variables: apart from Python's own, from each other, and from what every policy has."""

import builtins
import keyword
import re
from collections.abc import Iterable

OWN = frozenset({"allow", "allow_many", "reasons", "reasons_many", "rows_where", "memo", "codes", "request"})
"""Names that every compiled policy has."""

BUILTINS = frozenset(dir(builtins))

TEMPORARIES = frozenset({"memo", "key", "answer", "index", "kept", "codes", "row", "rows"})
"""Names that generated statements use for themselves."""


def function_names(defined: Iterable[str]) -> dict[str, str]:
    """The Python name of each rule's function, apart from Python's own, the entry points and other rules' kin."""
    taken = {*OWN, *keyword.kwlist, *BUILTINS}
    found: dict[str, str] = {}
    for name in defined:
        # `reason_CODE` is a code's own function, and `f_1` holds a loop of `f`.
        candidate = f"rule_{name}" if name.startswith("reason_") else name
        while kin(candidate) & taken or re.match(r"loop_\d+_of_", candidate):
            candidate = f"rule_{candidate}"
        taken |= kin(candidate)
        found[name] = candidate
    return found


def kin(name: str) -> set[str]:
    """The names of all functions of one rule, and of what `reasons` knows of it."""
    return {name, f"{name}_many", f"{name}_of_many", f"is_{name}"}


def safe(name: str) -> str:
    """The Python name of a variable: apart from functions, which have no trailing `_`, only where it must be."""
    return f"{name}_" if keyword.iskeyword(name) or name in BUILTINS or name in TEMPORARIES else name

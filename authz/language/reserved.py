"""Names that are taken: Polar's keywords, the names that oso gives a meaning of its own, and attributes of classes."""

import re

from authz.language.unsupported import UNSUPPORTED_WORDS

KEYWORDS = frozenset({"and", "or", "not", "in", "if", "true", "false", "type", "nil", *UNSUPPORTED_WORDS})
"""Words that the parser never reads as a name; a vocabulary may use none of them."""

OSO_CLASSES = frozenset(
    {"Boolean", "Integer", "Float", "List", "Dictionary", "String", "Datetime", "Timedelta", "Actor", "Resource"}
)
"""Class names that oso defines: it reads a variable of such a name as the class."""

OSO_RULES = frozenset({"allow_field", "allow_request", "has_permission", "has_relation", "has_role"})
"""Rules whose parameters oso prescribes, and that it may evaluate by itself; `allow` is such a rule too."""

CLASS_ATTRIBUTES = frozenset(name for name in dir(type) if not name.startswith("_"))
"""Attributes of every Python class, which oso reads of the classes of records; no field may hide them."""

_OSO_VARIABLE = re.compile(r"_this|_.*_[0-9]+")


def is_oso_variable(name: str) -> bool:
    """Whether oso makes variables of this form when it loads a rule: `_value_12`, `_this`."""
    return _OSO_VARIABLE.fullmatch(name) is not None

"""Words that cannot be names: Polar's keywords, and the classes that oso knows by itself."""

from authz.language.unsupported import UNSUPPORTED_WORDS

KEYWORDS = frozenset({"and", "or", "not", "in", "if", "true", "false", "type", "nil", *UNSUPPORTED_WORDS})
"""Words that the parser never reads as a name; a vocabulary may use none of them."""

OSO_CLASSES = frozenset({"Boolean", "Integer", "Float", "List", "Dictionary", "String", "Datetime", "Timedelta"})
"""Class names that oso defines: it reads a variable of such a name as the class."""

"""Constructs that Polar has and the profile has not: the word or sign that shows each, and what to report."""

from typing import NamedTuple

from authz.language.catalogue import syntax, unsupported
from authz.language.catalogue.entry import CatalogueEntry


class Refusal(NamedTuple):
    """What to report of a construct that the parser refuses."""

    entry: CatalogueEntry
    problem: str
    help: str = ""


_TYPE_IN_HEAD = "give the parameter a type in the rule's head"
_REASONS = "ask for the reasons: `authz decide --explain`"
_LEGAL_NAME = "use letters, digits and `_`"

ARITHMETIC = Refusal(
    unsupported.UNSUPPORTED_ARITHMETIC,
    "arithmetic is not in the profile",
    "declare a derived field in the vocabulary, or a parameter",
)
FRACTION = Refusal(
    unsupported.UNSUPPORTED_FRACTION, "numbers with a fraction are not in the profile", "count in whole units"
)
BRACES = Refusal(
    unsupported.UNSUPPORTED_BRACES,
    "dictionaries, patterns and blocks are not in the profile",
    "compare the fields one by one",
)
BLOCK = Refusal(
    unsupported.UNSUPPORTED_BLOCK,
    "resource and actor blocks are not in the profile",
    "write rules: `allow(...) if ...;`",
)
METHOD_CALL = Refusal(
    unsupported.UNSUPPORTED_METHOD_CALL,
    "method calls are not in the profile",
    "declare the value as a field of the vocabulary",
)
DYNAMIC_FIELD = Refusal(
    unsupported.UNSUPPORTED_DYNAMIC_FIELD,
    "fields named at run time are not in the profile",
    "name the field: `x.field`",
)
KEYWORD_ARGUMENT = Refusal(
    unsupported.UNSUPPORTED_KEYWORD_ARGUMENT,
    "keyword arguments and patterns are not in the profile",
    "give the arguments in order, without names",
)
LIST_PATTERN = Refusal(unsupported.UNSUPPORTED_LIST_PATTERN, "list patterns are not in the profile", "write `x in xs`")

UNSUPPORTED_WORDS = {
    "matches": Refusal(
        unsupported.UNSUPPORTED_TYPE_TEST,
        "`matches` is not in the profile",
        f"{_TYPE_IN_HEAD}, or compare the fields",
    ),
    "isa": Refusal(unsupported.UNSUPPORTED_TYPE_TEST, "`isa` is not in the profile", _TYPE_IN_HEAD),
    "forall": Refusal(
        unsupported.UNSUPPORTED_FORALL,
        "`forall` is not in the profile: it holds of an empty collection",
        "write `not (x in xs and not ...)`, and say what an empty collection means",
    ),
    "cut": Refusal(
        unsupported.UNSUPPORTED_CUT,
        "`cut` is not in the profile: rules have no order",
        "write the condition that excludes the other rules",
    ),
    "new": Refusal(
        unsupported.UNSUPPORTED_NEW,
        "`new` is not in the profile: rules make no objects",
        "take the value from the request or a parameter",
    ),
    "print": Refusal(unsupported.UNSUPPORTED_OUTPUT, "`print` is not in the profile: a rule has no effects", _REASONS),
    "debug": Refusal(unsupported.UNSUPPORTED_OUTPUT, "`debug` is not in the profile: a rule has no effects", _REASONS),
    "mod": ARITHMETIC,
    "rem": ARITHMETIC,
    "inf": FRACTION,
    "nan": FRACTION,
}
"""Words of Polar that the parser refuses wherever they stand."""

UNSUPPORTED_CHARACTERS = {
    **dict.fromkeys("+-*", ARITHMETIC),
    **dict.fromkeys("{}", BRACES),
    "?=": Refusal(
        unsupported.UNSUPPORTED_QUERY,
        "an inline query is not in the profile",
        "put the expectation in a scenario file",
    ),
    "|": LIST_PATTERN,
    "/": Refusal(
        syntax.UNKNOWN_CHARACTER,
        "`/` has no meaning in Polar",
        "a comment begins with `#`; arithmetic is not in the profile",
    ),
    "::": Refusal(syntax.INVALID_NAME, "a name cannot contain `::`", _LEGAL_NAME),
    "?": Refusal(syntax.INVALID_NAME, "a name cannot contain `?`", _LEGAL_NAME),
    '"': Refusal(syntax.UNTERMINATED_STRING, "the string does not end on its line", 'close it with `"`'),
    "'": Refusal(syntax.SINGLE_QUOTED_STRING, "a string stands in double quotes", 'write `"..."`'),
    "!": Refusal(syntax.UNKNOWN_OPERATOR, "`!` is not an operator", "write `not`"),
    "&": Refusal(syntax.UNKNOWN_OPERATOR, "`&` is not an operator", "write `and`"),
}
"""Signs that the lexer passes on as `OTHER`, and that the parser refuses wherever they stand."""

BLOCK_WORDS = ("resource", "actor")
"""Words that begin a block where a name follows; elsewhere they are names."""

"""What Polar has and the profile has not: each with the problem in the author's words and the repair."""

_NO_ARITHMETIC = ("arithmetic is not in the profile", "declare a derived field in the vocabulary, or a parameter")
_NO_FLOATS = ("numbers with a fraction are not in the profile", "count in whole units")
_NO_BRACES = ("dictionaries, patterns and blocks are not in the profile", "compare the fields one by one")
_NO_OUTPUT = ("is not in the profile: a rule has no effects", "ask for the reasons: `authz decide --explain`")

WORDS = {
    "matches": (
        "`matches` is not in the profile",
        "give the parameter a type in the rule's head, or compare the fields",
    ),
    "forall": (
        "`forall` is not in the profile: it holds of an empty collection",
        "write `not (x in xs and not ...)`, and say what an empty collection means",
    ),
    "cut": ("`cut` is not in the profile: the order of rules means nothing here", "write the condition that excludes"),
    "new": ("`new` is not in the profile: rules make no objects", "take the value from the request or a parameter"),
    "print": (f"`print` {_NO_OUTPUT[0]}", _NO_OUTPUT[1]),
    "debug": (f"`debug` {_NO_OUTPUT[0]}", _NO_OUTPUT[1]),
    "isa": ("`isa` is not in the profile", "give the parameter a type in the rule's head"),
    "mod": _NO_ARITHMETIC,
    "rem": _NO_ARITHMETIC,
    "inf": _NO_FLOATS,
    "nan": _NO_FLOATS,
}

CHARACTERS = {
    **dict.fromkeys("+-*", _NO_ARITHMETIC),
    "/": ("`/` means nothing in Polar", "a comment begins with `#`; arithmetic is not in the profile"),
    **dict.fromkeys("{}", _NO_BRACES),
    "?=": ("an inline query is not in the profile", "put the expectation in a scenario file"),
    "|": ("list patterns are not in the profile", "write `x in xs`"),
    "::": ("names have no `::` in the profile", "use letters, digits and `_`"),
    "?": ("names have no `?` in the profile", "use letters, digits and `_`"),
    '"': ("the string does not end on its line", 'close it with `"`'),
    "'": ("a string stands in double quotes", 'write `"..."`'),
    "!": ("`!` is not an operator", "write `not`"),
    "&": ("`&` is not an operator", "write `and`"),
}

BLOCK_WORDS = ("resource", "actor")
BLOCK = ("resource and actor blocks are not in the profile", "write rules: `allow(...) if ...;`")
METHOD = ("method calls are not in the profile", "declare the value as a field of the vocabulary")
DYNAMIC = ("fields named at run time are not in the profile", "name the field: `x.field`")
KEYWORD_ARGUMENT = (
    "keyword arguments and patterns are not in the profile",
    "give the arguments in order, without names",
)
FRACTION = _NO_FLOATS
WORD = ("is a word of Polar's own", "choose another name")

# Classes that the reference knows by itself: as a variable, such a name is the class.
CLASSES = frozenset({"Boolean", "Integer", "Float", "List", "Dictionary", "String", "Datetime", "Timedelta"})

# What the lexer takes for a word of its own; a vocabulary may use none of them as a name.
KEYWORDS = frozenset({"and", "or", "not", "in", "if", "true", "false", "type", "nil", *WORDS})

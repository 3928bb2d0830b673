"""What the parser reports of text that is not well-formed: characters, tokens, brackets, the ends of rules."""

from authz.language.catalogue.entry import CatalogueEntry

NON_ASCII = CatalogueEntry(
    code="non-ascii",
    says="A character outside ASCII stands outside a comment.",
    why="oso ends the whole process when such a character stands before a syntax error.",
    example='rule(request: Request) if request.book = "José";',
    repair="Keep such characters to comments, which may hold any UTF-8.",
)
UNKNOWN_CHARACTER = CatalogueEntry(
    code="unknown-character",
    says="A character has no meaning in Polar.",
    why="It is usually the comment sign or the operator of another language.",
    example="rule(request: Request) if request.suspended; // for now",
    repair="Begin a comment with `#`; remove control characters.",
)
UNKNOWN_OPERATOR = CatalogueEntry(
    code="unknown-operator",
    says="`!` or `&` stands as an operator.",
    why="Polar spells its operators as words.",
    example="rule(request: Request) if !request.suspended;",
    repair="Write `not` for `!` and `and` for `&&`.",
)
INVALID_NAME = CatalogueEntry(
    code="invalid-name",
    says="A name contains `::` or `?`.",
    why="oso admits such names. Python and SQL, which rules are compiled to, do not.",
    example="may_read?(request: Request) if request.suspended;",
    repair="Use letters, digits and `_`.",
)
KEYWORD_AS_NAME = CatalogueEntry(
    code="keyword-as-name",
    says="A keyword of Polar stands where a name is expected.",
    why="oso refuses the same text.",
    example="or(request: Request) if request.suspended;",
    repair="Choose another name.",
)
UNTERMINATED_STRING = CatalogueEntry(
    code="unterminated-string",
    says="A string does not end on its line.",
    why="Whatever follows would become part of the string.",
    example='rule(request: Request) if request.book = "dune;',
    repair='Close it with `"`. For a line break within a string write `\\n`.',
)
SINGLE_QUOTED_STRING = CatalogueEntry(
    code="single-quoted-string",
    says="A string stands in single quotes.",
    why="Polar has one kind of quotes.",
    example="rule(request: Request) if request.book = 'dune';",
    repair='Write `"..."`.',
)
UNKNOWN_ESCAPE = CatalogueEntry(
    code="unknown-escape",
    says="A backslash in a string stands before a character that it cannot escape.",
    why="Two readers of the text could take it for two different strings.",
    example=r'rule(request: Request) if request.book = "a\d";',
    repair='Polar has `\\n`, `\\t`, `\\r`, `\\0`, `\\"` and `\\\\`; write `\\\\` for one backslash.',
)
INTEGER_OUT_OF_RANGE = CatalogueEntry(
    code="integer-out-of-range",
    says="An integer does not fit 63 bits.",
    why="Integers are bounded so that oso, Python and every database hold the same number.",
    example="rule(request: Request) if request.renewals < 9223372036854775807;",
    repair="Use a smaller number.",
)
NESTING_TOO_DEEP = CatalogueEntry(
    code="nesting-too-deep",
    says="Brackets nest deeper than the parser follows, or rules call each other deeper than can be compiled.",
    why="The depth is bounded so that no text can exhaust the stack of the process that loads it.",
    example=f"rule(request: Request) if {'(' * 65}request.suspended{')' * 65};",
    repair="Give a part of the condition a rule of its own; let fewer rules call each other in a chain.",
)
UNFINISHED_RULE = CatalogueEntry(
    code="unfinished-rule",
    says="A rule has no end.",
    why="The next rule would be read as a part of this one.",
    example="rule(request: Request) if request.suspended\nother(request: Request) if rule(request);",
    repair="End it with `;`, or continue the condition with `and` or `or`.",
)
UNCLOSED_BRACKET = CatalogueEntry(
    code="unclosed-bracket",
    says="A bracket is not closed before its rule ends.",
    why="The next rule would be read as a part of this one.",
    example="rule(request: Request) if (request.suspended;",
    repair="Close it.",
)
MISSING_IF = CatalogueEntry(
    code="missing-if",
    says="A condition follows the head of a rule without `if`.",
    why="oso refuses the same text.",
    example="rule(request: Request) request.suspended;",
    repair="Write `if` between the two.",
)
UNEXPECTED_TOKEN = CatalogueEntry(
    code="unexpected-token",
    says="A word or sign stands where the grammar does not allow it.",
    why="oso refuses the same text.",
    example="rule(request: Request) if 1 < request.renewals < 3;",
    repair="The `help:` line lists what the grammar expects at that place.",
)
DOUBLE_NEGATION = CatalogueEntry(
    code="double-negation",
    says="`not` stands directly before another `not`.",
    why="It is mostly a slip, and the two cancel out.",
    example="rule(request: Request) if not not request.suspended;",
    repair="Leave both out, or write `not (not ...)`.",
)
AND_OR_WITHOUT_BRACKETS = CatalogueEntry(
    code="and-or-without-brackets",
    says="`and` and `or` stand side by side without brackets.",
    why="A reader who takes the wrong one to bind tighter reads another policy than the one that decides.",
    example="rule(request: Request) if request.suspended or request.renewals = 1 and request.renewals = 2;",
    repair="Put brackets around one of the two.",
)

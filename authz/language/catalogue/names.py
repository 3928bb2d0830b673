"""What the type checker reports of names: variables and their scope, rules that are called, fields."""

from authz.language.catalogue.entry import CatalogueEntry

UNKNOWN_VARIABLE = CatalogueEntry(
    code="unknown-variable",
    says="A name was not bound before it is used.",
    why="In oso a name that begins with `_` may stand unbound: it matches anything, and alone it counts as true.",
    example="rule(request: Request) if request.suspended and _approved;",
    repair='Bind it with `in` or `:=` first; put a constant in quotes: `"approved"`.',
    fails_open=True,
)
FOREIGN_CONSTANT = CatalogueEntry(
    code="foreign-constant",
    says="`True`, `False`, `None` or `null` stands in a rule.",
    why="In Polar these are variables. `a = True and b = True` only requires `a` and `b` to be equal.",
    example="rule(request: Request) if request.guest = True and request.staff = True;",
    repair="Write `true`, `false` or `nil`.",
    fails_open=True,
)
RESERVED_VARIABLE_NAME = CatalogueEntry(
    code="reserved-variable-name",
    says="A variable has the name of a type or of a constant, or the form of oso's own variables: `_value_12`.",
    why="oso takes the name of a class for the class itself, so the condition never matches. A variable with the name "
    "of one of oso's own takes the value of that one.",
    example='rule(Reader: Request) if Reader.book = "dune";',
    repair="Choose another name.",
)
UNUSED_VARIABLE = CatalogueEntry(
    code="unused-variable",
    says="A variable is bound and never used.",
    why="It is mostly a condition that was forgotten or misspelt: the rule holds of more than its author means.",
    example="rule(request: Request) if loan in request.loans;",
    repair="Use it, or begin its name with `_`.",
)
ALREADY_BOUND = CatalogueEntry(
    code="already-bound",
    says="`:=` names a value by a name that has one already.",
    why="In oso this raises an error when the rule is evaluated.",
    example="rule(request: Request) if flag := request.suspended and flag := request.suspended and flag;",
    repair="Choose another name, or compare with `=`.",
)
EQUALITY_DOES_NOT_BIND = CatalogueEntry(
    code="equality-does-not-bind",
    says="One side of `=` is a name that has no value.",
    why="In oso the name takes the value of the other side, and the comparison is always true.",
    example="rule(request: Request) if request.book = _dune;",
    repair='Name a value with `:=`; put a constant in quotes: `"dune"`.',
    fails_open=True,
)
OUT_OF_SCOPE = CatalogueEntry(
    code="out-of-scope",
    says="A name that was bound inside `or` or `not` is used after it.",
    why="In oso the name is bound in one branch and free in the other, where it matches anything.",
    example='rule(request: Request) if not (tag in request.tags and tag = "new") and tag = "old";',
    repair="Bind the name again, or give the inner part a rule of its own.",
)
REBOUND_AFTER_OR = CatalogueEntry(
    code="rebound-after-or",
    says="A name that was bound inside an `or` is bound again after it.",
    why="In oso the second binding keeps the element of the first: it looks for that same element.",
    example='rule(request: Request) if ((tag in request.tags and tag = "new") or request.suspended)\n'
    '    and tag in request.tags and tag = "old";',
    repair="Choose another name.",
)
INVALID_ASSIGNMENT = CatalogueEntry(
    code="invalid-assignment",
    says="The left side of `:=` is not a name.",
    why="A rule changes nothing; `:=` gives a value a name for the rest of the conjunction.",
    example="rule(request: Request) if request.suspended := true;",
    repair="Write `name := value`, or compare with `=`.",
)
UNKNOWN_RULE = CatalogueEntry(
    code="unknown-rule",
    says="No rule has the name that is called.",
    why="oso refuses the same text.",
    example="rule(request: Request) if not blockd(request);\nblocked(request: Request) if request.suspended;",
    repair="Correct the name, or write the rule.",
)
WRONG_ARGUMENT_COUNT = CatalogueEntry(
    code="wrong-argument-count",
    says="A rule is called with another number of arguments than it has parameters.",
    why="Such a call never matches in oso, so `not` always succeeds.",
    example="rule(request: Request) if not blocked(request.reader, request);\n"
    "blocked(request: Request) if request.suspended;",
    repair="Give one argument for each parameter.",
    fails_open=True,
)
NO_RULE_FOR_CONSTANT = CatalogueEntry(
    code="no-rule-for-constant",
    says="A rule is called with a constant that none of its heads has.",
    why="Such a call never matches, so `not` always succeeds.",
    example='rule(request: Request) if not blocked(request, "losst");\n'
    'blocked(request: Request, "lost") if request.suspended;',
    repair="Correct the constant, or write a rule with it.",
    fails_open=True,
)
UNKNOWN_FIELD = CatalogueEntry(
    code="unknown-field",
    says="A record has no field of this name.",
    why='Under `not`, oso takes a missing field for "no result", so `not` succeeds and the request is permitted.',
    example="rule(request: Request) if not request.suspendd;",
    repair="Correct the name, or declare the field in `vocabulary.toml`.",
    fails_open=True,
)
NOT_A_RECORD = CatalogueEntry(
    code="not-a-record",
    says="A field is read of a value that has no fields.",
    why='Under `not`, oso takes this for "no result", so `not` succeeds.',
    example="rule(request: Request) if not request.loans.renewals = 0;",
    repair="Pick an element of a collection first: `loan in request.loans and loan.renewals = 0`.",
    fails_open=True,
)

"""Constructs that Polar has and the profile has not."""

from authz.language.catalogue.entry import CatalogueEntry

UNSUPPORTED_TYPE_TEST = CatalogueEntry(
    code="unsupported-type-test",
    says="`matches` or `isa` tests the type or the fields of a value.",
    why='In oso a misspelt field in a pattern silently means "no match", so a refusal that depends on it vanishes.',
    example="rule(request: Request) if not (request matches Request{suspendd: true});",
    repair="Give the parameter a type in the rule's head, or compare the fields.",
    fails_open=True,
)
UNSUPPORTED_FORALL = CatalogueEntry(
    code="unsupported-forall",
    says="`forall` asks something of every element.",
    why="It holds of an empty collection: in oso an absent or misspelt collection permits.",
    example="rule(request: Request) if forall(loan in request.loans, loan.renewals = 0);",
    repair="Write `not (x in xs and not ...)`, and say what an empty collection means.",
    fails_open=True,
)
UNSUPPORTED_CUT = CatalogueEntry(
    code="unsupported-cut",
    says="`cut` discards the rules that follow.",
    why="The rules of one name are alternatives without an order; with `cut` their order would decide.",
    example="rule(request: Request) if request.suspended and cut;",
    repair="Write the condition that excludes the other rules.",
)
UNSUPPORTED_NEW = CatalogueEntry(
    code="unsupported-new",
    says="`new` makes an object.",
    why="Running the constructor of an object would run code while deciding.",
    example='rule(request: Request) if card := new Card(number: "1") and card.blocked;',
    repair="Take the value from the request, or from a parameter of the bundle.",
)
UNSUPPORTED_OUTPUT = CatalogueEntry(
    code="unsupported-output",
    says="`print` or `debug` stands in a rule.",
    why="A rule has no effects. `debug` waits for input on a terminal, and a service has none.",
    example="rule(request: Request) if print(request) and request.suspended;",
    repair="Ask for the reasons of a decision: `authz decide --explain`.",
)
UNSUPPORTED_ARITHMETIC = CatalogueEntry(
    code="unsupported-arithmetic",
    says="A rule computes a number.",
    why="In oso an overflow raises an error. In the profile nothing can raise.",
    example="rule(request: Request) if request.renewals + 1 < 3;",
    repair="Declare a derived field in the vocabulary, or a parameter of the bundle.",
)
UNSUPPORTED_FRACTION = CatalogueEntry(
    code="unsupported-fraction",
    says="A number has a fraction, or is `inf` or `nan`.",
    why="Equality of floating-point numbers is inexact, and `nan` is not equal to itself.",
    example="rule(request: Request) if request.renewals < 1.5;",
    repair="Count in whole units: cents, minutes.",
)
UNSUPPORTED_BRACES = CatalogueEntry(
    code="unsupported-braces",
    says="A dictionary, a pattern or a block stands in braces.",
    why='In oso a misspelt field of a pattern silently means "no match".',
    example="rule(request: Request) if request.reader = {id: 1};",
    repair="Compare the fields one by one.",
)
UNSUPPORTED_BLOCK = CatalogueEntry(
    code="unsupported-block",
    says="A `resource` or `actor` block declares roles and relations.",
    why="A block makes rules that nobody reads in the file.",
    example='resource Loan { permissions = ["read"]; }',
    repair="Write the rules: `allow(...) if ...;`.",
)
UNSUPPORTED_QUERY = CatalogueEntry(
    code="unsupported-query",
    says="An inline query (`?=`) stands in a file of rules.",
    why="oso runs it while it loads the file.",
    example="?= rule(1);",
    repair="Put the expectation in a scenario file.",
)
UNSUPPORTED_LIST_PATTERN = CatalogueEntry(
    code="unsupported-list-pattern",
    says="A list is taken apart by a pattern.",
    why="Collections have no order that a rule could rely on.",
    example="rule(request: Request) if request.tags = [first | rest];",
    repair="Write `x in xs`.",
)
UNSUPPORTED_METHOD_CALL = CatalogueEntry(
    code="unsupported-method-call",
    says="A method of a value is called.",
    why="A method is code outside the policy: it can raise, and no proof or SQL query can contain it.",
    example='rule(request: Request) if request.reader.has("dune");',
    repair="Declare the value as a field of the vocabulary.",
)
UNSUPPORTED_DYNAMIC_FIELD = CatalogueEntry(
    code="unsupported-dynamic-field",
    says="The name of a field is computed at run time.",
    why="The type checker cannot know the field, and in oso a field that does not exist satisfies `not`.",
    example='rule(request: Request) if not request.("suspendd");',
    repair="Name the field: `x.field`.",
    fails_open=True,
)
UNSUPPORTED_KEYWORD_ARGUMENT = CatalogueEntry(
    code="unsupported-keyword-argument",
    says="An argument is given by name.",
    why="Parameters of rules have a position and no public name.",
    example="rule(request: Request) if other(request: request);\nother(request: Request) if request.suspended;",
    repair="Give the arguments in order, without names.",
)

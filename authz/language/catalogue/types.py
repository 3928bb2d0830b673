"""What the type checker reports of values: their types, comparisons, `nil`, collections and lists."""

from authz.language.catalogue.entry import CatalogueEntry

POSSIBLY_NIL = CatalogueEntry(
    code="possibly-nil",
    says="An optional value is used where it may be `nil`.",
    why='Under `not`, oso takes a field of `nil` for "no result", so `not` succeeds. In an `or`, oso evaluates both '
    "branches, also the one that a test of the other branch was to protect.",
    example="rule(request: Request) if not request.card.blocked;",
    repair="Write `x != nil and ...` before it; in an `or`: `x = nil or (x != nil and ...)`.",
    fails_open=True,
)
NEVER_NIL = CatalogueEntry(
    code="never-nil",
    says="A value that is not optional is compared with `nil`.",
    why="The comparison has one fixed result, which its author did not expect.",
    example="rule(request: Request) if request.book = nil;",
    repair="Leave the condition out, or make the field optional in `vocabulary.toml`.",
)
NIL_AS_VALUE = CatalogueEntry(
    code="nil-as-value",
    says="`nil` stands where a value is expected.",
    why="`nil` means that a value is absent. Only `= nil` and `!= nil` can test it.",
    example="rule(_request: Request) if other(nil);\nother(_renewals: Integer);",
    repair="Compare with `nil` where absence is meant.",
)
NIL_COMPARED_WITH_NIL = CatalogueEntry(
    code="nil-compared-with-nil",
    says="Both sides of a comparison are `nil`.",
    why="The comparison constrains nothing.",
    example="rule(request: Request) if request.suspended and nil = nil;",
    repair="Compare an optional value with `nil`.",
)
MISMATCHED_TYPES = CatalogueEntry(
    code="mismatched-types",
    says="Two values of different types are compared.",
    why="In oso such values are never equal and `not` succeeds, or the comparison raises an error.",
    example='rule(request: Request) if not request.suspended = "yes";',
    repair="Compare values of one type.",
    fails_open=True,
)
WRONG_ARGUMENT_TYPE = CatalogueEntry(
    code="wrong-argument-type",
    says="An argument has another type than the rule's parameter.",
    why="A class that differs never matches in oso, so `not` always succeeds.",
    example="rule(request: Request) if not blocked(request);\nblocked(card: Card) if card.blocked;",
    repair="Pass a value of that type, or of a subtype of it.",
    fails_open=True,
)
UNKNOWN_ENUMERATION_VALUE = CatalogueEntry(
    code="unknown-enumeration-value",
    says="A constant is not a value of the enumeration that it is compared with.",
    why="The comparison is never true, and under `not` always.",
    example='rule(request: Request) if not request.state = "retuned";',
    repair="Correct the constant, or add it to the enumeration in `vocabulary.toml`.",
    fails_open=True,
)
UNORDERED_TYPE = CatalogueEntry(
    code="unordered-type",
    says="`<`, `<=`, `>` or `>=` compares values that have no order.",
    why="Only integers, instants and dates have an order that Polar, Python and SQL agree on.",
    example='rule(request: Request) if request.book < "dune";',
    repair="Compare another field, or use `=`.",
)
SELF_COMPARISON = CatalogueEntry(
    code="self-comparison",
    says="A value is compared with itself.",
    why="The comparison constrains nothing; a rule `allow` with `action = action` permits every action.",
    example="rule(request: Request) if request.renewals = request.renewals;",
    repair="Compare it with the value that was meant.",
    fails_open=True,
)
WHOLE_VALUE_COMPARISON = CatalogueEntry(
    code="whole-value-comparison",
    says="Records or collections are compared as a whole.",
    why="oso compares objects by identity or by their own `__eq__`, which differs from row to row and from SQL.",
    example="rule(request: Request) if request.reader = request.reader;",
    repair="Compare a field, such as `id`.",
)
NOT_A_CONDITION = CatalogueEntry(
    code="not-a-condition",
    says="A value that is not boolean stands as a condition.",
    why="oso raises an error when it evaluates the rule.",
    example="rule(request: Request) if request.book;",
    repair="Compare it with something.",
)
CONDITION_AS_VALUE = CatalogueEntry(
    code="condition-as-value",
    says="A condition stands where a value is expected.",
    why="A condition or a call holds or does not hold; it has no value to compare or to pass on.",
    example="rule(request: Request) if (request.renewals < 3) = true;",
    repair="Join conditions with `and` or `or`, and negate one with `not`.",
)
NOT_A_COLLECTION = CatalogueEntry(
    code="not-a-collection",
    says="The right side of `in` is not a collection.",
    why="oso looks among the characters of a string and the pairs of a dictionary: the test is never "
    "true, and under `not` always.",
    example="rule(request: Request) if not request.book in request.reader.id;",
    repair="Use a field that is a collection, or a list of constants.",
    fails_open=True,
)
ELEMENT_OF_LIST_LITERAL = CatalogueEntry(
    code="element-of-list-literal",
    says="`in` binds a new variable to the constants of a list.",
    why="A new variable ranges over rows: a loop in Python, `EXISTS` in SQL. Constants are no rows.",
    example='rule(request: Request) if tag in ["new", "old"] and request.book = tag;',
    repair='Write the cases out with `or`, or test a known value: `request.book in ["new", "old"]`.',
)
MISPLACED_LIST = CatalogueEntry(
    code="misplaced-list",
    says="A list stands elsewhere than to the right of `in`.",
    why="A list is not a value of any type of the vocabulary.",
    example='rule(request: Request) if request.tags = ["new"];',
    repair='Test membership: `"new" in request.tags`.',
)
LIST_ITEM_NOT_CONSTANT = CatalogueEntry(
    code="list-item-not-constant",
    says="An item of a list is not a constant.",
    why="A list stands for a fixed set of constants of one type.",
    example='rule(request: Request) if request.book in ["dune", request.reader.id];',
    repair='Write `in ["a", "b"]`, and compare with other values by `=` in an `or`.',
)
EMPTY_LIST = CatalogueEntry(
    code="empty-list",
    says="A list has no items.",
    why="The test is never true, and under `not` always.",
    example="rule(request: Request) if not request.book in [];",
    repair="Name the values.",
    fails_open=True,
)
TOO_MANY_ELEMENTS = CatalogueEntry(
    code="too-many-elements",
    says="One condition picks more elements than the generated code can nest loops.",
    why="Python nests at most twenty loops, and rules that are inlined add theirs.",
    example="rule(request: Request) if "
    + " and\n    ".join(f'tag{number} in request.tags and tag{number} = "new"' for number in range(13))
    + ";",
    repair="Give a part of the condition a rule of its own.",
)
PERMIT_BY_OMISSION = CatalogueEntry(
    code="permit-by-omission",
    says="`allow` depends on a `not` over a collection that is empty too when the request leaves its key out.",
    why="A caller who leaves the key out, or sends an unknown one, would be permitted what the rows were to refuse. In "
    "the example the rows of `holds` are found by the request's `card`, which is optional.",
    example="rule(request: Request) if not (_ in request.holds);\n"
    'allow(_reader: Reader, "read", request: Request) if rule(request);',
    repair="Require the key before the `not`: `request.card != nil and not (_ in request.holds)`.",
    fails_open=True,
)

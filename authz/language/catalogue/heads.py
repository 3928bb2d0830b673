"""What the type checker reports of rule heads, declarations and the two entry points `allow` and `reason`."""

from authz.language.catalogue.entry import CatalogueEntry

INCONSISTENT_ARITY = CatalogueEntry(
    code="inconsistent-arity",
    says="Rules of one name have different numbers of parameters.",
    why="A call matches the rules of its own arity alone. In oso the other rules never apply, and `not` succeeds.",
    example="rule(request: Request) if request.suspended;\nrule(request: Request, _day: Date) if request.suspended;",
    repair="Give one of them another name.",
)
INCONSISTENT_PARAMETER_TYPE = CatalogueEntry(
    code="inconsistent-parameter-type",
    says="Rules of one name have different types at the same position.",
    why="A rule whose class differs from the argument's never matches in oso, so `not` succeeds.",
    example='rule(_renewals: Integer);\nrule("many");',
    repair="Give one of them another name.",
)
UNTYPED_PARAMETER = CatalogueEntry(
    code="untyped-parameter",
    says="A parameter has no type.",
    why="An unquoted word is a variable: `allow(_reader, read, _request)` permits every action.",
    example="rule(request) if request.suspended;",
    repair="Write `name: Type`, or a constant in quotes.",
)
UNKNOWN_TYPE = CatalogueEntry(
    code="unknown-type",
    says="The vocabulary has no type of this name.",
    why="oso only warns when it loads the rule, and breaks off with an internal error when it evaluates it.",
    example="rule(request: Requst) if request.suspended;",
    repair="Correct the name, or declare the type in `vocabulary.toml`.",
)
NIL_IN_HEAD = CatalogueEntry(
    code="nil-in-head",
    says="`nil` stands as a parameter.",
    why="`nil` is not a value of any type, and a parameter has a type.",
    example="rule(nil);",
    repair="Test `= nil` in the body.",
)
RESERVED_RULE_NAME = CatalogueEntry(
    code="reserved-rule-name",
    says="A rule has the name of a rule to which oso gives a meaning: `has_permission`, `allow_field`.",
    why="oso prescribes the parameters of such a rule, and refuses others.",
    example="has_role(request: Request) if request.suspended;",
    repair="Choose another name.",
)
DUPLICATE_PARAMETER = CatalogueEntry(
    code="duplicate-parameter",
    says="Two parameters of a rule have one name.",
    why="Polar silently requires the two arguments to be equal.",
    example="rule(loan: Loan, loan: Loan) if loan.renewals = 0;",
    repair="Rename one, and compare fields where equality is meant.",
)
DECLARATION_WITHOUT_RULE = CatalogueEntry(
    code="declaration-without-rule",
    says="A rule is declared with `type` and never defined.",
    why="A declaration does nothing by itself; mostly the rule is missing or its name is misspelt.",
    example="type blocked(request: Request);\nrule(request: Request) if not blocked(request);",
    repair="Write the rule, or leave the declaration out.",
)
DUPLICATE_RULE = CatalogueEntry(
    code="duplicate-rule",
    says="Two rules have the same head and the same body, apart from the names of their variables.",
    why="Rules of one name are alternatives. A forgotten copy of a file keeps its old rules in force beside those that "
    "were made stricter since.",
    example="rule(request: Request) if request.suspended;\nrule(asked: Request) if asked.suspended;",
    repair="Remove one of the two. Where a whole file stands twice, remove the copy.",
)
RECURSIVE_RULES = CatalogueEntry(
    code="recursive-rules",
    says="A rule calls itself, directly or through other rules.",
    why="Recursion through `not` consumes all memory in oso. Without recursion every evaluation ends.",
    example="rule(request: Request) if request.suspended and rule(request);",
    repair="Write the cases out.",
)
MISSING_ALLOW = CatalogueEntry(
    code="missing-allow",
    says="The bundle has no rule `allow`.",
    why="Without it every request is refused. Mostly a file is missing.",
    example="# No file of this bundle has a rule allow(...).\nrule(request: Request) if request.suspended;",
    repair="Write at least one rule `allow`.",
)
MISSING_REASON = CatalogueEntry(
    code="missing-reason",
    says="`reasons.toml` lists a code for which there is no rule `reason`.",
    why="A refusal for this cause would be given without its reason.",
    example='# reasons.toml lists "SUSPENDED" and "NO_LOAN".\n'
    'reason(request: Request, "SUSPENDED") if request.suspended;',
    repair="Write the rule, or remove the code from `reasons.toml`.",
)
UNKNOWN_REASON_CODE = CatalogueEntry(
    code="unknown-reason-code",
    says="A rule `reason` has a code that `reasons.toml` does not list.",
    why="The code has no text and no place in the order of precedence.",
    example='# reasons.toml lists "SUSPENDED" and "NO_LOAN".\n'
    'reason(request: Request, "SUSPENDD") if request.suspended;\n'
    'reason(request: Request, "SUSPENDED") if request.suspended;\n'
    'reason(request: Request, "NO_LOAN") if not (_ in request.loans);',
    repair="Correct the code, or add it to `reasons.toml`.",
)
REASON_CODE_NOT_CONSTANT = CatalogueEntry(
    code="reason-code-not-constant",
    says="The second parameter of a rule `reason` is not a string constant.",
    why="The reasons of a refusal are evaluated code by code, so each rule must say which code it gives.",
    example='reason(request: Request, code: String) if request.suspended and code = "SUSPENDED";\n'
    'reason(request: Request, "SUSPENDED") if request.suspended;\n'
    'reason(request: Request, "NO_LOAN") if not (_ in request.loans);',
    repair='Write `reason(request: Request, "CODE") if ...`.',
)
ENTRY_POINT_SIGNATURE = CatalogueEntry(
    code="entry-point-signature",
    says="The head of `allow` or `reason` has other parameters than the engine passes.",
    why="Such a rule never matches what the engine asks.",
    example='allow(loan: Loan, "read", request: Request) if loan.renewals = 0 and request.suspended;',
    repair="The `help:` line shows the head to write.",
)
ENTRY_POINT_CALLED = CatalogueEntry(
    code="entry-point-called",
    says="A rule calls `allow` or `reason`.",
    why="The engine evaluates these two. A reason that depends on `allow` would explain a refusal by that refusal.",
    example='rule(request: Request) if allow(request.reader, "read", request);\n'
    'allow(_reader: Reader, "read", request: Request) if request.suspended;',
    repair="Give the condition a rule of its own, and call that rule from both places.",
)
ALLOWS_EVERY_ACTION = CatalogueEntry(
    code="allows-every-action",
    says="A rule `allow` ignores the action.",
    why="It permits actions that do not exist yet.",
    example="allow(_reader: Reader, _action: String, request: Request) if request.suspended;",
    repair='Name it `action: String` and constrain it in the body, or put one action in quotes: `"read"`.',
)

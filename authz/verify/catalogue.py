"""The catalogue of warnings: what `authz check` reports of a bundle that is admitted, and `--strict` refuses."""

from authz.language.catalogue.entry import CatalogueEntry, entries_of

UNREAD_FILE = CatalogueEntry(
    code="unread-file",
    says="A file in the folder of a bundle looks like a part of it and is not read.",
    why="A reviewer takes it for a rule or a scenario that counts. Rules are read as `*.polar` in a shell names them: "
    "no dot file, no sub-folder, a lower-case ending.",
    example="touch more/access.polar .old-access.polar Access.POLAR",
    repair="Move or rename the file so that it is read, or remove it.",
    file="shell",
)
NOT_COMPARED = CatalogueEntry(
    code="not-compared",
    says="The decisions were not compared with those of oso.",
    why="A difference between the compiled form and oso would not be seen.",
    example="pip uninstall oso && authz check",
    repair="Check the bundle with a version of Python for which oso has a release.",
    file="shell",
)
FAULTY_SCENARIOS = CatalogueEntry(
    code="faulty-scenarios",
    says="Some scenarios or files of scenarios have faults.",
    why="Their worlds were not judged.",
    example="authz check",
    repair="Run `authz test`, which reports each fault with its place.",
    file="shell",
)

NO_PERMIT = CatalogueEntry(
    code="no-permit",
    says="No scenario of the bundle is permitted.",
    why="Rules that refuse everything are consistent, and agree with oso. Only a permit shows that they do what they "
    "are for.",
    example="authz check",
    repair="Write a scenario that expects `allow`, and correct the rules until it passes.",
    file="shell",
)
DOUBLE_EQUALS = CatalogueEntry(
    code="double-equals",
    says="Equality is written `==`.",
    why="Both mean the same here. In Polar `=` unifies and `==` compares, so that a reader looks for a difference.",
    example='reason(request: Request, "DOOR_LOCKED") if request.action == "close";',
    repair="Write `=`.",
)
UNUSED_RULE = CatalogueEntry(
    code="unused-rule",
    says="Nothing rests on a rule: neither `allow` nor a reason nor a law calls it, directly or through others.",
    why="A condition that was meant to count does not.",
    example="trusted(request: Request) if request.visitor != nil;",
    repair="Call the rule, or remove it.",
)
CONTRADICTION = CatalogueEntry(
    code="contradiction",
    says="A rule never holds, because two of its conditions exclude each other.",
    why="A permit or a refusal that was meant never comes.",
    example='reason(request: Request, "DOOR_LOCKED") if request.door = nil and request.door != nil;',
    repair="Write the alternatives as two rules or with `or`, or remove the rule.",
)
IMPOSSIBLE_CONSTANT = CatalogueEntry(
    code="impossible-constant",
    says="The action, a part of it, or a type of a request is compared with a text that it never is.",
    why="A misspelt text makes a condition that is never true, and under `not` one that is always true.",
    example='reason(request: Request, "DOOR_LOCKED") if request.subject_type = "vistor";',
    repair="Correct the text, or declare the action in `bundle.toml`.",
)
UNUSED_PARAMETER = CatalogueEntry(
    code="unused-parameter",
    says="No rule and no derived field reads a parameter.",
    why="An operator who sets it expects an effect.",
    example='[parameters]\nadult_age = { type = "Integer", default = 18 }',
    repair="Read the parameter in a rule, or remove it.",
    file="bundle.toml",
)
UNUSED_ENUMERATION = CatalogueEntry(
    code="unused-enumeration",
    says="No field, property or parameter is of an enumeration.",
    why="Nothing holds its values, so that no rule can be about them.",
    example='[enumerations]\nColour = ["red", "green"]',
    repair="Declare a field of it, or remove it.",
    file="vocabulary.toml",
)
UNUSED_VALUE = CatalogueEntry(
    code="unused-value",
    says="Rules name some values of an enumeration, and leave out two or more that they so treat alike.",
    why="A value that was added later may need a rule of its own.",
    example=(
        "[enumerations]\n"
        'State = ["open", "shut", "ajar"]\n\n'
        '[records.Visitor]\nfacts = "visitors"\nkey = "id"\nfields = { id = "String", last = "State" }\n'
        'when.last.open.needs = ["id"]'
    ),
    repair="Name the values in a rule, or remove them.",
    file="vocabulary.toml",
)
MISSPELT_LAYER = CatalogueEntry(
    code="misspelt-layer",
    says="The layer of one reason is spelt nearly as the layer of several others.",
    why="Readers of the catalogue look for a reason in its layer.",
    example="\n".join(
        f'[[reason]]\ncode = "{code}"\nlayer = "{layer}"\naudience = "user"\nen = "locked"\nnl = "op slot"'
        for code, layer in (("DOOR_LOCKED", "door"), ("DOOR_SHUT", "door"), ("DOOR_AJAR", "dooor"))
    ),
    repair="Correct the spelling.",
    file="reasons.toml",
)

TOPICS: dict[str, tuple[CatalogueEntry, ...]] = {"Warnings of `authz check`": entries_of(globals())}
"""The entries of warnings, by the title of their topic."""

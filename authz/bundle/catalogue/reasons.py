"""What loading reports of reason codes and of laws."""

from authz.language.catalogue.entry import CatalogueEntry

_LOCKED = '[[reason]]\ncode = "DOOR_LOCKED"\nlayer = "door"\naudience = "user"\nen = "locked"\nnl = "op slot"'

DUPLICATE_REASON = CatalogueEntry(
    code="duplicate-reason",
    says="A reason code is listed twice.",
    why="The order of the list is the order of precedence, so a code has one place in it.",
    example=f"{_LOCKED}\n{_LOCKED}",
    repair="Remove one of them.",
    file="reasons.toml",
)
SUBSTITUTE_IS_REASON = CatalogueEntry(
    code="substitute-is-reason",
    says="The substitute is also the code of a reason.",
    why="A caller who may not see the reasons could then tell this one from the others.",
    example='[substitute]\ncode = "DOOR_LOCKED"\nen = "no"\nnl = "nee"',
    repair="Give the substitute a code of its own.",
    file="reasons.toml",
)
PERSONAL_REASON_FOR_USER = CatalogueEntry(
    code="personal-reason-for-user",
    says="A reason code that holds through facts of the data subject alone has the audience `user`.",
    why="Where the resource is a person, callers see the codes that hold as if facts held nothing of that person, so "
    "that no code tells a known person from an unknown one. Such a code would always hold, and be untrue. In the "
    "example doors are persons.",
    example=_LOCKED,
    repair='Write `audience = "admin"`: callers then see the substitute.',
    file="reasons.toml",
)
UNKNOWN_LAW_LIST = CatalogueEntry(
    code="unknown-law-list",
    says="`never_grants` names no list of a facts document.",
    why="The law would be about nothing, and would always hold.",
    example='[[laws]]\nnever_grants = "lokcs"',
    repair="Correct the name.",
    file="bundle.toml",
)
UNKNOWN_LAW_RULE = CatalogueEntry(
    code="unknown-law-rule",
    says="`when` names a rule that does not exist.",
    why="The law would be about no row, and would always hold.",
    example='[[laws]]\nnever_grants = "doors"\nwhen = "lockd"',
    repair="Correct the name, or write the rule.",
    file="bundle.toml",
)
LAW_RULE_PARAMETERS = CatalogueEntry(
    code="law-rule-parameters",
    says="The rule of a law is not over a request and a row of the list, or over the row alone.",
    why="The law is about the rows for which the rule holds.",
    example='[[laws]]\nnever_grants = "doors"\nwhen = "allow"',
    repair="Write a rule such as `locked(request: Request, row: Door) if ...`.",
    file="bundle.toml",
)

"""What loading reports of the types of fields, and of paths to fields."""

from authz.language.catalogue.entry import CatalogueEntry

UNKNOWN_FIELD_TYPE = CatalogueEntry(
    code="unknown-field-type",
    says="The type of a field, property, value or parameter is not known.",
    why="Facts and requests are validated by the types of their fields, and rules are checked by them.",
    example='[records.Door]\nfacts = "doors"\nkey = "id"\nfields = { id = "String", since = "Dat?" }',
    repair="Write a scalar type such as `String`, an enumeration, `[one of these]` or `id of Record`.",
    file="vocabulary.toml",
)
OPTIONAL_LIST = CatalogueEntry(
    code="optional-list",
    says="The type of a list ends in `?`.",
    why="An absent list and an empty one would be two things, and rules cannot tell them apart.",
    example='[parameters]\nclosed_days = { type = "[Date]?", default = [] }',
    repair="Remove the `?`: a list that is left out is empty.",
    file="bundle.toml",
)
RECORD_WITHOUT_KEY = CatalogueEntry(
    code="record-without-key",
    says="An id is of a record type that does not exist, or that has no key.",
    why="An id can only name a row of a type whose rows are identified by a field.",
    example='[request.subject]\ntype = "visitor"\nrecord = "Visiter"',
    repair="Correct the name, or give the record type a `key`.",
    file="bundle.toml",
)
VALUE_IS_ID = CatalogueEntry(
    code="value-is-id",
    says="A value of the facts is declared as an id.",
    why="A value stands alone in a facts document; ids stand in rows, where they are checked to exist.",
    example='[values]\nmain_door = "id of Door"',
    repair="List the id in rows of a record type.",
    file="vocabulary.toml",
)
UNKNOWN_PATH = CatalogueEntry(
    code="unknown-path",
    says="A path names a field that does not exist.",
    why="What is computed from the path would always be nil.",
    example='[derived.verb]\npart = "before_underscore"\nof = "acton"',
    repair="Write a path of declared fields that begins at the request.",
    file="vocabulary.toml",
)
WRONG_PATH_TYPE = CatalogueEntry(
    code="wrong-path-type",
    says="A path leads to a field of another type than its use needs.",
    why="The engine converts no values.",
    example='[derived.adult_at]\nmidnight_of_age = "door.id"\nyears = "parameters.adult_age"\nzone = "UTC"',
    repair="Name a field of the type that the message gives.",
    file="vocabulary.toml",
)
INVALID_DERIVED_TYPE = CatalogueEntry(
    code="invalid-derived-type",
    says="The `type` of a part is neither `String` nor an enumeration.",
    why="A part of a string is a string.",
    example='[derived.kind]\npart = "after_underscore"\nof = "action"\ntype = "Knd"',
    repair="Name an enumeration, or leave `type` out.",
    file="vocabulary.toml",
)

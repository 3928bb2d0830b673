"""What loading reports of record types, collections and changes in `vocabulary.toml`."""

from authz.language.catalogue.entry import CatalogueEntry

_DOOR = '[records.Door]\nfacts = "doors"\nkey = "id"\n'

UNKNOWN_BASE_RECORD = CatalogueEntry(
    code="unknown-base-record",
    says="A record type extends one that does not exist.",
    why="The fields of the base would be missing, its interval included.",
    example='[records.Visit]\nfacts = "visits"\nextends = "Datd"',
    repair="Correct the name.",
    file="vocabulary.toml",
)
RECORD_EXTENDS_ITSELF = CatalogueEntry(
    code="record-extends-itself",
    says="A record type extends itself, directly or through others.",
    why="Its fields could not be determined.",
    example='[records.Visit]\nextends = "Visit"',
    repair="Remove `extends` from one of them.",
    file="vocabulary.toml",
)
INHERITED_FIELD = CatalogueEntry(
    code="inherited-field",
    says="A record type declares a field that it inherits.",
    why="One of the two declarations would be without effect.",
    example=(
        '[records.Dated]\ninterval = ["from", "until"]\n'
        '[records.Visit]\nextends = "Dated"\nfields = { from = "Instant" }'
    ),
    repair="Remove the declaration.",
    file="vocabulary.toml",
)
INTERVAL_BOUNDS = CatalogueEntry(
    code="interval-bounds",
    says="The bounds of an interval are not two new fields.",
    why="Bounds are fields of type `Instant` that the interval itself declares.",
    example='[records.Visit]\nfacts = "visits"\ninterval = ["from", "from"]',
    repair="Name two fields that the record type does not have otherwise.",
    file="vocabulary.toml",
)
SECOND_INTERVAL = CatalogueEntry(
    code="second-interval",
    says="A record type has an interval, and so has the type that it extends.",
    why="A row is in force in one interval.",
    example=(
        '[records.Dated]\ninterval = ["from", "until"]\n[records.Visit]\nextends = "Dated"\ninterval = ["start", "end"]'
    ),
    repair="Remove one of them.",
    file="vocabulary.toml",
)
FACTS_KEY_TAKEN = CatalogueEntry(
    code="facts-key-taken",
    says="Two record types, or a record type and a value, have one key of the facts document.",
    why="The rows under the key would be of two types.",
    example='[records.Gate]\nfacts = "doors"\nfields = { id = "String" }',
    repair="Choose another key.",
    file="vocabulary.toml",
)
KEY_NOT_STRING = CatalogueEntry(
    code="key-not-string",
    says="The key of a record type is not one of its `String` fields.",
    why="Ids are compared exactly, as strings, and every row has one.",
    example='[records.Door]\nfacts = "doors"\nkey = "number"\nfields = { number = "Integer" }',
    repair="Name a field of type `String`, without `?`.",
    file="vocabulary.toml",
)
KEY_WITHOUT_FACTS = CatalogueEntry(
    code="key-without-facts",
    says="A record type has a key, and no key of the facts document that lists its rows.",
    why="No id of the type could exist.",
    example='[records.Gate]\nkey = "id"\nfields = { id = "String" }',
    repair="Add `facts`.",
    file="vocabulary.toml",
)
UNKNOWN_ROW_FIELD = CatalogueEntry(
    code="unknown-row-field",
    says="A constraint or a change names a field that the record type does not have.",
    why="The constraint would never hold a row back.",
    example=f'{_DOOR}fields = {{ id = "String", closed_as = "String?" }}\nneeds.closed_as = ["closed"]',
    repair="Correct the name.",
    file="vocabulary.toml",
)
FIELD_ALWAYS_PRESENT = CatalogueEntry(
    code="field-always-present",
    says="A constraint or a change treats a field as one that may be absent, and it may not.",
    why="It would apply to every row, or to none.",
    example=f'{_DOOR}fields = {{ id = "String", kind = "String?" }}\nneeds.id = ["kind"]',
    repair="Make the field optional with `?`, or remove the constraint.",
    file="vocabulary.toml",
)
UNKNOWN_VARIANT = CatalogueEntry(
    code="unknown-variant",
    says="`when` names a value that the field cannot have.",
    why="The constraint would never apply, and half-filled rows would be accepted.",
    example=(
        '[enumerations]\nState = ["open", "closed"]\n'
        f'{_DOOR}fields = {{ id = "String", state = "State" }}\nwhen.state.clsed = {{ needs = ["id"] }}'
    ),
    repair="Write a value of the field's enumeration.",
    file="vocabulary.toml",
)
FIELD_NOT_STRING = CatalogueEntry(
    code="field-not-string",
    says="`no_id_of` or `refuses` names a field that is not a `String`.",
    why="Only a string can be an id, or have a form.",
    example=f'{_DOOR}fields = {{ id = "String", since = "Date?" }}\nrefuses.since = "dutch_citizen_number"',
    repair="Name a `String` field.",
    file="vocabulary.toml",
)
COLLECTION_WITHOUT_FACTS = CatalogueEntry(
    code="collection-without-facts",
    says="A collection is of a record type that does not exist, or that no facts document lists.",
    why="The collection would always be empty, and `not` over it would always succeed.",
    example='[collections.visits]\nof = "Visit"\nby = ["door"]',
    repair="Correct the name, or give the record type `facts`.",
    file="vocabulary.toml",
)
COLLECTION_KEY_NOT_ID = CatalogueEntry(
    code="collection-key-not-id",
    says="A collection selects rows by a field that is not an `id of` field.",
    why="Rows belong to a request by the ids that both name.",
    example=(
        '[records.Visit]\nfacts = "visits"\nfields = { door = "String" }\n'
        '[collections.visits]\nof = "Visit"\nby = ["door"]'
    ),
    repair="Declare the field as `id of` a record type, or select by another one.",
    file="vocabulary.toml",
)
COLLECTION_KEY_NOT_IN_REQUEST = CatalogueEntry(
    code="collection-key-not-in-request",
    says="A collection selects rows by an id that the request does not name.",
    why="The collection would always be empty.",
    example=(
        '[records.Visit]\nfacts = "visits"\nfields = { entrance = "id of Door" }\n'
        '[collections.visits]\nof = "Visit"\nby = ["entrance"]'
    ),
    repair="Name a party or a property of the request that is of the field's record type.",
    file="vocabulary.toml",
)
UNKNOWN_FACTS_KEY = CatalogueEntry(
    code="unknown-facts-key",
    says="`changes` names no list or value of a facts document.",
    why="Nobody could make the change.",
    example='[changes.dors]\nen = "door"\nnl = "deur"',
    repair="Correct the name.",
    file="vocabulary.toml",
)
UNKNOWN_WRITER = CatalogueEntry(
    code="unknown-writer",
    says="A change names a writer that `writers` does not have.",
    why="Explanations say in words who can make a change.",
    example='[changes.doors]\nen = "door"\nnl = "deur"\nadd = ["porter"]',
    repair="Declare the writer under `writers`, or correct the name.",
    file="vocabulary.toml",
)
IMPOSSIBLE_CHANGE = CatalogueEntry(
    code="impossible-change",
    says="A value is added to, ended or filled; or rows are set; or rows without an interval are ended.",
    why="A value is set as a whole, a row is added, ended or filled, and only an interval can end.",
    example=(
        '[writers]\nporter = { en = "porter", nl = "portier" }\n'
        '[changes.doors]\nen = "door"\nnl = "deur"\nend = ["porter"]'
    ),
    repair="Use the kind of change that fits, or give the record type an `interval`.",
    file="vocabulary.toml",
)

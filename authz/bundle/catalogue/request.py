"""What loading reports of `bundle.toml`: properties of the request, actions and parameters."""

from authz.language.catalogue.entry import CatalogueEntry

INVALID_PROPERTY_PLACE = CatalogueEntry(
    code="invalid-property-place",
    says="`from` names no place of an AuthZEN request that can hold a property.",
    why="Properties stand in `context`, and in the `properties` of subject, action and resource.",
    example='[request.fields]\nhour = { from = "subject.hour", type = "Integer?" }',
    repair="Write a path such as `subject.properties.name` or `context.name`.",
    file="bundle.toml",
)
PROPERTY_PLACE_TAKEN = CatalogueEntry(
    code="property-place-taken",
    says="Two properties are read from one place, or the place of one lies inside that of another.",
    why="A member of a request has one type.",
    example=(
        "[request.fields]\n"
        'hour = { from = "context.hour", type = "Integer?" }\n'
        'minute = { from = "context.hour.minute", type = "Integer?" }'
    ),
    repair="Give each property a place of its own.",
    file="bundle.toml",
)
TYPE_OR_RECORD = CatalogueEntry(
    code="type-or-record",
    says="A property has both `type` and `record`, or neither.",
    why="A property is either a value or the id of a record.",
    example='[request.fields]\nhour = { from = "context.hour", type = "Integer?", record = "Door" }',
    repair="Write exactly one of the two.",
    file="bundle.toml",
)
PROPERTY_WITHOUT_DEFAULT = CatalogueEntry(
    code="property-without-default",
    says="A property is neither optional nor has a default.",
    why="Every caller may leave out every property, and rules must have a value for it, or know that it may be absent.",
    example='[request.fields]\nhour = { from = "context.hour", type = "Integer" }',
    repair="Add `?` to the type, or a `default`.",
    file="bundle.toml",
)
CONFLICTING_PROPERTY_KEYS = CatalogueEntry(
    code="conflicting-property-keys",
    says="A property has keys that do not go together.",
    why="One of them would be without effect, such as the `default` of a record's id.",
    example='[request.fields]\nside = { from = "context.side", record = "Door", default = "1" }',
    repair="Remove the key that the message names.",
    file="bundle.toml",
)
INVALID_DEFAULT = CatalogueEntry(
    code="invalid-default",
    says="A default is not a value of its type.",
    why="A default stands for what a caller or an operator leaves out, and is checked like a value of theirs.",
    example='[request.fields]\nhour = { from = "context.hour", type = "Integer", default = "noon" }',
    repair="Write a value of the declared type.",
    file="bundle.toml",
)
INVALID_STORED = CatalogueEntry(
    code="invalid-stored",
    says="`stored` is not one field of a record that the request names.",
    why="A stored value is read from the subject, the resource or another record of the request.",
    example='[request.fields]\nhour = { from = "context.hour", type = "Instant?", stored = "at" }',
    repair="Write `record.field`, such as `door.kind`.",
    file="bundle.toml",
)
INVALID_ACTION = CatalogueEntry(
    code="invalid-action",
    says="An action has braces that hold no enumeration.",
    why="`open_{Kind}` stands for one action per value of `Kind`.",
    example='actions = ["open_{Kind"]',
    repair="Write `verb_{Enumeration}`, with the name of an enumeration.",
    file="bundle.toml",
)
PARAMETER_WITHOUT_DEFAULT = CatalogueEntry(
    code="parameter-without-default",
    says="A parameter has no default, and its type is not optional.",
    why="A policy must be able to decide with the parameters that its bundle gives.",
    example='[parameters]\nadult_age = { type = "Integer" }',
    repair="Add a `default`, or `?` to the type.",
    file="bundle.toml",
)
PARAMETER_OUT_OF_BOUNDS = CatalogueEntry(
    code="parameter-out-of-bounds",
    says="A parameter is less than its `minimum` or more than its `maximum`.",
    why="Bounds keep a policy from being weakened by a setting that nobody intends.",
    example='[parameters]\nadult_age = { type = "Integer", default = 12, minimum = 16 }',
    repair="Write a value within the bounds.",
    file="bundle.toml",
)

"""What loading reports of names and of enumerations."""

from authz.language.catalogue.entry import CatalogueEntry

RESERVED_NAME = CatalogueEntry(
    code="reserved-name",
    says="A name is a keyword of Polar, an attribute of every Python class, or a word of AuthZEN in a request.",
    why="Rules could not use such a field, oso could not read its record, or a request in the flat form would be "
    "ambiguous.",
    example='[records.Door]\nfacts = "doors"\nkey = "id"\nfields = { id = "String", in = "String?" }',
    repair="Choose another name.",
    file="vocabulary.toml",
)
TRAILING_UNDERSCORE = CatalogueEntry(
    code="trailing-underscore",
    says="A name ends in `_`.",
    why="Generated Python code appends `_` to names that are keywords of Python, and two fields would have one name.",
    example='[records.Door]\nfacts = "doors"\nkey = "id"\nfields = { id = "String", class_ = "String?" }',
    repair="Choose another name.",
    file="vocabulary.toml",
)
TYPE_NAME_TAKEN = CatalogueEntry(
    code="type-name-taken",
    says="Two types have one name, or a type has the name of a built-in one.",
    why="A rule that names the type could mean either.",
    example='[enumerations]\nRequest = ["a"]',
    repair="Choose another name.",
    file="vocabulary.toml",
)
DUPLICATE_REQUEST_FIELD = CatalogueEntry(
    code="duplicate-request-field",
    says="Two fields of the request have one name.",
    why="The request has the parties, properties, values, collections and derived fields side by side.",
    example='[values]\nat = "String?"',
    repair="Choose another name.",
    file="vocabulary.toml",
)
DUPLICATE_VALUE = CatalogueEntry(
    code="duplicate-value",
    says="An enumeration lists a value twice.",
    why="It is likely that another value was meant, and rules that compare with that one would be refused.",
    example='[enumerations]\nState = ["open", "open"]',
    repair="Remove one, or write the value that was meant.",
    file="vocabulary.toml",
)
UNPRINTABLE_VALUE = CatalogueEntry(
    code="unprintable-value",
    says="A value of an enumeration is empty, or holds characters outside printable ASCII.",
    why="Rules hold ASCII alone outside comments, so no rule could compare with the value.",
    example='[enumerations]\nState = ["open", "geëindigd"]',
    repair="Write the value in printable ASCII; its words for people stand elsewhere.",
    file="vocabulary.toml",
)
UNKNOWN_TIME_ZONE = CatalogueEntry(
    code="unknown-time-zone",
    says="A name is not that of a time zone.",
    why="A bare date, and an age, begin at the midnight of some place.",
    example='bare_date_zone = "Mars"',
    repair="Write a name of the IANA database, such as `Europe/Amsterdam`.",
    file="bundle.toml",
)

"""What loading reports of a bundle's folder, and of keys and values in its TOML files."""

from collections.abc import Mapping

from authz.language.catalogue.entry import CatalogueEntry

NO_BUNDLE_FOLDER = CatalogueEntry(
    code="no-bundle-folder",
    says="The path of a bundle is no folder.",
    why="A bundle is a folder with `bundle.toml`, `vocabulary.toml`, `reasons.toml` and `*.polar` files.",
    example="authz check no/such/folder",
    repair="Name a folder that has a `bundle.toml`.",
    file="shell",
)
UNPRINTABLE_FILE_NAME = CatalogueEntry(
    code="unprintable-file-name",
    says="The name of a file of rules holds a control character or an invisible one, or is not UTF-8.",
    why="Diagnostics and the digest of a bundle name its files. The example has a tab in its name.",
    example="touch 'rules\tcopy.polar'",
    repair="Rename the file.",
    file="shell",
)
MISSING_KEY = CatalogueEntry(
    code="missing-key",
    says="A table lacks a key that it must have.",
    why="The engine guesses nothing about a policy.",
    example='[collections.visits]\nof = "Door"',
    repair="Add the key.",
    file="vocabulary.toml",
)
UNKNOWN_KEY = CatalogueEntry(
    code="unknown-key",
    says="A table has a key that it cannot have.",
    why="A misspelt key would be without effect: a constraint on rows would silently be absent.",
    example='[records.Door]\nfacts = "doors"\nkey = "id"\nfields = { id = "String" }\nneed.id = ["id"]',
    repair="Correct the spelling, or remove the key.",
    file="vocabulary.toml",
)
WRONG_TYPE = CatalogueEntry(
    code="wrong-type",
    says="The value of a key has the wrong TOML type.",
    why='Values are not converted: the string `"no"` is not the boolean `false`.',
    example='actions = "open"',
    repair="Write a value of the type that the reference of the files gives.",
    file="bundle.toml",
)
UNLISTED_VALUE = CatalogueEntry(
    code="unlisted-value",
    says="A value is outside the closed set that its key allows.",
    why="Each value of such a key has one meaning; any other has none.",
    example=('[[reason]]\ncode = "DOOR_LOCKED"\nlayer = "door"\naudience = "everybody"\nen = "locked"\nnl = "op slot"'),
    repair="Write one of the values that the message lists.",
    file="reasons.toml",
)
MALFORMED_NAME = CatalogueEntry(
    code="malformed-name",
    says="A name does not have the form that its place needs.",
    why="Names of fields and types stand in rules, and reason codes stand in the answers to callers.",
    example='name = "Front doors"',
    repair="Write letters, digits and `_` alone, in the case that the message gives.",
    file="bundle.toml",
)
MISSING_ELEMENT = CatalogueEntry(
    code="missing-element",
    says="A list that must have an element is empty.",
    why="A bundle without an action, or an enumeration without a value, makes every rule vacuous.",
    example="actions = []",
    repair="Add an element, or remove the key.",
    file="bundle.toml",
)
UNKNOWN_DERIVATION = CatalogueEntry(
    code="unknown-derivation",
    says="A derived field is of no kind that exists.",
    why="Derived fields are a closed list. Nothing else is computed outside Polar.",
    example='[derived.tomorrow]\ndays_after = "at"',
    repair="Use `part`, `midnight_of_age` or `hours_after`.",
    file="vocabulary.toml",
)

BY_ERROR_TYPE: Mapping[str, CatalogueEntry] = {
    "missing": MISSING_KEY,
    "extra_forbidden": UNKNOWN_KEY,
    "unexpected_keyword_argument": UNKNOWN_KEY,
    "literal_error": UNLISTED_VALUE,
    "string_pattern_mismatch": MALFORMED_NAME,
    "too_short": MISSING_ELEMENT,
    "derivation": UNKNOWN_DERIVATION,
}
"""The entry for each type of error that pydantic reports of a TOML table; any other is `WRONG_TYPE`."""

"""The catalogue of what can be wrong with a document before its content is looked at."""

from authz.language.catalogue.entry import CatalogueEntry, entries_of

UNREADABLE_FILE = CatalogueEntry(
    code="unreadable-file",
    says="A file cannot be read.",
    why="Nothing is assumed about the content of a file that is missing.",
    example="no/such/facts.json",
    repair="Correct the path, or the permissions of the file.",
    file="path",
)
WRONG_ENCODING = CatalogueEntry(
    code="wrong-encoding",
    says="A file is not UTF-8.",
    why="Ids are compared exactly, so their bytes must have one reading. The example is saved in Latin-1.",
    example='{"doors": [{"id": "Zuidpool-caf\u00e9"}]}',
    repair="Save the file as UTF-8.",
    file="facts.json",
)
BYTE_ORDER_MARK = CatalogueEntry(
    code="byte-order-mark",
    says="A file begins with a byte order mark.",
    why="UTF-8 needs none, and readers differ on whether it is part of the text. It is invisible in the example.",
    example='\ufeff{"doors": []}',
    repair="Save the file as UTF-8 without a byte order mark.",
    file="facts.json",
)
INVISIBLE_CHARACTER = CatalogueEntry(
    code="invisible-character",
    says="A policy text holds a control character, a direction control, or another character without a visible form.",
    why="What is reviewed must be what is read. Such a character hides a rule in a comment, reverses the order of "
    "words on the screen, or ends a line for some readers only. The example has a zero-width space in its key.",
    example='{"facts\u200b": {}, "scenarios": []}',
    repair="Remove it; write its escape (`\\u200b`) where a string of JSON, YAML or TOML needs it.",
    file="scenarios.json",
)
NOT_JSON = CatalogueEntry(
    code="not-json",
    says="A document is not JSON.",
    why="Extensions such as comments and trailing commas are read by some parsers only.",
    example='{"doors": [}',
    repair="Correct the syntax at the place of the message.",
    file="facts.json",
)
NOT_YAML = CatalogueEntry(
    code="not-yaml",
    says="A document is not YAML 1.2, or holds a tag other than those of plain values.",
    why="Tags can make a reader build objects, and YAML 1.1 reads `no` as false.",
    example="doors: [{id: *main}]",
    repair="Correct the syntax at the place of the message; write plain values.",
    file="facts.yaml",
)
NOT_TOML = CatalogueEntry(
    code="not-toml",
    says="A document is not TOML 1.0.",
    why="A policy that is read otherwise than its author wrote it could permit.",
    example="version = 1.0.0",
    repair="Correct the syntax at the place of the message.",
    file="bundle.toml",
)
AMBIGUOUS_DOCUMENT = CatalogueEntry(
    code="ambiguous-document",
    says="A document holds what two readers can read differently (I-JSON, RFC 7493).",
    why="Of two members with one name some readers keep the first and others the last. "
    "The same holds for NaN, infinities, half surrogate pairs and keys that are no strings.",
    example='{"doors": [], "doors": [{"id": "1"}]}',
    repair="Write each key once, and values that JSON has.",
    file="facts.json",
)
UNBOUNDED_DOCUMENT = CatalogueEntry(
    code="unbounded-document",
    says="A document nests too deep, holds a number with too many digits, or expands to too many values.",
    why="A small document must not take unbounded memory or time.",
    example="[" * 102 + "]" * 102,
    repair="Make the document flatter, or split it.",
    file="facts.json",
)

TOPICS: dict[str, tuple[CatalogueEntry, ...]] = {"Documents": entries_of(globals())}
"""The entries of documents, by the title of their topic."""

"""The catalogue of a bundle's diagnostics: every code that loading its folder and its TOML files can report, by topic.

The example of an entry shows the lines that matter of one file: `bundle.toml`, `vocabulary.toml` or `reasons.toml`.
"""

from authz.bundle.catalogue import files, names, reasons, records, request, types
from authz.language.catalogue.entry import CatalogueEntry, entries_of

TOPICS: dict[str, tuple[CatalogueEntry, ...]] = {
    "Files, keys and values of a bundle": entries_of(vars(files)),
    "Names and enumerations": entries_of(vars(names)),
    "Types of fields, and paths": entries_of(vars(types)),
    "Record types, collections and changes": entries_of(vars(records)),
    "Requests, actions and parameters": entries_of(vars(request)),
    "Reasons and laws": entries_of(vars(reasons)),
}
"""The entries of bundle loading, by the title of their topic."""

"""The catalogue of the language's diagnostics: every code of the parser and the type checker, by topic."""

from authz.language.catalogue import heads, names, syntax, types, unsupported
from authz.language.catalogue.entry import CatalogueEntry, entries_of

TOPICS: dict[str, tuple[CatalogueEntry, ...]] = {
    "Syntax": entries_of(vars(syntax)),
    "Constructs outside the profile": entries_of(vars(unsupported)),
    "Heads of rules": entries_of(vars(heads)),
    "Names": entries_of(vars(names)),
    "Types and values": entries_of(vars(types)),
}
"""The entries of the language, by the title of their topic."""

"""The catalogue of the language's diagnostics: every code of the parser and the type checker, by topic."""

from authz.language.catalogue import heads, names, syntax, types, unsupported
from authz.language.catalogue.entry import entries_of

ENTRIES = entries_of(vars(syntax), vars(unsupported), vars(heads), vars(names), vars(types))
"""All entries of the language, in the order of their modules."""

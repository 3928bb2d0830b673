"""Check an example of the catalogue of documents by reading it from a file."""

import tempfile
from pathlib import Path

from authz.documents.catalogue import INVISIBLE_CHARACTER, WRONG_ENCODING
from authz.documents.files import inspect_policy_document, read_document
from authz.language.catalogue.entry import CatalogueEntry
from authz.language.diagnostics import Diagnostic, DiagnosticError


def check_example(entry: CatalogueEntry) -> tuple[Diagnostic, ...]:
    """What reading the example of an entry reports, under the name of the entry's file."""
    with tempfile.TemporaryDirectory() as folder:
        if entry.file == "path":
            path, shown = Path(folder, entry.example), entry.example
        else:
            path, shown = Path(folder, entry.file), entry.file
            path.write_text(entry.example, "latin-1" if entry == WRONG_ENCODING else "utf-8")
        try:
            (inspect_policy_document if entry == INVISIBLE_CHARACTER else read_document)(path, shown)
        except DiagnosticError as error:
            return error.diagnostics
    return ()

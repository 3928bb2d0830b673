"""Check an example of the catalogue of warnings, in the small bundle that the examples of bundle files are parts of."""

import dataclasses
import tempfile
from pathlib import Path

from authz.bundle.catalogue.example import write_example
from authz.engine.loading import load_bundle
from authz.language.catalogue.entry import CatalogueEntry
from authz.language.diagnostics import Diagnostic
from authz.verify import catalogue
from authz.verify.warnings import faulty_scenarios, files_read, not_compared, warnings_of

_FURTHER_REASONS = """\
reason(request: Request, "DOOR_SHUT") if request.door = nil;
reason(request: Request, "DOOR_AJAR") if request.door = nil;
"""


def check_example(entry: CatalogueEntry) -> tuple[Diagnostic, ...]:
    """The warnings of an entry's kind that its example gives; paths are relative."""
    with tempfile.TemporaryDirectory() as folder:
        write_example(Path(folder), entry.file, entry.example)
        if entry == catalogue.UNREAD_FILE:
            (Path(folder) / ".old-access.polar").touch()
        if entry == catalogue.MISSPELT_LAYER:
            with (Path(folder) / "rules.polar").open("a", encoding="utf-8") as rules:
                rules.write(_FURTHER_REASONS)
        policy = load_bundle(folder)
        warnings = [*warnings_of(policy, files_read(policy), 0), not_compared(folder), faulty_scenarios(folder, 1)]
        return tuple(_relative(each, folder) for each in dict.fromkeys(warnings) if each.code == entry.code)


def _relative(diagnostic: Diagnostic, folder: str) -> Diagnostic:
    span = diagnostic.span
    path = span.path.removeprefix(folder).removeprefix("/") or "."
    return dataclasses.replace(diagnostic, span=dataclasses.replace(span, path=path))

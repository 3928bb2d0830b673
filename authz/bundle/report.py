"""Collects diagnostics while a vocabulary is resolved, so that an author sees the problems of both files at once."""

from dataclasses import dataclass

from authz.documents.places import Loc, diagnostic_at
from authz.language.catalogue.entry import CatalogueEntry
from authz.language.diagnostics import Diagnostic, DiagnosticError


@dataclass(frozen=True, slots=True)
class Report:
    """The diagnostics of one TOML file; the reports of several files share one list."""

    path: str
    diagnostics: list[Diagnostic]

    def add(self, entry: CatalogueEntry, loc: Loc, problem: str, help: str = "") -> None:
        """Report a problem at a place of the file."""
        self.diagnostics.append(diagnostic_at(self.path, loc, problem, help, entry.code))

    def require_none(self) -> None:
        """Stop before a stage that relies on what was checked so far.

        Raises:
            DiagnosticError: with every diagnostic of the shared list, if there is any.
        """
        if self.diagnostics:
            raise DiagnosticError(self.diagnostics)

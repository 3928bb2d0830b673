"""Collects diagnostics while a vocabulary is resolved, so that an author sees the problems of both files at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from authz.documents.places import Loc, dotted
from authz.documents.toml import named_loc, place_in_toml
from authz.language.catalogue.entry import CatalogueEntry
from authz.language.diagnostics import Diagnostic, DiagnosticError


@dataclass(frozen=True, slots=True)
class Report:
    """The diagnostics of one TOML file; the reports of several files share one list."""

    path: str
    diagnostics: list[Diagnostic]
    text: str = field(default="", repr=False)
    """The text of the file, in which diagnostics are placed."""

    def add(self, entry: CatalogueEntry, loc: Loc, problem: str, help: str = "") -> None:
        """Report a problem at a place of the file."""
        span, source = place_in_toml(self.text, loc, self.path)
        place = dotted(named_loc(self.text, loc))
        self.diagnostics.append(entry.at(span, f"{place}: {problem}" if place else problem, help, source))

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Report diagnostics that have their places."""
        self.diagnostics.extend(diagnostics)

    def require_none(self) -> None:
        """Stop before a stage that relies on what was checked so far.

        Raises:
            DiagnosticError: with every diagnostic of the shared list, if there is any.
        """
        if self.diagnostics:
            raise DiagnosticError(self.diagnostics)

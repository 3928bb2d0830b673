"""The text of one file, for its places and for the line that a diagnostic quotes."""

from dataclasses import dataclass

from lark import Token, Tree

from authz.language.catalogue.entry import CatalogueEntry
from authz.language.diagnostics import Diagnostic, DiagnosticError, Span
from authz.language.unsupported import Refusal


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file's path and its lines."""

    path: str
    lines: list[str]

    def span(self, token: Token) -> Span:
        """The stretch of a token, which never contains a line break."""
        line, column = token.line or 0, token.column or 0
        return Span(self.path, line, column, line, column + len(token))

    def extent(self, tree: "Tree[Token]") -> Span:
        """The stretch of a tree, brackets included."""
        meta = tree.meta
        return Span(self.path, meta.line, meta.column, meta.end_line, meta.end_column)

    def diagnostic(self, entry: CatalogueEntry, span: Span, problem: str, help: str = "") -> Diagnostic:
        """A diagnostic that quotes the first line of its span."""
        source = self.lines[span.line - 1] if 0 < span.line <= len(self.lines) else ""
        return entry.at(span, problem, help, source.rstrip("\r"))

    def refuse(self, place: "Token | Tree[Token]", refusal: Refusal) -> DiagnosticError:
        """The error to raise for a token or tree that is not accepted."""
        span = self.span(place) if isinstance(place, Token) else self.extent(place)
        return DiagnosticError([self.diagnostic(refusal.entry, span, refusal.problem, refusal.help)])

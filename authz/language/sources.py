"""The source texts of a bundle's rules, for the lines that diagnostics quote."""

from collections.abc import Iterable
from dataclasses import dataclass

from authz.language import ast
from authz.language.catalogue.entry import CatalogueEntry
from authz.language.diagnostics import Diagnostic, Span


@dataclass(frozen=True, slots=True)
class Sources:
    """The lines of each file by path, and the name of the bundle that they belong to.

    `unparsed` has the names in statements with diagnostics: nothing can be reported as missing under such a name.
    """

    bundle: str
    lines: dict[str, list[str]]
    unparsed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, bundle: str, files: Iterable[ast.File]) -> "Sources":
        """The sources of parsed files."""
        files = tuple(files)
        lines = {file.path: file.text.split("\n") for file in files}
        return cls(bundle, lines, frozenset().union(*(file.unparsed for file in files)))

    def diagnostic(self, entry: CatalogueEntry, span: Span, problem: str, help: str = "") -> Diagnostic:
        """A diagnostic that quotes the first line of its span."""
        return entry.at(span, problem, help, self.lines[span.path][span.line - 1].rstrip("\r"))

    def comment_above(self, span: Span) -> str:
        """The comment in the lines directly above a span, as one line without its `#`."""
        comment: list[str] = []
        for line in reversed(self.lines[span.path][: span.line - 1]):
            if not line.lstrip().startswith("#"):
                break
            comment.insert(0, line.strip().lstrip("#").strip())
        return " ".join(comment)

    def bundle_diagnostic(self, entry: CatalogueEntry, problem: str, help: str = "") -> Diagnostic:
        """A diagnostic of the bundle as a whole, for something that stands on no line."""
        return entry.at(Span(self.bundle), problem, help)

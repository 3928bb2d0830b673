"""The texts that faults quote from."""

from collections.abc import Iterable
from dataclasses import dataclass

from authz.language import ast as syntax
from authz.language.diagnostics import Diagnostic, Span, did_you_mean
from authz.language.types import Enumeration


@dataclass(frozen=True, slots=True)
class Sources:
    """The lines of each file, and the name of the bundle they belong to."""

    name: str
    lines: dict[str, list[str]]
    unread: frozenset[str] = frozenset()
    """Names in statements with faults: what hangs on such a rule cannot be judged."""

    @classmethod
    def of(cls, name: str, files: Iterable[syntax.File]) -> "Sources":
        """The sources of these files."""
        files = tuple(files)
        lines = {file.path: file.text.split("\n") for file in files}
        return cls(name, lines, frozenset().union(*(file.unread for file in files)))

    def fault(self, span: Span, problem: str, help: str = "") -> Diagnostic:
        """A fault that quotes its line."""
        return Diagnostic(span, problem, help, self.lines[span.path][span.line - 1].rstrip("\r"))

    def bundle(self, problem: str, help: str = "") -> Diagnostic:
        """A fault of the bundle as a whole: something that no line has."""
        return Diagnostic(Span(self.name), problem, help)

    def outside(self, literal: syntax.Literal, enumeration: Enumeration) -> Diagnostic:
        """A constant that an enumeration does not have: never true, and under `not` always."""
        listed = ", ".join(f"`{value}`" for value in enumeration.values)
        problem = f"`{literal.value}` is not in `{enumeration}`: {listed}"
        return self.fault(literal.span, problem, did_you_mean(str(literal.value), enumeration.values))

"""Diagnostics: a place in an author's file, the problem, a stable code, and the likely repair.

Lines and columns are 1-based and count code points; the end of a span is exclusive. A diagnostic renders as

    PATH:LINE:COL: problem
       13 | the source line
          |     ^^^^
    code: unknown-field
    help: did you mean `open`?

A code is made of lower-case words with hyphens and names one meaning. Each code has an entry in a catalogue
(`language/catalogue/entry.py`), and a diagnostic is made from its entry.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from authz.language.printable import single_line


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of one file, from a line and column up to an end line and end column that are not in it.

    Line 0 means the file as a whole. A span that is given no end covers one character.
    """

    path: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0

    def __post_init__(self) -> None:
        if self.line and not self.end_line:
            object.__setattr__(self, "end_line", self.line)
            object.__setattr__(self, "end_column", self.column + 1)

    def to(self, other: "Span") -> "Span":
        """The stretch from the start of this span to the end of another one in the same file."""
        return Span(self.path, self.line, self.column, other.end_line, other.end_column)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One problem in an author's file, or in a document that the file governs.

    `source` is the line on which the span begins, without its line end; it is empty where there is none to quote.
    """

    span: Span
    problem: str
    help: str = ""
    source: str = ""
    code: str = ""

    def __str__(self) -> str:
        # INVARIANT: the text of a document can neither steer a terminal or a log nor begin a line of its own.
        return "\n".join(map(single_line, self._lines()))

    def _lines(self) -> Iterable[str]:
        first, *more = self.problem.split("\n")
        yield f"{self.span}: {first}"
        yield from (line if line.startswith("  ") else f"  {line}" for line in more)
        if self.source:
            # A tab before the caret must stay a tab, or the caret points elsewhere.
            lead = "".join("\t" if c == "\t" else " " for c in self.source[: self.span.column - 1])
            yield f"{self.span.line:>5} | {self.source}"
            yield f"      | {lead}{'^' * self._underlined()}"
        if self.code:
            yield f"code: {self.code}"
        if self.help:
            yield f"help: {self.help}"

    def _underlined(self) -> int:
        """How many characters of the source line the span covers; at least one."""
        span = self.span
        if span.end_line > span.line:
            return max(1, len(self.source.rstrip()) + 1 - span.column)
        return max(1, min(span.end_column, len(self.source) + 1) - span.column)

    def as_data(self) -> dict[str, str | int]:
        """The diagnostic as JSON-able data; a diagnostic of a whole file has no line, column or end."""
        span = self.span
        place: dict[str, str | int] = {"path": span.path}
        if span.line:
            place |= {"line": span.line, "column": span.column}
            place |= {"end_line": span.end_line, "end_column": span.end_column}
        return {**place, "code": self.code, "problem": self.problem, "help": self.help}


class DiagnosticError(ValueError):
    """Something an author wrote is not accepted; `diagnostics` holds every reason, in order of place."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(sorted(set(diagnostics)))
        super().__init__("\n".join(map(str, self.diagnostics)))


MAX_WORD_LENGTH = 64
"""Longer words get no suggestion: no name is so long, and the search for a close match is quadratic in the length."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A help sentence that names the closest known word, or an empty string."""
    if len(word) > MAX_WORD_LENGTH:
        return ""
    close = get_close_matches(word, sorted(set(known)), n=1, cutoff=0.75)
    return f"did you mean `{close[0]}`?" if close else ""

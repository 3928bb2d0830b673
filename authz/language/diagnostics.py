"""What is wrong with an author's file: the place, the problem in the author's words, the likely repair.

Places are 1-based and count code points. A fault renders as

    PATH:LINE:COL: problem
       13 | the source line
          |     ^^^^
    help: did you mean `Request`?
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

CONTROLS = {code: "\ufffd" for code in (*range(32), 127, *range(128, 160)) if chr(code) not in "\n\t"}
"""Control characters, for `str.translate`."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of one line in one file; line and column are 1-based, 0 means the file as a whole."""

    path: str
    line: int = 0
    column: int = 0
    width: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One problem in an author's file, or in a document that the file governs."""

    span: Span
    problem: str
    help: str = ""
    source: str = ""

    def __str__(self) -> str:
        # What a document says must not steer a terminal, or a log.
        return self._text().translate(CONTROLS)

    def _text(self) -> str:
        lines = [f"{self.span}: {self.problem}"]
        if self.source:
            # A tab before the caret must stay a tab, or the caret points elsewhere.
            lead = "".join("\t" if c == "\t" else " " for c in self.source[: self.span.column - 1])
            width = max(1, min(self.span.width, len(self.source) - self.span.column + 1))
            lines.append(f"{self.span.line:>5} | {self.source}")
            lines.append(f"      | {lead}{'^' * width}")
        if self.help:
            lines.append(f"help: {self.help}")
        return "\n".join(lines)


class DiagnosticError(ValueError):
    """Something an author wrote cannot be accepted; `faults` holds every reason, in order of place."""

    def __init__(self, faults: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.diagnostics)))


LONGEST_WORD = 64
"""No name is longer, and to look for one like it takes time that grows with the square."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A help sentence naming the closest known word, or nothing."""
    if len(word) > LONGEST_WORD:
        return ""
    close = get_close_matches(word, sorted(set(known)), n=1, cutoff=0.75)
    return f"did you mean `{close[0]}`?" if close else ""

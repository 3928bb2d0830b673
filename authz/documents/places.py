"""Places inside a document, and diagnostics that name them."""

from authz.language.diagnostics import Diagnostic, Span

MAX_QUOTED = 100
"""The characters of a document's text that a diagnostic repeats."""

Loc = tuple[str | int, ...]
"""The keys and indexes that lead from the top of a document to a value."""


def diagnostic_at(path: str, loc: Loc, problem: str, help: str = "", code: str = "") -> Diagnostic:
    """A diagnostic for a value inside a document: `facts.json: doors[3].name: is missing`."""
    place = dotted(loc)
    return Diagnostic(Span(path), f"{place}: {problem}" if place else problem, help, code=code)


def part_is_index(part: str | int) -> bool:
    """Whether a part of a place is written in brackets: an index, or the name of an element such as `[DOOR_LOCKED]`."""
    return isinstance(part, int) or part.startswith("[")


def dotted(loc: Loc) -> str:
    """A place inside a document as people write it: `doors[3].name`."""
    text = ""
    for part in loc:
        separator = "." if text and not part_is_index(part) else ""
        text += f"[{part}]" if isinstance(part, int) else f"{separator}{shorten(part)}"
    return text


def shorten(text: str) -> str:
    """A text of a document as a diagnostic repeats it: at most its first `MAX_QUOTED` characters."""
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"

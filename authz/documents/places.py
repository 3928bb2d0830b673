"""Places inside a document, and diagnostics that name them."""

from authz.language.diagnostics import Diagnostic, Span

Loc = tuple[str | int, ...]
"""The keys and indexes that lead from the top of a document to a value."""


def diagnostic_at(path: str, loc: Loc, problem: str, help: str = "", code: str = "") -> Diagnostic:
    """A diagnostic for a value inside a document: `facts.json: doors[3].name: is missing`."""
    place = dotted(loc)
    return Diagnostic(Span(path), f"{place}: {problem}" if place else problem, help, code=code)


def dotted(loc: Loc) -> str:
    """A place inside a document as people write it: `doors[3].name`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text

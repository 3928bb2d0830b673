"""Read TOML 1.0, and find the place of a value in its text."""

import re
import tomllib
from functools import lru_cache
from typing import Any

from authz.documents.catalogue import NOT_TOML
from authz.documents.places import Loc
from authz.documents.strictness import require_strict, too_deep, too_many_digits
from authz.language.diagnostics import Diagnostic, DiagnosticError, Span


def parse_toml(text: str, shown: str) -> Any:
    """The value of a TOML text.

    Raises:
        DiagnosticError: with every problem, each with its place.
    """
    return require_strict(load_toml(text, shown), shown)


def load_toml(text: str, shown: str) -> Any:
    """The value of a TOML text that may still break the rules of `strictness`.

    Raises:
        DiagnosticError: the text is not TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DiagnosticError([_diagnostic(error, text, shown)]) from None
    except RecursionError:
        raise too_deep(shown) from None
    except ValueError:
        raise too_many_digits(shown) from None


def _diagnostic(error: tomllib.TOMLDecodeError, text: str, shown: str) -> Diagnostic:
    """The error of tomllib, whose message ends in its place."""
    match = re.search(r"^(.*) \(at line (\d+), column (\d+)\)$", str(error))
    problem = match[1] if match else str(error).removesuffix(" (at end of document)")
    lines = text.split("\n")
    line, column = (int(match[2]), int(match[3])) if match else (len(lines), len(lines[-1]) + 1)
    source = lines[line - 1].rstrip("\r") if line <= len(lines) else ""
    if _DUPLICATE.match(problem) and (key := _KEY.match(source)):
        span = Span(shown, line, key.start(1) + 1, line, key.end(1) + 1)
        problem = f"not TOML: the key `{key[1]}` is stated twice"
        return NOT_TOML.at(span, problem, "remove one of the two", source)
    return NOT_TOML.at(Span(shown, line, column), f"not TOML: {problem[0].lower() + problem[1:]}", source=source)


_DUPLICATE = re.compile(r"Cannot (overwrite a value|declare .* twice|redefine namespace .*)$")
_KEY = re.compile(r"""\s*\[*\s*([^\s=\]]+)""")


# A text of TOML that is cut off at the end of a line is TOML again, unless the cut lies inside a value of several
# lines. So the statement that gives a value is the shortest beginning of the text in which tomllib finds the value.


def place_in_toml(text: str, loc: Loc, shown: str) -> tuple[Span, str]:
    """The span of the key that gives the value at `loc`, and the line that the span begins on.

    It is the span of the nearest table around `loc` where the text has no such value, and the file as a whole where it
    has no such table either.
    """
    stated = _stated(_value_of_lines(text, text.count("\n") + 1), loc)
    if not stated:
        return Span(shown), ""
    first, last = _statement(text, stated)
    lines = [line.rstrip("\r") for line in text.split("\n")]
    return _key_span(lines[first - 1 : last], stated, text, first, shown)


def named_loc(text: str, loc: Loc) -> Loc:
    """A place with the `code` of a table that is an element of a list in place of the table's index."""
    value, named = _value_of_lines(text, text.count("\n") + 1), list(loc)
    for depth, part in enumerate(_stated(value, loc)):
        value = value[part]
        if isinstance(part, int) and isinstance(value, dict) and isinstance(value.get("code"), str):
            named[depth] = f"[{value['code']}]"
    return tuple(named)


def _stated(value: Any, loc: Loc) -> Loc:
    """The longest beginning of a place that a value has."""
    for depth, part in enumerate(loc):
        known: Any = range(len(value)) if isinstance(value, list) else value if isinstance(value, dict) else ()
        if part not in known:
            return loc[:depth]
        value = value[part]
    return loc


def _statement(text: str, loc: Loc) -> tuple[int, int]:
    """The first and the last line of the statement that first gives a value at a place."""
    below, first = 0, text.count("\n") + 1
    while first - below > 1:
        middle = (below + first) // 2
        end = _end_of_statement(text, middle)
        if _stated(_value_of_lines(text, end), loc) == loc:
            first = middle
        else:
            below = end
    return first, _end_of_statement(text, first)


def _end_of_statement(text: str, line: int) -> int:
    """The first line from `line` on behind which the text can be cut off."""
    while _value_of_lines(text, line) is None:
        line += 1
    return line


@lru_cache(maxsize=256)
def _value_of_lines(text: str, count: int) -> Any:
    """The value of the first lines of a text; None if they are not TOML."""
    try:
        return tomllib.loads("\n".join(text.split("\n")[:count]) + "\n")
    except tomllib.TOMLDecodeError:
        return None


def _key_span(statement: list[str], loc: Loc, text: str, first: int, shown: str) -> tuple[Span, str]:
    """The span of the last key of a place, or of the element that it names, within the lines of a statement."""
    joined = "\n".join(statement)
    start, end = re.match(r"\s*", joined).end(), 0  # type: ignore[union-attr]
    value = _value_of_lines(text, text.count("\n") + 1)
    for part in loc:
        value = value[part]
        key = rf"(?<![\w-])[\"']?{re.escape(part)}[\"']?(?=\s*[.=\]])" if isinstance(part, str) else None
        if key is None and isinstance(value, str):
            key = rf"[\"']{re.escape(value)}[\"']"
        if key is not None and (match := re.compile(key).search(joined, end)):
            start, end = match.span()
    line = joined.count("\n", 0, start)
    column = start - (joined.rfind("\n", 0, start) + 1) + 1
    return Span(shown, first + line, column, first + line, column + max(end - start, 1)), statement[line]

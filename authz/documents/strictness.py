"""The rules that every document obeys, whatever its format: those of I-JSON (RFC 7493), and a bound on nesting."""

import math
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from types import NoneType
from typing import Any

from authz.documents.catalogue import AMBIGUOUS_DOCUMENT, UNBOUNDED_DOCUMENT
from authz.documents.places import Loc, diagnostic_at
from authz.language.diagnostics import DiagnosticError, Span

MAX_NESTING = 100
MAX_PROBLEMS = 10
"""The problems that an error names; a document may hold many more, and the search for them then stops."""
_TOO_DEEP = f"nested deeper than {MAX_NESTING}"
_SURROGATE = re.compile("[\ud800-\udfff]")
_ALWAYS_STRICT = frozenset((int, bool, NoneType))
"""The types of values that break no rule."""


class ObjectWithDuplicates(dict[str, Any]):
    """An object in which some keys stand more than once; `duplicates` names the first `MAX_PROBLEMS` of them."""

    duplicates: tuple[str, ...] = ()


def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of some members; it remembers the keys that stand in it more than once."""
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    marked = ObjectWithDuplicates(members)
    marked.duplicates = tuple(islice(dict.fromkeys(_repeated(pairs)), MAX_PROBLEMS))
    return marked


def _repeated(pairs: list[tuple[str, Any]]) -> Iterator[str]:
    seen = set[str]()
    for name, _ in pairs:
        if name in seen:
            yield name
        seen.add(name)


def require_strict(value: Any, shown: str) -> Any:
    """The value itself, where it breaks no rule.

    Raises:
        DiagnosticError: with the first `MAX_PROBLEMS` violations, each with its place.
    """
    problems = list(islice(violations(value, ()), MAX_PROBLEMS))
    if problems:
        raise not_strict(problems, shown)
    return value


def not_strict(problems: Iterable[tuple[Loc, str]], shown: str) -> DiagnosticError:
    """The error for a document with violations, each given as its place and its problem."""
    code = AMBIGUOUS_DOCUMENT.code
    return DiagnosticError(
        diagnostic_at(shown, loc, problem, code=UNBOUNDED_DOCUMENT.code if problem == _TOO_DEEP else code)
        for loc, problem in problems
    )


def too_deep(shown: str) -> DiagnosticError:
    """The error for a document that its parser could not follow to the bottom."""
    return DiagnosticError([UNBOUNDED_DOCUMENT.at(Span(shown), _TOO_DEEP)])


def too_large(problem: str, shown: str) -> DiagnosticError:
    """The error for a document that is larger than its reader accepts."""
    return DiagnosticError([UNBOUNDED_DOCUMENT.at(Span(shown), problem)])


def too_many_digits(shown: str) -> DiagnosticError:
    """The error for a number that Python refuses to convert."""
    return DiagnosticError([UNBOUNDED_DOCUMENT.at(Span(shown), "a number has too many digits")])


def violations(value: Any, loc: Loc) -> Iterator[tuple[Loc, str]]:
    """The place and the problem of everything in a value that breaks a rule; lazy, so that a caller can stop."""
    if isinstance(value, dict | list):
        yield from _violations_inside(value, list(loc))
    elif problem := _problem_of_scalar(value):
        yield loc, problem


def _violations_inside(container: dict[Any, Any] | list[Any], path: list[str | int]) -> Iterator[tuple[Loc, str]]:
    """The violations in an object or a list. `path` is its place, and changes during the walk.

    One place for the whole walk keeps its cost linear: a place for each value would cost its depth.
    """
    if len(path) >= MAX_NESTING and container:
        yield tuple(path[:3]), _TOO_DEEP
        return
    parts: Iterable[tuple[Any, Any]] = enumerate(container)
    if isinstance(container, dict):
        yield from _violations_of_names(container, tuple(path))
        parts = [(name, member) for name, member in container.items() if _is_sound_name(name)]
    for key, part in parts:
        if type(part) in _ALWAYS_STRICT:
            continue
        if isinstance(part, dict | list):
            path.append(key)
            yield from _violations_inside(part, path)
            path.pop()
        elif problem := _problem_of_scalar(part):
            yield (*path, key), problem


def _problem_of_scalar(value: Any) -> str:
    if isinstance(value, str):
        return "half a surrogate pair is no text" if _has_surrogate(value) else ""
    if isinstance(value, float) and not math.isfinite(value):
        return f"`{value}` is not a JSON number"
    return ""


def _violations_of_names(value: dict[Any, Any], loc: Loc) -> Iterator[tuple[Loc, str]]:
    for name in value.duplicates if isinstance(value, ObjectWithDuplicates) else ():
        # A diagnostic that names half a surrogate pair could not be printed.
        yield (loc, "a key stands here twice") if _has_surrogate(name) else ((*loc, name), "this key stands here twice")
    for name in value:
        if not isinstance(name, str):
            yield loc, f"the key `{name}` is not a string"
        elif _has_surrogate(name):
            yield loc, "a key holds half a surrogate pair"


def _is_sound_name(name: object) -> bool:
    return isinstance(name, str) and not _has_surrogate(name)


def is_shallow(value: Any) -> bool:
    """Whether lists and objects nest at most `MAX_NESTING` deep."""
    level = [value] if type(value) in (dict, list) else []
    for _ in range(MAX_NESTING):
        level = [
            part
            for container in level
            for part in (container.values() if type(container) is dict else container)
            if type(part) is dict or type(part) is list
        ]
        if not level:
            return True
    return False


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and _SURROGATE.search(text) is not None

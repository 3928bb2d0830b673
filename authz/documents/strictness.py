"""The rules that every document obeys, whatever its format: those of I-JSON (RFC 7493), and a bound on nesting."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

from authz.documents.catalogue import AMBIGUOUS_DOCUMENT, UNBOUNDED_DOCUMENT
from authz.documents.places import Loc, diagnostic_at
from authz.language.diagnostics import DiagnosticError, Span

MAX_NESTING = 100
_TOO_DEEP = f"nested deeper than {MAX_NESTING}"


class ObjectWithDuplicates(dict[str, Any]):
    """An object in which some keys stand more than once; `duplicates` names them."""

    duplicates: tuple[str, ...] = ()


def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of some members; it remembers the keys that stand in it more than once."""
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    names = [name for name, _ in pairs]
    marked = ObjectWithDuplicates(members)
    marked.duplicates = tuple(sorted({name for name in names if names.count(name) > 1}))
    return marked


def require_strict(value: Any, shown: str) -> Any:
    """The value itself, where it breaks no rule.

    Raises:
        DiagnosticError: with every violation, each with its place.
    """
    problems = list(violations(value, ()))
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


def too_many_digits(shown: str) -> DiagnosticError:
    """The error for a number that Python refuses to convert."""
    return DiagnosticError([UNBOUNDED_DOCUMENT.at(Span(shown), "a number has too many digits")])


def violations(value: Any, loc: Loc) -> Iterator[tuple[Loc, str]]:
    """The place and the problem of everything in a value that breaks a rule."""
    if len(loc) > MAX_NESTING:
        yield loc[:3], _TOO_DEEP
    elif isinstance(value, dict):
        yield from _violations_of_object(value, loc)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from violations(item, (*loc, index))
    elif isinstance(value, str) and _has_surrogate(value):
        yield loc, "half a surrogate pair is no text"
    elif isinstance(value, float) and not math.isfinite(value):
        yield loc, f"`{value}` is not a JSON number"


def _violations_of_object(value: dict[Any, Any], loc: Loc) -> Iterator[tuple[Loc, str]]:
    for name in value.duplicates if isinstance(value, ObjectWithDuplicates) else ():
        # A diagnostic that names half a surrogate pair could not be printed.
        yield (loc, "a key stands here twice") if _has_surrogate(name) else ((*loc, name), "this key stands here twice")
    for name, member in value.items():
        if not isinstance(name, str):
            yield loc, f"the key `{name}` is not a string"
        elif _has_surrogate(name):
            yield loc, "a key holds half a surrogate pair"
        else:
            yield from violations(member, (*loc, name))


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
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)

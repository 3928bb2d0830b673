"""When a permit ends: the first later instant at which the same records refuse (`domain.md` section 4).

Rules only compare instants, so between two consecutive instants that they read an answer cannot change. It is
therefore enough to decide at each of those, and at the first instant after it.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from authz.instants import BEGIN, END
from authz.language.formula import Access, Program, values
from authz.language.types import INSTANT, Collection, Optional, Record, Schema, Type

STEP = timedelta(microseconds=1)
"""Instants are whole microseconds."""
Instants = Callable[[Any], set[datetime]]


def instants_read(program: Program, attribute: Callable[[str], str]) -> Instants:
    """What finds, in a request's records, every instant that some rule reads."""
    schema = program.schema
    read: set[tuple[str, str]] = set()
    for rules in program.rules.values():
        for rule in rules:
            for value in values(rule.body):
                if isinstance(value, Access):
                    read |= set(_steps(value, schema))
    walk = _walk(schema.request, schema, read, attribute)

    def instants(request: Any) -> set[datetime]:
        found: set[datetime] = set()
        walk(request, found)
        return found - {BEGIN, END}

    return instants


def expiry(permits: Callable[[datetime], bool], at: datetime, instants: Iterable[datetime]) -> datetime | None:
    """The first instant after `at` at which nothing permits any more; None if there is none."""
    for instant in sorted(instants):
        for moment in (instant, instant + STEP):
            if at < moment < END and not permits(moment):
                return moment
    return None


def _bare(kind: Type) -> Type:
    return kind.of if isinstance(kind, Optional | Collection) else kind


def _steps(access: Access, schema: Schema) -> Iterator[tuple[str, str]]:
    """The record types and fields that a path passes."""
    kind: Type = access.root.type
    for name in access.fields:
        assert isinstance(kind, Record)  # only records have fields
        field = schema.field(kind, name)
        assert field is not None  # the checker saw it
        yield kind.name, name
        kind = _bare(field.type)


def _walk(
    record: Record, schema: Schema, read: set[tuple[str, str]], attribute: Callable[[str], str]
) -> Callable[[Any, set[datetime]], None]:
    """What adds a record's instants, and those of the records it holds."""
    own: list[str] = []
    lists: list[str] = []
    held: list[tuple[str, bool, Callable[[Any, set[datetime]], None]]] = []
    for name, field in schema.records[record.name].fields.items():
        kind = _bare(field.type)
        if kind == INSTANT and any(f == name and schema.is_a(record, Record(r)) for r, f in read):
            (lists if isinstance(field.type, Collection) else own).append(attribute(name))
        elif isinstance(kind, Record):
            held.append((attribute(name), isinstance(field.type, Collection), _walk(kind, schema, read, attribute)))

    def walk(row: Any, found: set[datetime]) -> None:
        for name in own:
            if (instant := getattr(row, name)) is not None:
                found.add(instant)
        for name in lists:
            found.update(getattr(row, name))
        for name, many, below in held:
            value = getattr(row, name)
            for each in value if many else () if value is None else (value,):
                below(each, found)

    return walk

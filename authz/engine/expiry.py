"""When a permit ends: the first later instant at which the same records refuse (`domain.md` section 4).

Rules only compare instants, so between two consecutive instants that they read an answer cannot change. It is
therefore enough to decide at each of those, and at the first instant after it.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from authz.codegen.generated import functions
from authz.instants import END
from authz.language.ir import Access, Program, values
from authz.language.types import INSTANT, Collection, Optional, Record, Schema, Type

STEP = timedelta(microseconds=1)
"""Instants are whole microseconds."""
Instants = Callable[[Any, datetime], set[datetime]]


def instants_read(program: Program, attribute: Callable[[str], str]) -> Instants:
    """What finds, in a request's records, every instant from one on that some rule reads; the end of time is none."""
    schema = program.schema
    read: set[tuple[str, str]] = set()
    for rules in program.rules.values():
        for rule in rules:
            for value in values(rule.body):
                if isinstance(value, Access):
                    read |= set(_steps(value, schema))
    walk = _walk("request", schema.request, schema, read, attribute, 1)
    source = "\n".join(["def instants(request, at):", *_indented(["found = set()", *walk, "return found"]), ""])
    instants: Instants = functions(source, "instants read", END=END)["instants"]
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
    name: str,
    record: Record,
    schema: Schema,
    read: set[tuple[str, str]],
    attribute: Callable[[str], str],
    depth: int,
) -> list[str]:
    """The lines that add the instants of the record of this name, and those of the records it holds."""
    lines: list[str] = []
    for field_name, field in schema.records[record.name].fields.items():
        kind = _bare(field.type)
        path, below = f"{name}.{attribute(field_name)}", f"row_{depth}"
        if kind == INSTANT:
            # Nothing changes at the instant asked at because it is asked at.
            if path == "request.at" or not any(f == field_name and schema.is_a(record, Record(r)) for r, f in read):
                continue
            inner = [f"if at <= {below} < END:", f"    found.add({below})"]
        elif isinstance(kind, Record):
            inner = _walk(below, kind, schema, read, attribute, depth + 1)
        else:
            continue
        if not inner:
            continue
        if isinstance(field.type, Collection):
            lines += [f"for {below} in {path}:", *_indented(inner)]
        elif isinstance(field.type, Optional):
            lines += [f"{below} = {path}", f"if {below} is not None:", *_indented(inner)]
        else:
            lines += [f"{below} = {path}", *inner]
    return lines


def _indented(lines: list[str]) -> list[str]:
    return ["    " + line for line in lines]

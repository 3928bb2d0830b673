"""Compile a function that collects the instants that rules read in one request's records."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from authz.analysis.instants_read import element_type, instants_read
from authz.codegen.generated import compile_source
from authz.instants import END
from authz.language.ir import Program
from authz.language.types import INSTANT, Collection, Optional, Record, Schema

CollectInstants = Callable[[Any, datetime], set[datetime]]
"""From a request's records and an instant: every instant that rules read, from that instant on, before `END`."""


def compile_instants(program: Program, attribute: Callable[[str], str]) -> CollectInstants:
    """The collector of a program. `attribute` gives the attribute of a record that holds a field."""
    schema = program.schema
    lines = _record_lines("request", schema.request, schema, instants_read(program), attribute, 1)
    body = _indented(["instants_read = set()", *lines, "return instants_read"])
    source = "\n".join(["def instants(request, at):", *body, ""])
    collect: CollectInstants = compile_source(source, "instants read", END=END)["instants"]
    return collect


def _record_lines(
    name: str,
    record: Record,
    schema: Schema,
    read: frozenset[tuple[str, str]],
    attribute: Callable[[str], str],
    depth: int,
) -> list[str]:
    """The statements that add the instants of the record in variable `name`, and of the records that it holds."""
    lines: list[str] = []
    for field_name, field in schema.records[record.name].fields.items():
        type_ = element_type(field.type)
        path, below = f"{name}.{attribute(field_name)}", f"row_{depth}"
        if type_ == INSTANT:
            # `request.at` is the instant of the decision itself: it moves with the question, and ends nothing.
            if path == "request.at" or (record.name, field_name) not in read:
                continue
            inner = [f"if at <= {below} < END:", f"    instants_read.add({below})"]
        elif isinstance(type_, Record):
            inner = _record_lines(below, type_, schema, read, attribute, depth + 1)
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

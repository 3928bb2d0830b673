"""Which instants rules read. Between two consecutive ones no answer changes, as rules only compare instants."""

from collections.abc import Iterator

from authz.language.ir import Access, Program, values
from authz.language.types import INSTANT, Collection, Optional, Record, Schema, Type


def instants_read(program: Program) -> frozenset[tuple[str, str]]:
    """The fields of type instant that some rule reads, as (record type, field); subtypes stand beside their parents."""
    schema = program.schema
    paths = {value for rules in program.rules.values() for rule in rules for value in values(rule.body)}
    read = {step for path in paths if isinstance(path, Access) for step in _steps(path, schema)}
    return frozenset(
        (name, field)
        for name, record in schema.records.items()
        for field, declared in record.fields.items()
        if element_type(declared.type) == INSTANT
        and any(field == other and schema.is_subtype(Record(name), Record(reader)) for reader, other in read)
    )


def element_type(type_: Type) -> Type:
    """The type of an optional's value, or of a collection's element; any other type itself."""
    return type_.of if isinstance(type_, Optional | Collection) else type_


def _steps(path: Access, schema: Schema) -> Iterator[tuple[str, str]]:
    """The (record type, field) pairs that a path passes."""
    type_: Type = path.root.type
    for name in path.fields:
        assert isinstance(type_, Record)  # only records have fields
        declared = schema.field(type_, name)
        assert declared is not None  # the type checker refuses a field that no record type declares
        yield type_.name, name
        type_ = element_type(declared.type)

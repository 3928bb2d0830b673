"""Record classes made from a vocabulary: slotted, their lists as tuples, and frozen but for the request."""

import dataclasses
import operator
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from authz.bundle.constraints import absent_value
from authz.bundle.values import annotation, bound_annotation, list_annotation
from authz.bundle.vocabulary import PARAMETERS, REQUEST, RowType, Vocabulary, attribute
from authz.language.types import Collection, Optional

Classes = Mapping[str, type[Any]]


def record_classes(vocabulary: Vocabulary) -> Classes:
    """One class per record type, subtypes as subclasses. The annotations are those by which pydantic reads rows."""
    classes: dict[str, type[Any]] = {}
    for row in vocabulary.rows.values():
        _row_class(row, vocabulary, classes)
    for name in (PARAMETERS, REQUEST):
        fields = [(attribute(field), Any) for field in vocabulary.schema.records[name].fields]
        # A request is made for each decision, and a frozen dataclass takes longer to make.
        made = dataclasses.make_dataclass(name, fields, frozen=name != REQUEST, slots=True)
        classes[name] = _aliased(made, vocabulary.schema.records[name].fields)
    return classes


def _row_class(row: RowType, vocabulary: Vocabulary, classes: dict[str, type[Any]]) -> type[Any]:
    if row.name in classes:
        return classes[row.name]
    base = _row_class(vocabulary.rows[row.extends], vocabulary, classes) if row.extends else None
    inherited = vocabulary.rows[row.extends].fields if row.extends else {}
    declared = {name: _field(row, name, vocabulary) for name in row.fields if name not in inherited}
    made = dataclasses.make_dataclass(
        row.name,
        [(attribute(name), kind, field) for name, (kind, field) in declared.items()],
        bases=(base,) if base else (),
        namespace={"__pydantic_config__": ConfigDict(extra="forbid"), "__doc__": row.about or f"a row of {row.name}"},
        frozen=True,
        slots=True,
        kw_only=True,
    )
    classes[row.name] = _aliased(made, declared)
    return classes[row.name]


def _field(row: RowType, name: str, vocabulary: Vocabulary) -> tuple[Any, Any]:
    kind, zone = row.fields[name].type, vocabulary.bare_date_zone
    alias = Field(alias=name) if attribute(name) != name else Field()
    if row.interval and name in row.interval:
        end = absent_value(row, name)
        absent = Field(json_schema_extra={"default": None})
        return operator.getitem(Annotated, (bound_annotation(end, zone), alias, absent)), dataclasses.field(default=end)
    read = operator.getitem(Annotated, (annotation(kind, zone), alias))
    if isinstance(kind, Optional):
        return read, dataclasses.field(default=None)
    if isinstance(kind, Collection):
        # A list that a row leaves out is empty. Where it must not be, `when` says so.
        return operator.getitem(Annotated, (list_annotation(kind, zone), alias)), dataclasses.field(default=())
    return read, dataclasses.field()


def _aliased(made: type[Any], names: Mapping[str, object]) -> type[Any]:
    """The class, with a field that is named by a Python keyword under that name too: oso looks it up by that name."""
    for name in names:
        if attribute(name) != name:
            setattr(made, name, made.__dict__[attribute(name)])
    return made

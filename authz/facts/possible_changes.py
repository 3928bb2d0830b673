"""The changes that somebody may make to the facts of one request, and that rules could notice."""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from authz.analysis.comparisons import Comparisons
from authz.bundle.constraints import absent_value, excluded_fields, needed_fields
from authz.bundle.loading import Bundle
from authz.bundle.toml_schema import ChangeTable
from authz.bundle.vocabulary import REQUEST, RowType, attribute
from authz.facts.changes import Change, ChangeKind
from authz.facts.writable_values import WritableValues, writable_values
from authz.instants import END
from authz.language.types import Collection, Type

MAX_ROWS = 200
"""How many rows of one type are made at most."""


MAX_VALUES = 24
"""How many values of one field are tried at most."""


@dataclass(slots=True)
class _Context:
    bundle: Bundle
    values: WritableValues
    gathered: Any
    cut_off: bool = False
    """Whether some rows or values were left out because there were too many."""

    def of_field(self, record: str, name: str, type_: Type, no_id_of: str = "") -> list[Any]:
        """The values to try in a field, at most `MAX_VALUES`."""
        return self.at_most(self.values.of_field(record, name, type_, no_id_of))

    def at_most(self, values: list[Any]) -> list[Any]:
        """The first `MAX_VALUES` values."""
        self.cut_off |= len(values) > MAX_VALUES
        return values[:MAX_VALUES]


@dataclass(frozen=True, slots=True)
class PossibleChanges:
    """The changes worth trying; `cut_off` where there were more than `MAX_ROWS` rows or `MAX_VALUES` values to try."""

    changes: tuple[Change, ...]
    cut_off: bool = False


def possible_changes(bundle: Bundle, comparisons: Comparisons, gathered: Any) -> PossibleChanges:
    """Every change to the facts of a gathered request that the vocabulary allows and that rules could notice."""
    vocabulary = bundle.vocabulary
    context = _Context(bundle, writable_values(vocabulary, comparisons, gathered), gathered)
    by_list = {kind.facts: kind for kind in vocabulary.rows.values() if kind.facts}
    changes: list[Change] = []
    for name, table in vocabulary.changes.items():
        kind = by_list.get(name)
        if kind is None:
            changes += _values_set(context, name, table)
        elif kind.key:
            for id, record in _records_named(context, kind):
                if record is None:
                    changes += _records_added(context, kind, table, id)
                else:
                    changes += _fields_filled(context, kind, table, id, record)
        else:
            changes += _rows_added(context, kind, table)
            changes += _rows_ended(context, kind, table)
    return PossibleChanges(tuple(changes), context.cut_off)


def _values_set(context: _Context, name: str, table: ChangeTable) -> Iterator[Change]:
    type_ = context.bundle.vocabulary.values[name].type
    current = getattr(context.gathered, attribute(name))
    values = context.of_field(REQUEST, name, type_) if table.set else []
    if values and isinstance(type_, Collection) and () not in values:
        values = [*values, ()]
    for value in values:
        if value is not None and value != current:
            yield Change(ChangeKind.SET, name, value, current, table.set, slot=(name,))


def _records_added(context: _Context, kind: RowType, table: ChangeTable, id: str) -> Iterator[Change]:
    """The records that would make an unknown id known."""
    if id and table.add:
        for row in _rows(context, kind, {kind.key: id}):
            yield Change(ChangeKind.ADD, kind.facts, row, None, table.add, kind.name, slot=(kind.facts, id))


def _fields_filled(context: _Context, kind: RowType, table: ChangeTable, id: str, record: Any) -> Iterator[Change]:
    """A record with one of its absent fields filled."""
    for name, writers in table.fill.items():
        if getattr(record, attribute(name)) is None:
            for value in context.of_field(kind.name, name, kind.fields[name].type):
                if value is not None:
                    row = dataclasses.replace(record, **{attribute(name): value})
                    slot = (kind.facts, id)
                    yield Change(ChangeKind.FILL, kind.facts, row, record, writers, kind.name, name, slot)


def _records_named(context: _Context, kind: RowType) -> Iterator[tuple[str, Any]]:
    """The ids of this type that the request names, each with its record, or None if it is unknown."""
    named = {
        getattr(context.gathered, attribute(f"{name}_id")): getattr(context.gathered, attribute(name))
        for name, record in context.bundle.vocabulary.entities.items()
        if record == kind.name
    }
    return ((id, record) for id, record in named.items() if id is not None)


def _rows_added(context: _Context, kind: RowType, table: ChangeTable) -> Iterator[Change]:
    """Rows under a key of the request."""
    if not table.add:
        return
    rows: dict[Any, None] = {}
    for collection in context.bundle.vocabulary.collections.values():
        key = {name: getattr(context.gathered, attribute(f"{name}_id")) for name in collection.by}
        if collection.of == kind.name and all(key.values()):
            rows |= dict.fromkeys(_rows(context, kind, key))
    for row in rows:
        yield Change(ChangeKind.ADD, kind.facts, row, None, table.add, kind.name)


def _rows_ended(context: _Context, kind: RowType, table: ChangeTable) -> Iterator[Change]:
    """Gathered rows whose interval holds the instant decided at, ended at that instant."""
    if not table.end or not kind.interval:
        return
    start, end = map(attribute, kind.interval)
    at = context.gathered.at
    for name, collection in context.bundle.vocabulary.collections.items():
        if collection.of == kind.name:
            for row in dict.fromkeys(getattr(context.gathered, attribute(name))):
                if getattr(row, start) < at < getattr(row, end):
                    ended = dataclasses.replace(row, **{end: at})
                    yield Change(ChangeKind.END, kind.facts, ended, row, table.end, kind.name, slot=(kind.facts, row))


def _rows(context: _Context, kind: RowType, fixed: Mapping[str, Any]) -> Iterator[Any]:
    """Complete rows with some fields fixed; an interval begins at the instant decided at and has no end."""
    columns = [_column(context, kind, name, fixed) for name in kind.fields]
    rows: dict[Any, None] = {}
    for count, values in enumerate(itertools.product(*columns)):
        if count == MAX_ROWS:
            context.cut_off = True
            break
        fields = _completed(kind, dict(zip(kind.fields, values, strict=True)))
        if fields is not None:
            row = context.bundle.classes[kind.name](**{attribute(name): value for name, value in fields.items()})
            rows[row] = None
    return iter(rows)


def _column(context: _Context, kind: RowType, name: str, fixed: Mapping[str, Any]) -> list[Any]:
    """The values of one field of a new row."""
    field = kind.fields[name]
    if name in fixed:
        return [fixed[name]]
    if kind.interval and name in kind.interval:
        return [context.gathered.at if name == kind.interval[0] else END]
    if field.names:
        return context.at_most(context.values.ids_of(kind.name, name, field.names))
    if name in kind.needs:
        return [None]
    return context.of_field(kind.name, name, field.type, kind.no_id_of.get(name, ""))


def _completed(kind: RowType, fields: dict[str, Any]) -> dict[str, Any] | None:
    """The fields of a row with those left out that its other fields exclude; None if a needed one is absent."""
    for name in excluded_fields(kind, fields.__getitem__):
        fields[name] = absent_value(kind, name)
    if any(fields[name] is None for name in needed_fields(kind, fields.__getitem__)):
        return None
    return fields

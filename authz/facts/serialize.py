"""Facts, rows and values as JSON values, in the form of a facts document."""

import dataclasses
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from authz.bundle.constraints import needed_fields
from authz.bundle.vocabulary import RowType, Vocabulary, attribute
from authz.facts.memory import Facts
from authz.instants import BEGIN, END, format_instant


def facts_as_data(facts: Facts, vocabulary: Vocabulary) -> dict[str, Any]:
    """The facts document of facts in memory, without empty lists and absent values."""
    by_list = {kind.facts: kind for kind in vocabulary.rows.values() if kind.facts}
    document: dict[str, Any] = {
        name: [row_as_data(row, by_list[name]) for row in rows] for name, rows in facts.lists.items() if rows
    }
    return document | {name: value_as_data(value) for name, value in facts.values.items() if value is not None}


def row_as_data(row: Any, kind: RowType | None = None) -> dict[str, Any]:
    """A row of a facts document. Absent fields are left out, but for empty lists that a row of type `kind` needs."""
    return {name: value_as_data(value) for name, value in present_fields(row, kind)}


def present_fields(row: Any, kind: RowType | None = None) -> Iterator[tuple[str, Any]]:
    """The fields of a row that a facts document states, with their values; arguments as for `row_as_data`."""
    needed = needed_fields(kind, lambda name: getattr(row, attribute(name))) if kind else frozenset()
    for field in dataclasses.fields(row):
        value = getattr(row, field.name)
        bare = field.name.removesuffix("_")
        name = bare if attribute(bare) == field.name else field.name
        if value is not None and (value not in (BEGIN, END, ()) or name in needed):
            yield name, value


def element_as_data(element: Any) -> Any:
    """An element of a collection, which is a row, or a single value where the collection is a list of values."""
    return row_as_data(element) if dataclasses.is_dataclass(element) else value_as_data(element)


def value_as_data(value: Any) -> Any:
    """A single value of a facts document."""
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, date):
        return value.isoformat()
    return [value_as_data(each) for each in value] if isinstance(value, tuple) else value

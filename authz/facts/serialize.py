"""Rows and values as a facts document has them."""

import dataclasses
from datetime import date, datetime
from typing import Any

from authz.bundle.constraints import needed_fields
from authz.bundle.vocabulary import RowType, attribute
from authz.instants import BEGIN, END, format_instant


def row_as_data(row: Any, kind: RowType | None = None) -> dict[str, Any]:
    """A row as a facts document has it: what is absent is left out, but for lists that a row of its `kind` needs."""
    needed = needed_fields(kind, lambda name: getattr(row, attribute(name))) if kind else frozenset()
    found = {}
    for field in dataclasses.fields(row):
        value = getattr(row, field.name)
        plain = field.name.removesuffix("_")
        name = plain if attribute(plain) == field.name else field.name
        if value is not None and (value not in (BEGIN, END, ()) or name in needed):
            found[name] = value_as_data(value)
    return found


def value_as_data(value: Any) -> Any:
    """A value as a facts document has it."""
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, date):
        return value.isoformat()
    return [value_as_data(each) for each in value] if isinstance(value, tuple) else value

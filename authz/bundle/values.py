"""Values of declared types: read one strictly, and the annotations by which pydantic reads them in documents."""

import operator
import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    PlainValidator,
    StrictBool,
    StrictInt,
    StrictStr,
    WithJsonSchema,
)

from authz.documents.places import shorten
from authz.instants import parse_date, parse_instant
from authz.language.diagnostics import did_you_mean
from authz.language.types import (
    BOOLEAN,
    DATE,
    INSTANT,
    INTEGER,
    STRING,
    Collection,
    Enumeration,
    Optional,
    Record,
    Type,
)

LEAST, MOST = -(2**62), 2**62 - 1
"""The bounds of integers: 63 bits, on every target."""

_SCALARS: dict[Type, tuple[type, str]] = {
    STRING: (str, "a string"),
    BOOLEAN: (bool, "true or false"),
    INTEGER: (int, "an integer"),
    INSTANT: (str, "an instant, as a string"),
    DATE: (str, "a date, as a string"),
}


def read_value(kind: Type, value: object, zone: str) -> Any:
    """The value of a declared type, from its form in a document; None is the absent value of an optional type.

    A bare date as an instant is midnight in `zone`.

    Raises:
        ValueError: the value is of another type, outside its enumeration, or out of bounds.
    """
    if isinstance(kind, Optional):
        return None if value is None else read_value(kind.of, value, zone)
    if isinstance(kind, Collection):
        if not isinstance(value, list | tuple):
            raise ValueError("is not a list")
        return tuple(read_value(kind.of, item, zone) for item in value)
    if isinstance(kind, Enumeration):
        if not isinstance(value, str):
            raise ValueError("is not a string")
        if value not in kind.values:
            listed = ", ".join(f"`{each}`" for each in kind.values)
            raise ValueError(f"`{shorten(value)}` is not in `{kind}`: {listed}{_near(value, kind)}")
        return value
    wanted, words = _SCALARS[kind]
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise ValueError(f"is not {words}")
    if kind == INTEGER and isinstance(value, int) and not LEAST <= value <= MOST:
        raise ValueError(f"`{value}` does not fit 63 bits")
    if kind == INSTANT and isinstance(value, str):
        return parse_instant(value, zone)
    return parse_date(value) if kind == DATE and isinstance(value, str) else value


def value_help(kind: Type, value: object) -> str:
    """How TOML writes a value of a type, where a value of another type was likely meant so."""
    plain = kind.of if isinstance(kind, Optional) else kind
    if isinstance(value, str) and (
        (plain == INTEGER and re.fullmatch(r"-?[0-9]+", value)) or (plain == BOOLEAN and value in ("true", "false"))
    ):
        return f"write `{value}`, without quotes"
    if isinstance(value, date) and plain in (INSTANT, DATE, STRING):
        return f'write `"{value.isoformat()}"`, in quotes'
    if isinstance(value, int) and (plain == STRING or isinstance(plain, Enumeration)):
        return f'write `"{str(value).lower()}"`, in quotes'
    return ""


def _near(value: str, kind: Enumeration) -> str:
    near = did_you_mean(value, kind.values)
    return f" ({near})" if near else ""


def annotation(kind: Type, zone: str) -> Any:
    """The annotation by which pydantic reads a value of this type in a facts document."""
    if isinstance(kind, Optional):
        return annotation(kind.of, zone) | None
    if isinstance(kind, Collection):
        return tuple.__class_getitem__((annotation(kind.of, zone), ...))
    if isinstance(kind, Enumeration):
        return Literal[kind.values]
    assert not isinstance(kind, Record)  # rows hold the ids of records
    schema: dict[str, Any] = {"type": "string", "format": "date"}
    instant_schema = {"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]}
    return {
        STRING: StrictStr,
        BOOLEAN: StrictBool,
        INTEGER: Annotated[StrictInt, Field(ge=LEAST, le=MOST)],
        INSTANT: Annotated[
            datetime, PlainValidator(lambda value: read_value(INSTANT, value, zone)), WithJsonSchema(instant_schema)
        ],
        DATE: Annotated[date, PlainValidator(lambda value: read_value(DATE, value, zone)), WithJsonSchema(schema)],
    }[kind]


def list_annotation(kind: Collection, zone: str) -> Any:
    """The annotation of a list in a row: null is the empty list."""
    empty_for_null = AfterValidator(lambda value: () if value is None else value)
    return operator.getitem(Annotated, (annotation(kind, zone) | None, empty_for_null))


def bound_annotation(end: datetime, zone: str) -> Any:
    """The annotation of an interval's bound: null is an end of time."""

    def read(value: object) -> datetime:
        instant: datetime = end if value is None else read_value(INSTANT, value, zone)
        return instant

    schema = {
        "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}, {"type": "null"}]
    }
    return Annotated[datetime, PlainValidator(read), WithJsonSchema(schema)]

"""The types of the language, and the schema that a vocabulary gives to the type checker."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Scalar:
    """A type of plain values."""

    name: str

    def __str__(self) -> str:
        return self.name


STRING, INTEGER, BOOLEAN = Scalar("String"), Scalar("Integer"), Scalar("Boolean")
INSTANT, DATE = Scalar("Instant"), Scalar("Date")
UNKNOWN = Scalar("?")
"""The type of a parameter whose head has a diagnostic: nothing is reported of a value of this type."""
SCALARS: Mapping[str, Scalar] = {t.name: t for t in (STRING, INTEGER, BOOLEAN, INSTANT, DATE)}
ORDERED = (INTEGER, INSTANT, DATE)
"""The types that `<`, `<=`, `>` and `>=` compare."""


@dataclass(frozen=True, slots=True)
class Enumeration:
    """A closed set of strings."""

    name: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Record:
    """A record type, by name; the schema has its fields."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Collection:
    """Any number of elements of one type, in an order that no rule can see."""

    of: "Scalar | Enumeration | Record"

    def __str__(self) -> str:
        return f"[{self.of}]"


@dataclass(frozen=True, slots=True)
class Optional:
    """A value that may be absent, which is `nil` in Polar."""

    of: "Scalar | Enumeration | Record"

    def __str__(self) -> str:
        return f"{self.of}?"


BasicType = Scalar | Enumeration | Record
Type = BasicType | Collection | Optional


class Field(NamedTuple):
    """A declared field: its type, its meaning in a sentence for people, and the record type whose ids it holds."""

    type: Type
    about: str = ""
    id_of: str = ""


@dataclass(frozen=True, slots=True)
class RecordType:
    """A record type with all its fields, inherited ones included, and the name of the type that it extends."""

    name: str
    fields: Mapping[str, Field]
    extends: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Schema:
    """What the type checker knows of a bundle: its types, the subject and request of `allow`, the reason codes."""

    records: Mapping[str, RecordType]
    enumerations: Mapping[str, Enumeration]
    subject: Record
    request: Record
    codes: tuple[str, ...] = ()
    collection_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By each field of the request that holds rows, the fields of the request that may be absent and select them."""

    def type_named(self, name: str) -> BasicType | None:
        """The type of this name, or None."""
        if name in self.records:
            return Record(name)
        return SCALARS.get(name) or self.enumerations.get(name)

    def type_names(self) -> tuple[str, ...]:
        """The names of all types."""
        return (*SCALARS, *self.enumerations, *self.records)

    def field(self, record: Record, name: str) -> Field | None:
        """The field of this name of a record type, or None."""
        return self.records[record.name].fields.get(name)

    def is_subtype(self, actual: Type, expected: Type) -> bool:
        """Whether a value of type `actual` can stand where `expected` is expected: the same type or a subtype."""
        if isinstance(actual, Record) and isinstance(expected, Record):
            name = actual.name
            while name and name != expected.name:
                name = self.records[name].extends
            return bool(name)
        return actual == expected

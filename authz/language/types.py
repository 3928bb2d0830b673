"""The types that a rule may speak of, and the schema that a vocabulary hands to the checker."""

from collections.abc import Mapping
from dataclasses import dataclass
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
"""What a head with a fault leaves unsaid; nothing of this type can be judged."""
SCALARS: Mapping[str, Scalar] = {t.name: t for t in (STRING, INTEGER, BOOLEAN, INSTANT, DATE)}
ORDERED = (INTEGER, INSTANT, DATE)


@dataclass(frozen=True, slots=True)
class Enumeration:
    """A closed set of strings."""

    name: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Record:
    """A record type, by name; its fields are in the schema."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Collection:
    """Some number of elements of one type, in no order that a rule can see."""

    of: "Scalar | Enumeration | Record"

    def __str__(self) -> str:
        return f"[{self.of}]"


@dataclass(frozen=True, slots=True)
class Optional:
    """A value that may be absent: `nil` in Polar."""

    of: "Scalar | Enumeration | Record"

    def __str__(self) -> str:
        return f"{self.of}?"


Known = Scalar | Enumeration | Record
Type = Known | Collection | Optional


class Field(NamedTuple):
    """A declared field: its type and, for the reader, what it means."""

    type: Type
    about: str = ""


@dataclass(frozen=True, slots=True)
class RecordType:
    """A record type with all its fields, inherited ones included, and the type it extends."""

    name: str
    fields: Mapping[str, Field]
    extends: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Schema:
    """All that the checker knows of a bundle: its types, what `allow` receives, and the reason codes."""

    records: Mapping[str, RecordType]
    enumerations: Mapping[str, Enumeration]
    subject: Record
    request: Record
    codes: tuple[str, ...] = ()

    def named(self, name: str) -> Known | None:
        """The type of this name, or None."""
        if name in self.records:
            return Record(name)
        return SCALARS.get(name) or self.enumerations.get(name)

    def names(self) -> tuple[str, ...]:
        """The names of all types."""
        return (*SCALARS, *self.enumerations, *self.records)

    def field(self, record: Record, name: str) -> Field | None:
        """The field of this name of a record type, or None."""
        return self.records[record.name].fields.get(name)

    def is_a(self, given: Type, wanted: Type) -> bool:
        """Whether a value of type `given` may stand where `wanted` is asked: the same type, or a subtype of it."""
        if isinstance(given, Record) and isinstance(wanted, Record):
            name = given.name
            while name and name != wanted.name:
                name = self.records[name].extends
            return bool(name)
        return given == wanted

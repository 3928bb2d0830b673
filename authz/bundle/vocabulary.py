"""The vocabulary of a bundle: its row types, the fields of its requests, and the schema that rules are checked by.

`bundle/resolve` makes it from the TOML tables. A frozen value, from which records, readers and generators are made.
"""

import keyword
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from authz.bundle.derived import Derivation
from authz.bundle.toml_schema import ChangeTable, ParameterTable, VariantTable, WriterTable
from authz.language.types import Enumeration, Schema, Type

REQUEST, PARAMETERS = "Request", "Parameters"


class FieldKind(NamedTuple):
    """A declared field: its type, the record type whose id it holds (or ""), and what it means."""

    type: Type
    names: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class RowType:
    """A record type that facts documents list, or that others extend; inherited fields included."""

    name: str
    fields: Mapping[str, FieldKind]
    extends: str
    about: str
    facts: str
    key: str
    interval: tuple[str, str] | None
    needs: Mapping[str, tuple[str, ...]]
    when: Mapping[str, Mapping[str, VariantTable]]
    no_id_of: Mapping[str, str]
    refuses: Mapping[str, str]
    person: bool = False


@dataclass(frozen=True, slots=True)
class PropertyKind:
    """A property of a request: where AuthZEN carries it, its type or the record type it names, and its default."""

    source: tuple[str, ...]
    type: Type
    names: str = ""
    default: Any = None
    unknown_is_nil: bool = False
    stored: tuple[str, ...] = ()
    about: str = ""
    searched: bool = False
    echoed: bool = False


@dataclass(frozen=True, slots=True)
class CollectionKind:
    """Rows of one type that a request carries: those whose key fields equal the request's ids of the same names."""

    of: str
    by: tuple[str, ...]
    about: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """The subject or resource of a request."""

    type: str
    record: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All types of a bundle, and how a request is put together from them."""

    rows: Mapping[str, RowType]
    enumerations: Mapping[str, Enumeration]
    subject: Party
    resource: Party
    properties: Mapping[str, PropertyKind]
    ignored: Mapping[str, Type]
    values: Mapping[str, FieldKind]
    collections: Mapping[str, CollectionKind]
    derived: Mapping[str, Derivation]
    parameters: Mapping[str, ParameterTable]
    parameter_types: Mapping[str, Type]
    schema: Schema
    actions: tuple[str, ...]
    bare_date_zone: str
    writers: Mapping[str, WriterTable]
    changes: Mapping[str, ChangeTable]

    @property
    def parties(self) -> tuple[Party, Party]:
        """Subject and resource."""
        return self.subject, self.resource

    @property
    def entities(self) -> Mapping[str, str]:
        """The request's fields that hold a record, each with its record type."""
        named = {name: p.names for name, p in self.properties.items() if p.names}
        return {self.subject.type: self.subject.record, self.resource.type: self.resource.record, **named}

    @property
    def data_subject_fields(self) -> frozenset[str]:
        """The fields of a request that hold the data subject: the resource, where its record is a person."""
        record = self.resource.record
        return frozenset(name for name, of in self.entities.items() if self.rows[record].person and of == record)


@cache
def attribute(name: str) -> str:
    """The Python attribute that holds a field: a keyword of Python gets a `_` appended."""
    return f"{name}_" if keyword.iskeyword(name) else name

"""Facts from a document: strict, closed-world, frozen, and indexed by the keys that requests ask for.

What is not in the document is not so. Rows are never half-filled: a row that lacks what its own fields ask for is
a fault, and a document with a fault gives no facts at all.
"""

import dataclasses
import hashlib
import json
import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from authz.bundle.constraints import row_check
from authz.bundle.records import Classes
from authz.bundle.values import annotation
from authz.bundle.vocabulary import RowType, Vocabulary, attribute
from authz.documents.places import Loc, diagnostic_at
from authz.documents.validation import diagnostics_of
from authz.facts.serialize import row_as_data
from authz.language.diagnostics import Diagnostic, DiagnosticError, did_you_mean
from authz.language.types import Collection, Optional, Type

Row = Any
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one document: records by id, rows by key, values by name; `revision` tells documents apart.

    `shape` is that of the bundle they were read under. What they say is personal data, and no part of their `repr`.
    """

    entities: Mapping[str, Mapping[str, Row]] = field(repr=False)
    collections: Mapping[str, Mapping[Key, tuple[Row, ...]]] = field(repr=False)
    values: Mapping[str, Any] = field(repr=False)
    revision: str
    shape: str
    lists: Mapping[str, tuple[Row, ...]] = field(default_factory=dict, repr=False, compare=False)
    """All rows as the document lists them, those that no request reaches included; none where some were left out."""
    indexes: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    """What searches have indexed so far, by collection and names; it only ever grows, and tells nothing new."""

    def entity(self, record: str, id: str) -> Row | None:
        """The record of this type and id, compared exactly, or None."""
        return self.entities[record].get(id)

    def rows(self, collection: str, key: Key) -> tuple[Row, ...]:
        """The rows of a collection under a key."""
        return self.collections[collection].get(key, ())


class FactsReader:
    """Reads facts documents of one vocabulary."""

    def __init__(self, vocabulary: Vocabulary, classes: Classes, shape: str = "") -> None:
        self.vocabulary, self.shape = vocabulary, shape
        self.listed = {row.facts: row for row in vocabulary.rows.values() if row.facts}
        fields: list[Any] = [
            (
                attribute(name),
                _named(name, tuple.__class_getitem__((classes[row.name], ...))),
                dataclasses.field(default=()),
            )
            for name, row in self.listed.items()
        ]
        fields += [
            (attribute(name), _named(name, annotation(value.type, vocabulary.bare_date_zone)), _absent(value.type))
            for name, value in vocabulary.values.items()
        ]
        namespace = {"__pydantic_config__": ConfigDict(extra="forbid"), "__doc__": "A facts document."}
        self.document: TypeAdapter[Any] = TypeAdapter(
            dataclasses.make_dataclass("FactsDocument", fields, frozen=True, kw_only=True, namespace=namespace)
        )

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of a facts document."""
        return self.document.json_schema()

    def read(self, given: object, shown: str = "facts", at: Loc = ()) -> Facts:
        """The facts that a parsed document gives; `shown` and `at` say where it stands, for faults.

        Raises:
            DiagnosticError: with every fault, each with its place.
        """
        try:
            document = self.document.validate_python(given)
        except ValidationError as error:
            raise DiagnosticError([self._near(one) for one in diagnostics_of(error, shown, at)]) from None
        assert isinstance(given, Mapping)  # pydantic read it
        rows = {name: getattr(document, attribute(name)) for name in self.listed}
        faults = list(_integrity(self.listed, rows, given, shown, at))
        if faults:
            raise DiagnosticError(faults)
        values = {name: getattr(document, attribute(name)) for name in self.vocabulary.values}
        revision = hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:16]
        return self.changed(Facts({}, {}, values, revision, self.shape, lists=rows), rows)

    def changed(self, facts: Facts, lists: Mapping[str, tuple[Row, ...]]) -> Facts:
        """The facts with some lists as given instead: whole rows, as `problems` finds none in."""
        entities, collections = dict(facts.entities), dict(facts.collections)
        for name, rows in lists.items():
            kind = self.listed[name]
            if kind.key:
                entities[kind.name] = {getattr(one, attribute(kind.key)): one for one in rows}
            for collection, collected in self.vocabulary.collections.items():
                if collected.of == kind.name:
                    collections[collection] = _by_key(rows, collected.by)
        return dataclasses.replace(
            facts, entities=entities, collections=collections, lists={**facts.lists, **lists}, indexes={}
        )

    def problems(self, name: str, row: Row, facts: Facts) -> list[str]:
        """What is wrong with a row that a list could have, beside these facts."""
        kind = self.listed[name]
        check = row_check(kind, facts.entities)
        return [f"{field}: {problem}" for field, problem in check(row, row_as_data(row, kind))]

    def _near(self, one: Diagnostic) -> Diagnostic:
        """The fault, with the likely key where one is unknown."""
        place, _, problem = one.problem.rpartition(": ")
        if problem != "is not known here":
            return one
        head, _, word = place.rpartition(".")
        kind = head.rpartition(".")[2].partition("[")[0]
        known = self.listed[kind].fields if kind in self.listed else [*self.listed, *self.vocabulary.values]
        return dataclasses.replace(one, help=did_you_mean(word, known))


def _named(name: str, kind: Any) -> Any:
    """The annotation, under the name that a document uses where Python cannot."""
    return operator.getitem(Annotated, (kind, Field(alias=name))) if attribute(name) != name else kind


def _absent(kind: Type) -> Any:
    """What stands for a value that a document leaves out, if it may."""
    if isinstance(kind, Optional):
        return dataclasses.field(default=None)
    return dataclasses.field(default=()) if isinstance(kind, Collection) else dataclasses.field()


def _by_key(rows: tuple[Row, ...], by: tuple[str, ...]) -> dict[Key, tuple[Row, ...]]:
    grouped: dict[Key, list[Row]] = {}
    for row in rows:
        grouped.setdefault(tuple(getattr(row, attribute(name)) for name in by), []).append(row)
    return {key: tuple(found) for key, found in grouped.items()}


def _integrity(
    listed: Mapping[str, RowType], rows: Mapping[str, tuple[Row, ...]], given: Mapping[str, Any], shown: str, at: Loc
) -> Iterator[Diagnostic]:
    """What no single field can tell: ids that exist, ids that are unique, intervals, rows that are whole."""
    ids = {
        kind.name: {getattr(row, attribute(kind.key)) for row in rows[name]}
        for name, kind in listed.items()
        if kind.key
    }
    for name, kind in listed.items():
        check = row_check(kind, ids)
        seen: set[str] = set()
        for index, (row, raw) in enumerate(zip(rows[name], given.get(name) or (), strict=True)):
            loc = (*at, name, index)
            yield from (diagnostic_at(shown, (*loc, field), problem) for field, problem in check(row, raw))
            if kind.key:
                id = getattr(row, attribute(kind.key))
                if id in seen:
                    yield diagnostic_at(shown, (*loc, kind.key), f"`{id}` stands here twice")
                seen.add(id)

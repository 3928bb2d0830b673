"""The facts of a document, held in memory: validated strictly, closed-world, frozen, indexed by id and by key.

A fact that the document does not state does not hold. A row that lacks what its own fields require is an error, and a
document with an error gives no facts at all.
"""

import dataclasses
import hashlib
import json
import operator
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from authz.bundle.constraints import row_check
from authz.bundle.records import Classes
from authz.bundle.values import annotation
from authz.bundle.vocabulary import RowType, Vocabulary, attribute
from authz.documents.places import Loc, diagnostic_at
from authz.documents.validation import diagnostics_of
from authz.facts.candidates import CandidateIndex
from authz.facts.serialize import row_as_data
from authz.facts.store import Key, Row
from authz.language.diagnostics import Diagnostic, DiagnosticError, did_you_mean
from authz.language.types import Collection, Optional, Type

REVISION_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one document: a `FactStore` whose only snapshot is itself.

    Facts are personal data and are no part of the `repr`. Two values are equal if they hold the same facts under the
    same revision and schema.
    """

    revision: str
    schema_digest: str
    records: Mapping[str, Mapping[str, Row]] = field(repr=False)
    rows: Mapping[str, Mapping[Key, tuple[Row, ...]]] = field(repr=False)
    values: Mapping[str, Any] = field(repr=False)
    lists: Mapping[str, tuple[Row, ...]] = field(repr=False, compare=False)
    """All rows by list, in the document's order, rows that no request reaches included. A read-only view."""
    index: CandidateIndex = field(repr=False, compare=False)
    stamp: datetime | None = None

    def snapshot(self) -> "Facts":
        """The facts themselves: a document does not change."""
        return self

    def candidates(
        self, searched: tuple[str, ...], known: Mapping[str, str | None], required: Set[str], after: Key = ()
    ) -> Iterator[Key]:
        """The candidates of a search; see `FactsSnapshot.candidates`."""
        return self.index.candidates(searched, known, required, after)

    def ids(self, record: str) -> tuple[str, ...]:
        """The ids of all records of a type, in the document's order."""
        kind = self.index.vocabulary.rows[record]
        return tuple(getattr(row, attribute(kind.key)) for row in self.lists[kind.facts])

    def with_rows(
        self, lists: Mapping[str, tuple[Row, ...]], values: Mapping[str, Any] = MappingProxyType({})
    ) -> "Facts":
        """New facts with some lists and values replaced. The rows must be valid: they are not validated again."""
        lists = {name: rows for name, rows in lists.items() if rows != self.lists[name]}
        values = {name: value for name, value in values.items() if value != self.values[name]}
        if not lists and not values:
            return self
        changed = repr((self.revision, sorted(lists.items()), sorted(values.items())))
        vocabulary = self.index.vocabulary
        return _facts(
            vocabulary,
            hashlib.sha256(changed.encode()).hexdigest()[:REVISION_LENGTH],
            self.schema_digest,
            _records(vocabulary, lists, self.records),
            _rows(vocabulary, lists, self.rows),
            {**self.values, **values},
            {**self.lists, **lists},
        )


def facts_in_memory(
    vocabulary: Vocabulary,
    revision: str,
    schema_digest: str,
    lists: Mapping[str, tuple[Row, ...]],
    values: Mapping[str, Any],
) -> Facts:
    """Facts with the rows of every list, and every value, of the vocabulary. Nothing is validated."""
    records, rows = _records(vocabulary, lists, {}), _rows(vocabulary, lists, {})
    return _facts(vocabulary, revision, schema_digest, records, rows, values, lists)


def _facts(
    vocabulary: Vocabulary,
    revision: str,
    schema_digest: str,
    records: Mapping[str, Mapping[str, Row]],
    rows: Mapping[str, Mapping[Key, tuple[Row, ...]]],
    values: Mapping[str, Any],
    lists: Mapping[str, tuple[Row, ...]],
) -> Facts:
    index = CandidateIndex(vocabulary, records, rows)
    return Facts(revision, schema_digest, records, rows, values, MappingProxyType(lists), index)


def _records(
    vocabulary: Vocabulary, lists: Mapping[str, tuple[Row, ...]], others: Mapping[str, Mapping[str, Row]]
) -> dict[str, Mapping[str, Row]]:
    """The records of these lists by id, beside those of other lists."""
    keyed = (kind for kind in vocabulary.rows.values() if kind.key and kind.facts in lists)
    return {
        **others,
        **{kind.name: {getattr(row, attribute(kind.key)): row for row in lists[kind.facts]} for kind in keyed},
    }


def _rows(
    vocabulary: Vocabulary,
    lists: Mapping[str, tuple[Row, ...]],
    others: Mapping[str, Mapping[Key, tuple[Row, ...]]],
) -> dict[str, Mapping[Key, tuple[Row, ...]]]:
    """The rows of the collections over these lists by key, beside those of other collections."""
    rows = dict(others)
    for name, collection in vocabulary.collections.items():
        list_name = vocabulary.rows[collection.of].facts
        if list_name in lists:
            rows[name] = _by_key(lists[list_name], collection.by)
    return rows


def _by_key(rows: tuple[Row, ...], by: tuple[str, ...]) -> dict[Key, tuple[Row, ...]]:
    grouped: dict[Key, list[Row]] = {}
    for row in rows:
        grouped.setdefault(tuple(getattr(row, attribute(name)) for name in by), []).append(row)
    return {key: tuple(found) for key, found in grouped.items()}


class FactsReader:
    """Reads facts documents of one vocabulary."""

    def __init__(self, vocabulary: Vocabulary, classes: Classes, schema_digest: str = "") -> None:
        self.vocabulary, self.schema_digest = vocabulary, schema_digest
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
        revision = hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:REVISION_LENGTH]
        return facts_in_memory(self.vocabulary, revision, self.schema_digest, rows, values)

    def problems(self, name: str, row: Row, facts: Facts) -> list[str]:
        """What is wrong with a row that a list could have, beside these facts."""
        kind = self.listed[name]
        check = row_check(kind, facts.records)
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

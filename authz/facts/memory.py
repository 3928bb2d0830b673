"""Facts in memory: frozen, and indexed by id and by key."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from authz.bundle.vocabulary import Vocabulary, attribute
from authz.facts.candidates import CandidateIndex
from authz.facts.store import Key, Row

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
        """New facts with some lists and values replaced. The rows must be valid: they are not validated again.

        The revision stays where the lists differ in the order of their rows alone.
        """
        lists = {name: rows for name, rows in lists.items() if rows != self.lists[name]}
        values = {name: value for name, value in values.items() if value != self.values[name]}
        if not lists and not values:
            return self
        vocabulary = self.index.vocabulary
        return _facts(
            vocabulary,
            self._revision_after(lists, values),
            self.schema_digest,
            _records(vocabulary, lists, self.records),
            _rows(vocabulary, lists, self.rows),
            {**self.values, **values},
            {**self.lists, **lists},
        )

    def _revision_after(self, lists: Mapping[str, tuple[Row, ...]], values: Mapping[str, Any]) -> str:
        """A revision made of this one and what changes: equal changes of equal facts have equal revisions."""
        changes = []
        for name, rows in lists.items():
            before, after = Counter(self.lists[name]), Counter(rows)
            changes += [("add", name, repr(row)) for row in (after - before).elements()]
            changes += [("remove", name, repr(row)) for row in (before - after).elements()]
        changes += [("set", name, repr(value)) for name, value in values.items()]
        if not changes:
            return self.revision
        text = repr((self.revision, sorted(changes)))
        return hashlib.sha256(text.encode()).hexdigest()[:REVISION_LENGTH]


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

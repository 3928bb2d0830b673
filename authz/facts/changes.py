"""The changes that could be made to the facts of one request, as the vocabulary lets its writers make them."""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from authz.analysis.comparisons import Comparisons, FieldKey, declaring_field
from authz.bundle.constraints import absent_value, excluded_fields, needed_fields
from authz.bundle.derived import kind_of, source_paths
from authz.bundle.loading import Bundle
from authz.bundle.toml_schema import ChangeTable
from authz.bundle.vocabulary import PARAMETERS, REQUEST, RowType, Vocabulary, attribute
from authz.facts.gather import follow
from authz.facts.memory import Facts, facts_in_memory
from authz.instants import END
from authz.language.types import BOOLEAN, DATE, INSTANT, INTEGER, Collection, Enumeration, Optional, Type

SOMEONE = "someone"
"""An id that nobody has yet, where a row names a person who is no entity."""
MOST_ROWS = 200
"""How many rows of one kind are tried at most."""


class ChangeKind(StrEnum):
    """What a change does to the facts."""

    ADD = "add"
    END = "end"
    FILL = "fill"
    SET = "set"


@dataclass(frozen=True, slots=True)
class Change:
    """One fact to write: a row added or ended, a field said that was left out, or a value set.

    `facts` is the list or value of a facts document; `row` is the row as it would be (of a value, the value), `before`
    as it is, and `said` the field that is filled; `writers` are those who may write it. At most one change of a set
    speaks of one `slot`.
    """

    kind: ChangeKind
    facts: str
    row: Any = field(repr=False)
    before: Any = field(repr=False)
    writers: tuple[str, ...]
    record: str = ""
    said: str = ""
    slot: tuple[Any, ...] = field(default=(), repr=False)


def apply(changes: Iterable[Change], facts: Facts) -> Facts:
    """The facts after some changes."""
    lists: dict[str, tuple[Any, ...]] = {}
    values: dict[str, Any] = {}
    for change in changes:
        if change.kind is ChangeKind.SET:
            values[change.facts] = change.row
        else:
            rows = lists.get(change.facts, facts.lists[change.facts])
            lists[change.facts] = (*(row for row in rows if row != change.before), change.row)
    return facts.with_rows(lists, values)


def nearby(gathered: Any, bundle: Bundle) -> Facts:
    """The facts that were gathered for one request, and no others, as facts in memory."""
    vocabulary = bundle.vocabulary
    lists: dict[str, dict[Any, None]] = {row.facts: {} for row in vocabulary.rows.values() if row.facts}
    for name, record in vocabulary.entities.items():
        if (row := getattr(gathered, attribute(name))) is not None:
            lists[vocabulary.rows[record].facts][row] = None
    for name, kind in vocabulary.collections.items():
        lists[vocabulary.rows[kind.of].facts] |= dict.fromkeys(getattr(gathered, attribute(name)))
    values = {name: getattr(gathered, attribute(name)) for name in vocabulary.values}
    return facts_in_memory(
        vocabulary, "", bundle.schema_digest, {name: tuple(rows) for name, rows in lists.items()}, values
    )


def touched(change: Change, vocabulary: Vocabulary) -> frozenset[str]:
    """The fields of a request that a change could change."""
    if change.kind is ChangeKind.SET:
        found = {change.facts}
    else:
        found = {name for name, kind in vocabulary.collections.items() if kind.of == change.record}
        if vocabulary.rows[change.record].key:
            found |= {name for name, record in vocabulary.entities.items() if record == change.record}
    found |= {name for name, kind in vocabulary.properties.items() if kind.stored and kind.stored[0] in found}
    for name, table in vocabulary.derived.items():
        if any(path.split(".")[0] in found for path in source_paths(table)):
            found.add(name)
    return frozenset(found)


def possible(bundle: Bundle, compared: Comparisons, gathered: Any) -> tuple[Change, ...]:
    """Every change to the facts of a request that somebody may make and that rules could look at."""
    return tuple(_Possible(bundle, compared, gathered).changes())


class _Possible:
    def __init__(self, bundle: Bundle, compared: Comparisons, gathered: Any) -> None:
        self.bundle, self.compared, self.gathered = bundle, compared, gathered
        self.vocabulary = bundle.vocabulary
        schema = self.vocabulary.schema
        self.places = list(
            dict.fromkeys(
                declaring_field(record.name, name, schema)
                for record in schema.records.values()
                for name in record.fields
            )
        )
        self.derived = {
            declaring_field(record, path.split(".")[-1], schema)
            for table in self.vocabulary.derived.values()
            for path in source_paths(table)
            for record in (self.vocabulary.entities.get(path.split(".")[0], REQUEST),)
        }
        self.ids: dict[str, list[str]] = {}
        for name, record in self.vocabulary.entities.items():
            id = getattr(gathered, attribute(f"{name}_id"))
            if id is not None and id not in self.ids.setdefault(record, []):
                self.ids[record].append(id)

    def changes(self) -> Iterator[Change]:
        listed = {row.facts: row for row in self.vocabulary.rows.values() if row.facts}
        for name, table in self.vocabulary.changes.items():
            row = listed.get(name)
            if row is None:
                kind = self.vocabulary.values[name]
                now = getattr(self.gathered, attribute(name))
                for value in self.of(REQUEST, name, kind.type) if table.set else ():
                    if value is not None and value != now:
                        yield Change(ChangeKind.SET, name, value, now, table.set, slot=(name,))
            elif row.key:
                yield from self.entity(name, row, table)
            else:
                yield from self.added(name, row, table)
                yield from self.ended(name, row, table)

    def entity(self, name: str, row: RowType, table: ChangeTable) -> Iterator[Change]:
        present = {
            getattr(self.gathered, attribute(f"{one}_id")): getattr(self.gathered, attribute(one))
            for one, record in self.vocabulary.entities.items()
            if record == row.name
        }
        for id, found in present.items():
            if id is None:
                continue
            if found is None:
                for made in self.rows(row, {row.key: id}) if table.add and id else ():
                    yield Change(ChangeKind.ADD, name, made, None, table.add, row.name, slot=(name, id))
                continue
            for said, writers in table.fill.items():
                if getattr(found, attribute(said)) is None:
                    for value in self.of(row.name, said, row.fields[said].type):
                        if value is not None:
                            filled = dataclasses.replace(found, **{attribute(said): value})
                            yield Change(ChangeKind.FILL, name, filled, found, writers, row.name, said, (name, id))

    def added(self, name: str, row: RowType, table: ChangeTable) -> Iterator[Change]:
        if not table.add:
            return
        seen: list[Any] = []
        for kind in self.vocabulary.collections.values():
            fixed = {part: getattr(self.gathered, attribute(f"{part}_id")) for part in kind.by}
            if kind.of == row.name and all(fixed.values()):
                for made in self.rows(row, fixed):
                    if made not in seen:
                        seen.append(made)
                        yield Change(ChangeKind.ADD, name, made, None, table.add, row.name)

    def ended(self, name: str, row: RowType, table: ChangeTable) -> Iterator[Change]:
        if not table.end or not row.interval:
            return
        start, end = map(attribute, row.interval)
        at = self.gathered.at
        for collection, kind in self.vocabulary.collections.items():
            if kind.of == row.name:
                for found in dict.fromkeys(getattr(self.gathered, attribute(collection))):
                    if getattr(found, start) < at < getattr(found, end):
                        ended = dataclasses.replace(found, **{end: at})
                        yield Change(ChangeKind.END, name, ended, found, table.end, row.name, slot=(name, found))

    def rows(self, row: RowType, fixed: Mapping[str, Any]) -> Iterator[Any]:
        """Whole rows with some fields fixed, that count from now on."""
        columns: list[list[Any]] = []
        for name, kind in row.fields.items():
            if name in fixed:
                columns.append([fixed[name]])
            elif row.interval and name in row.interval:
                columns.append([self.gathered.at if name == row.interval[0] else END])
            elif kind.names:
                columns.append(list(self.ids.get(kind.names, [])))
            elif name in row.needs:
                columns.append([None])
            else:
                columns.append(self.of(row.name, name, kind.type, row.no_id_of.get(name, "")))
        names = list(row.fields)
        found: dict[Any, None] = {}
        for values in itertools.islice(itertools.product(*columns), MOST_ROWS):
            given = self.whole(row, dict(zip(names, values, strict=True)))
            if given is not None:
                found[self.bundle.classes[row.name](**{attribute(n): v for n, v in given.items()})] = None
        yield from found

    def whole(self, row: RowType, given: dict[str, Any]) -> dict[str, Any] | None:
        """The row as its own fields ask it to be; None if they ask for what is not there."""
        for name in excluded_fields(row, given.__getitem__):
            given[name] = absent_value(row, name)
        if any(given[name] is None for name in needed_fields(row, given.__getitem__)):
            return None
        return given

    # Values that rules could look at.

    def of(self, record: str, name: str, kind: Type, no_id_of: str = "") -> list[Any]:
        """The values of a field that are worth writing; the likeliest first."""
        place = declaring_field(record, name, self.vocabulary.schema)
        if isinstance(kind, Optional):
            inner = self.of(record, name, kind.of, no_id_of) if self.read(place) else []
            return [None, *inner]
        alike = self.alike(place)
        if isinstance(kind, Collection):
            # No more than is asked for: what is written here may be read.
            asked = [*self.asked(place), *self.compared.members.get(place, ())]
            return [tuple(value for value in asked if self.fits(value, kind.of))]
        if kind == INSTANT:
            return [self.gathered.at]
        if kind == DATE:
            return self.dates(name) or [self.gathered.at.date()]
        found = [value for value in alike if self.fits(value, kind)]
        if kind == BOOLEAN:
            return [True, False]
        if kind == INTEGER:
            return list(dict.fromkeys(near for value in found or [0] for near in (value, value + 1, value - 1)))
        if isinstance(kind, Enumeration):
            others = [value for value in kind.values if value not in found]
            return [*found, *others[:1]] if self.read(place) else [kind.values[0]]
        taken = {id for record, ids in self.ids.items() if record == no_id_of for id in ids}
        return [value for value in (*found, SOMEONE) if value and value not in taken]

    def read(self, place: FieldKey) -> bool:
        """Whether rules compare a field with anything, or compare what is derived from it."""
        return place in self.derived or bool(self.alike(place)) or self.compared.is_compared(place)

    def fits(self, value: Any, kind: Type) -> bool:
        if isinstance(kind, Enumeration):
            return value in kind.values
        if kind in (INTEGER, BOOLEAN):
            return isinstance(value, bool) is (kind == BOOLEAN) and isinstance(value, int)
        return isinstance(value, str)

    def asked(self, place: FieldKey) -> list[Any]:
        """The values of the request and the parameters that rules compare with a field."""
        found: dict[Any, None] = {}
        for record, name in self.same(place):
            if record == REQUEST:
                _note(found, getattr(self.gathered, attribute(name)))
            elif record == PARAMETERS:
                _note(found, getattr(self.gathered.parameters, attribute(name)))
            for one, of in self.vocabulary.entities.items():
                if of == record and (entity := getattr(self.gathered, attribute(one))) is not None:
                    _note(found, getattr(entity, attribute(name)))
        return list(found)

    def alike(self, place: FieldKey) -> list[Any]:
        """All values that rules compare with a field: the request's, constants, then those of its rows."""
        found = dict.fromkeys([*self.asked(place), *self.compared.constants_of(place)])
        for record, name in self.same(place):
            for collection, kind in self.vocabulary.collections.items():
                if kind.of == record:
                    for row in getattr(self.gathered, attribute(collection)):
                        if isinstance(value := getattr(row, attribute(name)), str):
                            found[value] = None
        return list(found)

    def same(self, place: FieldKey) -> list[tuple[str, str]]:
        """The fields that rules compare with a field, itself included."""
        return [(record, name) for record, name in self.compared.same_class(place, self.places)]

    def dates(self, name: str) -> list[date]:
        """Birth dates on either side of an age."""
        found: dict[date, None] = {}
        for table in self.vocabulary.derived.values():
            if source_paths(table)[0].endswith(f".{name}"):
                samples = kind_of(table).sample_dates(table, self.gathered.at, lambda path: follow(self.gathered, path))
                found |= dict.fromkeys(samples)
        return list(found)


def _note(found: dict[Any, None], value: Any) -> None:
    for each in value if isinstance(value, tuple) else (value,):
        if isinstance(each, str | int):
            found[each] = None

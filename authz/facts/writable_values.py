"""The values that a change may write into a field so that it can affect a rule: those that rules compare with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from authz.analysis.comparisons import Comparisons, FieldKey, declaring_field
from authz.bundle.derived import kind_of, source_paths
from authz.bundle.vocabulary import PARAMETERS, REQUEST, Vocabulary, attribute
from authz.facts.gather import follow
from authz.instants import BEGIN, END
from authz.language.types import BOOLEAN, DATE, INSTANT, INTEGER, Collection, Enumeration, Optional, Type

UNKNOWN_PERSON = "someone"
"""An id that no record has, where a row names a person who is no record."""


@dataclass(frozen=True, slots=True)
class WritableValues:
    """What the values of one gathered record, and the rules, say of the values that are worth writing."""

    vocabulary: Vocabulary
    comparisons: Comparisons
    gathered: Any
    fields: tuple[FieldKey, ...]
    """All fields of the schema, each by the record type that declares it."""
    derived_from: frozenset[FieldKey]
    ids: Mapping[str, tuple[str, ...]]
    """The ids that the request names, by record type."""

    def of_field(self, record: str, name: str, type_: Type, no_id_of: str = "") -> list[Any]:
        """The values of a field, the likeliest first; `no_id_of` is a record type whose ids it must not hold."""
        field = declaring_field(record, name, self.vocabulary.schema)
        if isinstance(type_, Optional):
            inner = self.of_field(record, name, type_.of, no_id_of) if self._is_read(field) else []
            return [None, *inner]
        if isinstance(type_, Collection):
            # No constants of other rules: a list grants all that is in it, so it holds what the request needs alone.
            needed = [*self._of_request(field), *self.comparisons.members.get(field, ())]
            return [tuple(value for value in needed if _fits(value, type_.of))]
        if type_ == INSTANT:
            return [self.gathered.at]
        if type_ == DATE:
            return self._dates(name) or [self.gathered.at.date()]
        if type_ == BOOLEAN:
            return [True, False]
        compared = [value for value in self._compared(field) if _fits(value, type_)]
        if type_ == INTEGER:
            return list(dict.fromkeys(near for value in compared or [0] for near in (value, value + 1, value - 1)))
        if isinstance(type_, Enumeration):
            others = [value for value in type_.values if value not in compared]
            return [*compared, *others[:1]] if self._is_read(field) else [type_.values[0]]
        taken = self.ids.get(no_id_of, ())
        return [value for value in (*compared, UNKNOWN_PERSON) if value and value not in taken]

    def ids_of(self, record: str, name: str, names: str) -> list[str | None]:
        """The ids of record type `names` that a field may hold: the request's, then those that rules compare it with.

        Other ids are not gathered: where there is none, a phrase stands for any id. A field that may be absent is tried
        absent too, after the ids of the request.
        """
        field = declaring_field(record, name, self.vocabulary.schema)
        absent = [None] if isinstance(self.vocabulary.schema.records[record].fields[name].type, Optional) else []
        compared = (value for value in self._compared(field) if isinstance(value, str))
        ids = list(dict.fromkeys([*self.ids.get(names, ()), *absent, *compared]))
        return ids if any(ids) else [*ids, f"some {names}"]

    def _is_read(self, field: FieldKey) -> bool:
        """Whether rules read a field, or something derived from it."""
        return field in self.derived_from or field in self.comparisons.read

    def _compared(self, field: FieldKey) -> list[Any]:
        """All values that rules compare with a field: the request's, constants, then those of gathered rows."""
        values = dict.fromkeys([*self._of_request(field), *self.comparisons.constants_of(field)])
        for record, name in self.comparisons.same_class(field, self.fields):
            for collection, kind in self.vocabulary.collections.items():
                if kind.of == record:
                    column = (getattr(row, attribute(name)) for row in getattr(self.gathered, attribute(collection)))
                    values |= dict.fromkeys(value for value in column if isinstance(value, str | int))
        return list(values)

    def _of_request(self, field: FieldKey) -> list[Any]:
        """The values of the request, its records and the parameters that rules compare with a field."""
        values: dict[Any, None] = {}
        for record, name in self.comparisons.same_class(field, self.fields):
            if record == REQUEST:
                values |= _scalars(getattr(self.gathered, attribute(name)))
            elif record == PARAMETERS:
                values |= _scalars(getattr(self.gathered.parameters, attribute(name)))
            for entity, of in self.vocabulary.entities.items():
                if of == record and (known := getattr(self.gathered, attribute(entity))) is not None:
                    values |= _scalars(getattr(known, attribute(name)))
        return list(values)

    def _dates(self, name: str) -> list[date]:
        """Dates of a field for which a derived field, such as an age, lies on either side of an instant.

        The instants are the one decided at, then those of gathered rows that rules compare the derived field with.
        """
        dates: dict[date, None] = {}
        tables = [(field, t) for field, t in self.vocabulary.derived.items() if source_paths(t)[0].endswith(f".{name}")]
        instants = dict.fromkeys([self.gathered.at, *(each for field, _ in tables for each in self._instants(field))])
        for instant in instants:
            for _, table in tables:
                samples = kind_of(table).sample_dates(table, instant, lambda path: follow(self.gathered, path))
                dates |= dict.fromkeys(samples)
        return list(dates)

    def _instants(self, derived: str) -> list[datetime]:
        """The instants in gathered rows that rules compare a derived field with, the latest first."""
        instants: set[datetime] = set()
        for record, name in self.comparisons.same_class((REQUEST, derived), self.fields):
            for collection, kind in self.vocabulary.collections.items():
                if kind.of == record:
                    instants |= {getattr(row, attribute(name)) for row in getattr(self.gathered, attribute(collection))}
        return sorted((each for each in instants if isinstance(each, datetime) and BEGIN < each < END), reverse=True)


def writable_values(vocabulary: Vocabulary, comparisons: Comparisons, gathered: Any) -> WritableValues:
    """The writable values of one gathered record."""
    schema = vocabulary.schema
    fields = (declaring_field(kind.name, name, schema) for kind in schema.records.values() for name in kind.fields)
    derived_from = (
        declaring_field(vocabulary.entities.get(path.split(".")[0], REQUEST), path.split(".")[-1], schema)
        for table in vocabulary.derived.values()
        for path in source_paths(table)
    )
    ids: dict[str, dict[str, None]] = {}
    for name, record in vocabulary.entities.items():
        id = getattr(gathered, attribute(f"{name}_id"))
        ids.setdefault(record, {}).update({} if id is None else {id: None})
    return WritableValues(
        vocabulary,
        comparisons,
        gathered,
        tuple(dict.fromkeys(fields)),
        frozenset(derived_from),
        {record: tuple(known) for record, known in ids.items()},
    )


def _fits(value: Any, type_: Type) -> bool:
    if isinstance(type_, Enumeration):
        return value in type_.values
    if type_ in (INTEGER, BOOLEAN):
        return isinstance(value, bool) is (type_ == BOOLEAN) and isinstance(value, int)
    return isinstance(value, str)


def _scalars(value: Any) -> dict[Any, None]:
    """The strings and numbers in a field's value, which may be a list."""
    values: Iterable[Any] = value if isinstance(value, tuple) else (value,)
    return dict.fromkeys(each for each in values if isinstance(each, str | int))

"""Values for the edits of a world, drawn from their types, the rules and the landmarks of the world."""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from authz.analysis.comparisons import declaring_field
from authz.bundle.constraints import absent_value, excluded_fields, needed_fields
from authz.bundle.vocabulary import PARAMETERS, REQUEST, RowType, attribute
from authz.engine.policy import Policy
from authz.facts.document import row_problems
from authz.facts.store import Row
from authz.instants import BEGIN, END
from authz.language.types import BOOLEAN, DATE, INSTANT, INTEGER, STRING, Collection, Enumeration, Optional, Type
from authz.verify.landmarks import Landmarks
from authz.verify.worlds import OUTSIDE, World

Draw = Callable[[int], int]
"""Draws an integer from 0 up to, and not at, a bound."""
MICROSECOND = timedelta(microseconds=1)
OFFSETS = (timedelta(0), timedelta(0), MICROSECOND, -MICROSECOND)


class Values:
    """Draws values near one seed. Mutable: it remembers the texts that it has looked up."""

    def __init__(self, policy: Policy, seed: World, landmarks: Landmarks) -> None:
        self.policy, self.vocabulary, self.landmarks = policy, policy.bundle.vocabulary, landmarks
        self._lists = seed.facts.lists
        self._texts: dict[tuple[str, str], list[str]] = {}

    def row(self, draw: Draw, world: World, kind: RowType) -> Row | None:
        """A row, mostly of the ids that the request names; None if what was drawn is not valid."""
        fields: dict[str, Any] = {}
        for name in kind.fields:
            requested = self.requested_id(world, kind.fields[name].names)
            if requested is not None and draw(8) < 7:
                fields[name] = requested
            elif kind.interval and name in kind.interval and draw(2) == 0:
                fields[name] = absent_value(kind, name)
            else:
                fields[name] = self.field(draw, world, kind, name, None)
        for name in excluded_fields(kind, fields.__getitem__):
            fields[name] = absent_value(kind, name)
        row = self.policy.bundle.classes[kind.name](**{attribute(name): value for name, value in fields.items()})
        return None if row_problems(kind, row, world.facts) else row

    def completed(self, draw: Draw, world: World, kind: RowType, row: Row) -> Row:
        """A row with the fields that its values need, and without those that they exclude."""

        def value_of(name: str) -> Any:
            return getattr(row, attribute(name))

        changes = {attribute(name): absent_value(kind, name) for name in excluded_fields(kind, value_of)}
        for name in sorted(needed_fields(kind, value_of)):
            if value_of(name) == absent_value(kind, name):
                changes[attribute(name)] = self.field(draw, world, kind, name, None)
        return dataclasses.replace(row, **changes) if changes else row

    def requested_id(self, world: World, record: str) -> str | None:
        """The id that the request names of a record type, if there is such a record; none for no type."""
        if not record:
            return None
        subject, resource = self.vocabulary.parties
        request = world.request
        named = [(subject.record, request.subject_id), (resource.record, request.resource_id)]
        named += [(p.names, request.properties[n]) for n, p in self.vocabulary.properties.items() if p.names]
        known = self.landmarks.ids[record]
        return next((id for type, id in named if type == record and id in known), None)

    def concerns_request(self, world: World, kind: RowType, row: Row) -> bool:
        """Whether each id in a row is the one that the request names, where it names one."""
        if kind.key:
            return bool(getattr(row, attribute(kind.key)) == self.requested_id(world, kind.name))
        pairs = ((self.requested_id(world, field.names), name) for name, field in kind.fields.items() if field.names)
        return all(id is None or id == getattr(row, attribute(name)) for id, name in pairs)

    def field(self, draw: Draw, world: World, kind: RowType, name: str, now: Any) -> Any:
        """A value of a row's field, of which the value is `now`."""
        field = kind.fields[name]
        if kind.interval and name in kind.interval:
            return absent_value(kind, name) if draw(4) == 3 else self.instant(draw, world, now)
        if field.names:
            ids = self.landmarks.ids[field.names] or ("nobody",)
            return None if isinstance(field.type, Optional) and draw(4) == 3 else ids[draw(len(ids))]
        return self.of_type(draw, world, declaring_field(kind.name, name, self.vocabulary.schema), field.type, now)

    def of_type(self, draw: Draw, world: World, place: tuple[str, ...], kind: Type, now: Any) -> Any:
        """A value of a type, from what the rules compare with its place and what the world knows."""
        if isinstance(kind, Optional):
            return None if draw(4) == 3 else self.of_type(draw, world, place, kind.of, now)
        if isinstance(kind, Collection):
            return self._collection(draw, world, place, kind, now if isinstance(now, tuple) else ())
        if kind == INSTANT:
            return self.instant(draw, world, now)
        choices: Sequence[Any]
        if kind == DATE:
            choices = self.landmarks.dates
        elif isinstance(kind, Enumeration):
            choices = kind.values
        elif kind == BOOLEAN:
            choices = (True, False)
        elif kind == INTEGER:
            constants = self._constants(place)
            near = [each for each in (*constants, now, 0) if isinstance(each, int) and not isinstance(each, bool)]
            choices = sorted({each + by for each in near for by in (-1, 0, 1)})
        else:
            choices = self._words(place)
        return choices[draw(len(choices))]

    def instant(self, draw: Draw, world: World, now: Any = None) -> datetime:
        """The request's instant, a derived one, any other landmark, or the value as it is; often a microsecond off."""
        landmarks = self.landmarks
        groups = [(world.at,), (world.at, *landmarks.derived), landmarks.instants, landmarks.instants]
        if isinstance(now, datetime) and BEGIN < now < END:
            groups.append((now,))
        group = groups[draw(len(groups))]
        instant = group[draw(len(group))]
        moved = instant + OFFSETS[draw(len(OFFSETS))]
        return moved if BEGIN < moved < END else instant

    def _collection(self, draw: Draw, world: World, place: tuple[str, ...], kind: Collection, now: Any) -> Any:
        """All values of an enumeration, or the value as it is with one item more or less."""
        item = self.of_type(draw, world, place, kind.of, None)
        if draw(3) == 2:
            return (*(kind.of.values if isinstance(kind.of, Enumeration) else now),)
        return tuple(each for each in now if each != item) if item in now else (*now, item)

    def _constants(self, place: tuple[str, ...]) -> Sequence[Any]:
        return list(self.policy.analyses.comparisons.constants_of(place))

    def _words(self, place: tuple[str, ...]) -> list[str]:
        """Texts that rules compare with a place: constants, texts of rows, ids, parameters, and an unknown one."""
        key = (place[0], place[-1])
        if key not in self._texts:
            words = [each for each in self._constants(place) if isinstance(each, str)]
            words += self._row_texts(place)
            compared = self.policy.analyses.comparisons
            for name, record in self.vocabulary.entities.items():
                if compared.same_class(place, [(REQUEST, f"{name}_id")]):
                    words += self.landmarks.ids[record]
            for name, type in self.vocabulary.parameter_types.items():
                if type == Collection(STRING) and compared.same_class(place, [(PARAMETERS, name)]):
                    words += getattr(self.policy.parameters, attribute(name))
            self._texts[key] = list(dict.fromkeys([*words, OUTSIDE]))
        return self._texts[key]

    def _row_texts(self, place: tuple[str, ...]) -> list[str]:
        """The texts in fields of rows that rules compare with a place."""
        texts: list[str] = []
        comparisons = self.policy.analyses.comparisons
        for kind in self.vocabulary.rows.values():
            for name, field in kind.fields.items() if kind.facts else ():
                other = declaring_field(kind.name, name, self.vocabulary.schema)
                if field.type in (STRING, Optional(STRING)) and comparisons.same_class(place, [other]):
                    values = (getattr(row, attribute(name)) for row in self._lists[kind.facts])
                    texts += (value for value in values if isinstance(value, str))
        return texts

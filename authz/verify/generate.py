"""Worlds near the line: a pure function from a short list of integers to facts, a request and parameters.

Worlds drawn evenly are refused for ten reasons at once and test almost nothing. A world here is one that permits (a
bundle's own scenario, or a plain one mended until it does), edited up to three times: a row dropped, doubled or added,
a field redrawn from what its type, the rules and the world know, an instant moved to a boundary or a microsecond off.
Everything comes from the vocabulary and the rules, so any bundle will do. All zeros give the first world as it is.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from authz.analysis.comparisons import declaring_field
from authz.bundle.constraints import absent_value, excluded_fields
from authz.bundle.derived import kind_of, sample_instants
from authz.bundle.vocabulary import PARAMETERS, REQUEST, FieldKind, RowType, attribute
from authz.engine.expiry import STEP
from authz.engine.policy import Policy
from authz.facts.document import row_problems
from authz.facts.gather import follow
from authz.facts.serialize import value_as_data
from authz.facts.store import Row
from authz.instants import BEGIN, END
from authz.language.diagnostics import DiagnosticError
from authz.language.types import BOOLEAN, DATE, INSTANT, INTEGER, STRING, Collection, Enumeration, Optional, Type
from authz.verify.worlds import OUTSIDE, World, decide

Draw = Callable[[int], int]
"""Draws an integer from 0 up to, and not at, a bound."""
MICROSECOND = timedelta(microseconds=1)
EDITS = (0, 1, 1, 2, 2, 3)


def replay(numbers: Sequence[int]) -> Draw:
    """Draws these numbers, and then zeros."""
    following = iter(numbers)
    return lambda bound: next(following, 0) % bound


class Worlds:
    """Draws worlds for one policy, near those that `seeds` are: those that permit come first."""

    def __init__(self, policy: Policy, seeds: Sequence[World]) -> None:
        self.policy, self.vocabulary, self.seeds = policy, policy.bundle.vocabulary, seeds
        self.listed = policy.analyses.facts_reader.lists
        self.permitting = next((i for i, seed in enumerate(seeds) if not decide(policy, seed)), len(seeds))
        self._near: dict[int, _Near] = {}
        self._policies: dict[str, Policy] = {"{}": policy}

    def world(self, numbers: Sequence[int]) -> World:
        """The world of a list of integers."""
        return self.draw(replay(numbers))

    def draw(self, draw: Draw) -> World:
        """One world."""
        # Two of three worlds are near a permit, where there is one.
        index = draw(len(self.seeds) if draw(3) == 2 else self.permitting or len(self.seeds))
        return self.near(index).draw(draw)

    def near(self, index: int) -> "_Near":
        """What is known near one of the worlds begun with."""
        if index not in self._near:
            self._near[index] = _Near(self, dataclasses.replace(self.seeds[index], seed=index))
        return self._near[index]

    def policy_of(self, world: World) -> Policy:
        """The policy with a world's parameters."""
        key = repr(world.parameters)
        if key not in self._policies:
            self._policies[key] = self.policy.with_parameters(world.parameters)
        return self._policies[key]

    def gathered(self, world: World) -> Any:
        """The records of a world's request."""
        policy = self.policy_of(world)
        return policy.analyses.gather(world.request, world.facts, world.at, policy.parameters)

    def row(self, draw: Draw, world: World, name: str) -> Row | None:
        """A row that a list could have, whole; None if what was drawn is not."""
        near = _Near(self, world) if world.seed < 0 else self.near(world.seed)
        return near.row(draw, world, self.listed[name])

    def with_row(self, world: World, name: str, row: Row) -> World:
        """The world with one row more."""
        return self.with_rows(world, {name: (*world.facts.lists[name], row)})

    def with_rows(self, world: World, lists: Mapping[str, tuple[Row, ...]]) -> World:
        """The world with some lists as given."""
        return dataclasses.replace(world, facts=world.facts.with_rows(lists))


class _Near:
    """What one world knows: the values that edits of it draw from."""

    def __init__(self, worlds: Worlds, seed: World) -> None:
        self.worlds, self.seed, self.vocabulary = worlds, seed, worlds.vocabulary
        self.policy = worlds.policy
        self.lists = seed.facts.lists
        self.ids = {kind.name: list(seed.facts.ids(kind.name)) for kind in worlds.listed.values() if kind.key}
        gathered = worlds.gathered(seed)
        found = {seed.at, *self.policy.analyses.instants_read(gathered, BEGIN + STEP)}
        dates: set[date] = set()
        for rows in self.lists.values():
            for row in rows:
                for one in dataclasses.fields(row):
                    value = getattr(row, one.name)
                    if isinstance(value, datetime):
                        found.add(value)
                    elif isinstance(value, date):
                        dates.add(value)

        def value_at(path: str) -> Any:
            return follow(gathered, path)

        for table in self.vocabulary.derived.values():
            dates |= set(kind_of(table).sample_dates(table, seed.at, value_at))
            found |= set(sample_instants(table, self.vocabulary.schema, dates, value_at))
        self.instants = sorted(found - {BEGIN, END}) or [seed.at]
        self.dates = sorted(dates) or [seed.at.date()]
        self.texts: dict[tuple[str, str], list[str]] = {}
        self.edits: tuple[Callable[[Draw, World], World], ...] = (
            self.move_instant,
            self.redraw_field,
            self.add_row,
            self.drop_row,
            self.double_row,
            self.redraw_field,
            self.redraw_request,
            self.move_instant,
            self.add_row,
            self.redraw_value,
            self.redraw_parameter,
        )

    def draw(self, draw: Draw) -> World:
        world = self.seed
        for _ in range(EDITS[draw(len(EDITS))]):
            world = self.edits[draw(len(self.edits))](draw, world)
        return world

    # Edits: each gives the world as it is where what was drawn is not whole.

    def changed(self, world: World, name: str, rows: tuple[Row, ...], row: Row | None = None) -> World:
        if row is not None and row_problems(self.worlds.listed[name], row, world.facts):
            return world
        return self.worlds.with_rows(world, {name: rows})

    def some_row(self, draw: Draw, world: World, keyed: bool) -> tuple[str, int] | None:
        places = [
            (name, index)
            for name, rows in world.facts.lists.items()
            if keyed or not self.worlds.listed[name].key
            for index in range(len(rows))
        ]
        return places[draw(len(places))] if places else None

    def redrawn(self, draw: Draw, world: World, name: str, row: Row) -> Row | None:
        """The row with one field, not its id, drawn anew."""
        kind = self.worlds.listed[name]
        names = [one for one in kind.fields if one != kind.key]
        if not names:
            return None
        own = names[draw(len(names))]
        value = self.value(draw, world, kind, own, getattr(row, attribute(own)))
        return dataclasses.replace(row, **{attribute(own): value})

    def redraw_field(self, draw: Draw, world: World) -> World:
        place = self.some_row(draw, world, True)
        if place is None:
            return world
        name, index = place
        rows = world.facts.lists[name]
        row = self.redrawn(draw, world, name, rows[index])
        return world if row is None else self.changed(world, name, (*rows[:index], row, *rows[index + 1 :]), row)

    def drop_row(self, draw: Draw, world: World) -> World:
        place = self.some_row(draw, world, False)
        if place is None:
            return world
        name, index = place
        rows = world.facts.lists[name]
        return self.changed(world, name, (*rows[:index], *rows[index + 1 :]))

    def double_row(self, draw: Draw, world: World) -> World:
        place = self.some_row(draw, world, False)
        if place is None:
            return world
        name, index = place
        rows = world.facts.lists[name]
        row = self.redrawn(draw, world, name, rows[index])
        return world if row is None else self.changed(world, name, (*rows, row), row)

    def add_row(self, draw: Draw, world: World) -> World:
        names = [name for name, kind in self.worlds.listed.items() if not kind.key]
        if not names:
            return world
        name = names[draw(len(names))]
        row = self.row(draw, world, self.worlds.listed[name])
        return world if row is None else self.changed(world, name, (*world.facts.lists[name], row))

    def redraw_request(self, draw: Draw, world: World) -> World:
        subject, resource = self.vocabulary.parties
        request = world.request
        names = [subject.type, resource.type, "action", *self.vocabulary.properties, "type"]
        name = names[draw(len(names))]
        if name == "action":
            actions = (*self.vocabulary.actions, "write_else", "read_else", "read")
            return dataclasses.replace(world, request=dataclasses.replace(request, action=actions[draw(len(actions))]))
        if name == "type":
            change: dict[str, Any] = {("subject_type", "resource_type")[draw(2)]: OUTSIDE}
            return dataclasses.replace(world, request=dataclasses.replace(request, **change))
        if name in (subject.type, resource.type):
            side, record = ("subject_id", subject.record) if name == subject.type else ("resource_id", resource.record)
            ids = [*self.ids[record], "nobody"]
            change = {side: ids[draw(len(ids))]}
            return dataclasses.replace(world, request=dataclasses.replace(request, **change))
        kind = self.vocabulary.properties[name]
        if kind.names:
            known: list[Any] = [*self.ids[kind.names], "nobody", None]
            value = known[draw(len(known))]
        else:
            value = self.of(draw, (REQUEST, name), kind.type, request.properties[name])
            value = kind.default if value is None and not kind.unknown_is_nil else value
        properties = {**request.properties, name: value}
        return dataclasses.replace(world, request=dataclasses.replace(request, properties=properties))

    def move_instant(self, draw: Draw, world: World) -> World:
        return dataclasses.replace(world, request=dataclasses.replace(world.request, at=self.instant(draw)))

    def redraw_value(self, draw: Draw, world: World) -> World:
        names = list(self.vocabulary.values)
        if not names:
            return world
        name = names[draw(len(names))]
        value = self.of(draw, (REQUEST, name), self.vocabulary.values[name].type, world.facts.values[name])
        return dataclasses.replace(world, facts=world.facts.with_rows({}, {name: value}))

    def redraw_parameter(self, draw: Draw, world: World) -> World:
        names = list(self.vocabulary.parameter_types)
        if not names:
            return world
        name = names[draw(len(names))]
        now = getattr(self.policy.bundle.parameters, attribute(name))
        value = self.of(draw, (PARAMETERS, name), self.vocabulary.parameter_types[name], now)
        moved = dataclasses.replace(world, parameters={**world.parameters, name: value_as_data(value)})
        try:
            self.worlds.policy_of(moved)
        except DiagnosticError:
            return world
        return moved

    # Rows and values.

    def row(self, draw: Draw, world: World, kind: RowType) -> Row | None:
        fields: dict[str, Any] = {}
        for name in kind.fields:
            likely = self.asked_id(world, kind.fields[name])
            if likely is not None and draw(6) < 5:
                fields[name] = likely
            elif kind.interval and name in kind.interval and draw(2) == 0:
                fields[name] = absent_value(kind, name)
            else:
                fields[name] = self.value(draw, world, kind, name, None)
        for name in excluded_fields(kind, fields.__getitem__):
            fields[name] = absent_value(kind, name)
        row = self.policy.bundle.classes[kind.name](**{attribute(name): value for name, value in fields.items()})
        return None if row_problems(kind, row, world.facts) else row

    def asked_id(self, world: World, kind: FieldKind) -> str | None:
        """The id that the request names of a record that a field names."""
        if not kind.names:
            return None
        subject, resource = self.vocabulary.parties
        request = world.request
        ids = [(subject.record, request.subject_id), (resource.record, request.resource_id)]
        ids += [(p.names, request.properties[n]) for n, p in self.vocabulary.properties.items() if p.names]
        return next((id for record, id in ids if record == kind.names and id in self.ids[kind.names]), None)

    def value(self, draw: Draw, world: World, kind: RowType, name: str, now: Any) -> Any:
        """A value of a row's field; absent bounds are the ends of time."""
        own = kind.fields[name]
        if kind.interval and name in kind.interval:
            return absent_value(kind, name) if draw(4) == 3 else self.instant(draw)
        if own.names:
            ids = self.ids[own.names] or ["nobody"]
            return None if isinstance(own.type, Optional) and draw(4) == 3 else ids[draw(len(ids))]
        return self.of(draw, declaring_field(kind.name, name, self.vocabulary.schema), own.type, now)

    def of(self, draw: Draw, place: tuple[str, ...], kind: Type, now: Any) -> Any:
        """A value of a type, from what the rules compare with its place and what the world knows."""
        if isinstance(kind, Optional):
            return None if draw(4) == 3 else self.of(draw, place, kind.of, now)
        if isinstance(kind, Collection):
            found = self.of(draw, place, kind.of, None)
            now = now if isinstance(now, tuple) else ()
            if draw(3) == 2:
                return (*(kind.of.values if isinstance(kind.of, Enumeration) else now),)
            return tuple(each for each in now if each != found) if found in now else (*now, found)
        if kind == INSTANT:
            return self.instant(draw)
        choices: Sequence[Any]
        if kind == DATE:
            choices = self.dates
        elif isinstance(kind, Enumeration):
            choices = kind.values
        elif kind == BOOLEAN:
            choices = (True, False)
        elif kind == INTEGER:
            constants = self.constants(place)
            near = [each for each in (*constants, now, 0) if isinstance(each, int) and not isinstance(each, bool)]
            choices = sorted({each + by for each in near for by in (-1, 0, 1)})
        else:
            choices = self.words(place)
        return choices[draw(len(choices))]

    def constants(self, place: tuple[str, ...]) -> Sequence[Any]:
        return list(self.policy.analyses.comparisons.constants_of(place))

    def words(self, place: tuple[str, ...]) -> list[str]:
        """Texts that rules compare with a place: constants, what rows and ids have there, and one that nobody knows."""
        key = (place[0], place[-1])
        if key not in self.texts:
            found = [each for each in self.constants(place) if isinstance(each, str)]
            schema, compared = self.vocabulary.schema, self.policy.analyses.comparisons
            for kind in self.worlds.listed.values():
                for name, own in kind.fields.items():
                    if own.type in (STRING, Optional(STRING)) and compared.same_class(
                        place, [declaring_field(kind.name, name, schema)]
                    ):
                        found += [
                            value
                            for row in self.lists[kind.facts]
                            if isinstance(value := getattr(row, attribute(name)), str)
                        ]
            for name, record in self.vocabulary.entities.items():
                if compared.same_class(place, [(REQUEST, f"{name}_id")]):
                    found += self.ids[record]
            for name, type in self.vocabulary.parameter_types.items():
                if type == Collection(STRING) and compared.same_class(place, [(PARAMETERS, name)]):
                    found += getattr(self.policy.parameters, attribute(name))
            self.texts[key] = list(dict.fromkeys([*found, OUTSIDE]))
        return self.texts[key]

    def instant(self, draw: Draw) -> datetime:
        """One of the world's instants, or a microsecond beside it."""
        moment = self.instants[draw(len(self.instants))]
        moved = moment + (timedelta(0), MICROSECOND, -MICROSECOND)[draw(3)]
        return moved if BEGIN < moved < END else moment

"""Edits of a world: one row, field, instant, request property or parameter changed.

An edit gives the world as it is where what was drawn is not valid.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from authz.bundle.vocabulary import PARAMETERS, REQUEST, attribute
from authz.facts.document import row_problems
from authz.facts.serialize import value_as_data
from authz.facts.store import Row
from authz.language.diagnostics import DiagnosticError
from authz.verify.values import Draw, Values
from authz.verify.worlds import OUTSIDE, World

Edit = Callable[[Draw, World, Values], World]


def with_rows(world: World, lists: Mapping[str, tuple[Row, ...]]) -> World:
    """The world with some lists replaced."""
    return dataclasses.replace(world, facts=world.facts.with_rows(lists))


def move_instant(draw: Draw, world: World, values: Values) -> World:
    """The same request at another instant."""
    return _with_request(world, at=values.instant(draw, world))


def redraw_field(draw: Draw, world: World, values: Values) -> World:
    """Another value in one field of a row."""
    place = _some_row(draw, world, values, keyed=True)
    return world if place is None else _with_redrawn(draw, world, values, place, double=False)


def double_row(draw: Draw, world: World, values: Values) -> World:
    """A second row that differs from one in the facts in one field."""
    place = _some_row(draw, world, values, keyed=False)
    return world if place is None else _with_redrawn(draw, world, values, place, double=True)


def add_row(draw: Draw, world: World, values: Values) -> World:
    """A new row."""
    kinds = [kind for kind in values.vocabulary.rows.values() if kind.facts and not kind.key]
    if not kinds:
        return world
    kind = kinds[draw(len(kinds))]
    row = values.row(draw, world, kind)
    return world if row is None else _with_list(world, kind.facts, (*world.facts.lists[kind.facts], row))


def drop_row(draw: Draw, world: World, values: Values) -> World:
    """A row less."""
    place = _some_row(draw, world, values, keyed=False)
    if place is None:
        return world
    name, index = place
    rows = world.facts.lists[name]
    return _with_list(world, name, (*rows[:index], *rows[index + 1 :]))


def interrupt_row(draw: Draw, world: World, values: Values) -> World:
    """A row with an interval ends at an instant, and begins again then or at another one."""
    place = _some_row(draw, world, values, keyed=False)
    kind = values.policy.analyses.facts_reader.lists[place[0]] if place else None
    if place is None or kind is None or not kind.interval:
        return world
    name, index = place
    rows = world.facts.lists[name]
    start, end = map(attribute, kind.interval)
    instant = values.instant(draw, world)
    again = values.instant(draw, world) if draw(3) else instant
    pair = [dataclasses.replace(rows[index], **{end: instant}), dataclasses.replace(rows[index], **{start: again})]
    if any(row_problems(kind, row, world.facts) for row in pair):
        return world
    return _with_list(world, name, (*rows[:index], *pair, *rows[index + 1 :]))


def redraw_request(draw: Draw, world: World, values: Values) -> World:
    """Another subject, resource, action, property or type in the request."""
    vocabulary, request = values.vocabulary, world.request
    subject, resource = vocabulary.parties
    names = [subject.type, resource.type, "action", *vocabulary.properties, "type"]
    name = names[draw(len(names))]
    if name == "action":
        actions = (*vocabulary.actions, "write_else", "read_else", "read")
        return _with_request(world, action=actions[draw(len(actions))])
    if name == "type":
        return _with_request(world, **{("subject_type", "resource_type")[draw(2)]: OUTSIDE})
    if name in (subject.type, resource.type):
        side, record = ("subject_id", subject.record) if name == subject.type else ("resource_id", resource.record)
        ids = (*values.landmarks.ids[record], "nobody")
        return _with_request(world, **{side: ids[draw(len(ids))]})
    kind = vocabulary.properties[name]
    if kind.names:
        known: tuple[Any, ...] = (*values.landmarks.ids[kind.names], "nobody", None)
        value = known[draw(len(known))]
    else:
        value = values.of_type(draw, world, (REQUEST, name), kind.type, request.properties[name])
        value = kind.default if value is None and not kind.unknown_is_nil else value
    return _with_request(world, properties={**request.properties, name: value})


def redraw_value(draw: Draw, world: World, values: Values) -> World:
    """Another value of a fact that is one value."""
    kinds = values.vocabulary.values
    if not kinds:
        return world
    name = list(kinds)[draw(len(kinds))]
    value = values.of_type(draw, world, (REQUEST, name), kinds[name].type, world.facts.values[name])
    return dataclasses.replace(world, facts=world.facts.with_rows({}, {name: value}))


def redraw_parameter(draw: Draw, world: World, values: Values) -> World:
    """Another value of a parameter."""
    types = values.vocabulary.parameter_types
    if not types:
        return world
    name = list(types)[draw(len(types))]
    now = getattr(values.policy.bundle.parameters, attribute(name))
    value = values.of_type(draw, world, (PARAMETERS, name), types[name], now)
    parameters = {**world.parameters, name: value_as_data(value)}
    try:
        values.policy.with_parameters(parameters)
    except DiagnosticError:
        return world
    return dataclasses.replace(world, parameters=parameters)


EDITS: tuple[Edit, ...] = (
    move_instant,
    redraw_field,
    add_row,
    drop_row,
    double_row,
    redraw_field,
    redraw_request,
    interrupt_row,
    add_row,
    redraw_value,
    redraw_parameter,
    redraw_field,
    double_row,
)
"""The edits, some more than once: each place is drawn as often."""


def _with_request(world: World, **changes: Any) -> World:
    return dataclasses.replace(world, request=dataclasses.replace(world.request, **changes))


def _with_list(world: World, name: str, rows: tuple[Row, ...]) -> World:
    return with_rows(world, {name: rows})


def _some_row(draw: Draw, world: World, values: Values, keyed: bool) -> tuple[str, int] | None:
    """The list and index of a row, three times of four one that concerns the request; `keyed`: records with ids too."""
    listed = values.policy.analyses.facts_reader.lists
    places = [
        (name, index, values.concerns_request(world, listed[name], row))
        for name, rows in world.facts.lists.items()
        if keyed or not listed[name].key
        for index, row in enumerate(rows)
    ]
    concerned = [place for place in places if place[2]]
    if draw(4) != 3 and concerned:
        places = concerned
    return places[draw(len(places))][:2] if places else None


def _with_redrawn(draw: Draw, world: World, values: Values, place: tuple[str, int], double: bool) -> World:
    """The world with one field of a row, not its id, drawn anew: in its place, or in a second row."""
    name, index = place
    rows, kind = world.facts.lists[name], values.policy.analyses.facts_reader.lists[name]
    fields = [field for field in kind.fields if field != kind.key]
    if not fields:
        return world
    field = fields[draw(len(fields))]
    value = values.field(draw, world, kind, field, getattr(rows[index], attribute(field)))
    row = values.completed(draw, world, kind, dataclasses.replace(rows[index], **{attribute(field): value}))
    if row_problems(kind, row, world.facts):
        return world
    return _with_list(world, name, (*rows, row) if double else (*rows[:index], row, *rows[index + 1 :]))

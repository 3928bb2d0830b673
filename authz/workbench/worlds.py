"""Worlds near the line: a bundle's own situations with a few facts redrawn, from the vocabulary alone.

Uniformly random worlds are refused for ten reasons at once and test almost nothing. A world here is one of the
bundle's scenarios (or, without any, a plain world made from the vocabulary), edited up to twice: a row dropped,
doubled or added, a field redrawn from the values that its type and the worlds know, an instant moved to a boundary.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from authz.bundles.vocabulary import FieldKind, RowType, Vocabulary
from authz.deciding.decision import Decision
from authz.documents import inspect_document
from authz.instants import format_instant, parse_instant
from authz.language.faults import Faulty
from authz.language.formula import Constant, values
from authz.language.types import BOOLEAN, DATE, INSTANT, INTEGER, Collection, Enumeration, Optional, Type
from authz.policy import Policy
from authz.workbench.scenarios import scenario_files

Draw = Callable[[int], int]
"""Draws an integer from 0 up to, and not at, a bound; a stream of zeros draws the first scenario as it is."""

NOON = "2025-03-10T12:00:00Z"


@dataclass(slots=True)
class World:
    """A facts document, a request and parameters, as they stand in a scenario."""

    facts: dict[str, Any]
    request: dict[str, Any]
    parameters: dict[str, Any] = field(default_factory=dict)


class Worlds:
    """Draws worlds for one policy."""

    def __init__(self, policy: Policy, seeds: Sequence[World] = ()) -> None:
        self.policy, self.vocabulary = policy, policy.bundle.vocabulary
        self.seeds = list(seeds) or [plain_world(self.vocabulary)]
        self.kinds = [row for row in self.vocabulary.rows.values() if row.facts]
        self.constants = list(
            dict.fromkeys(
                value.value
                for rules in policy.bundle.program.rules.values()
                for rule in rules
                for value in (*values(rule.body), *rule.parameters)
                if isinstance(value, Constant)
            )
        )

    def draw(self, draw: Draw) -> World:
        """One world; all zeros give the first seed."""
        world = copy.deepcopy(self.seeds[draw(len(self.seeds))])
        edits = (
            self.redraw_field,
            self.drop_row,
            self.double_row,
            self.redraw_request,
            self.move_instant,
            self.redraw_parameter,
        )
        for _ in range((0, 1, 1, 2)[draw(4)]):
            edits[draw(len(edits))](draw, world)
        return world

    def rows(self, world: World) -> list[tuple[RowType, dict[str, Any]]]:
        return [(kind, row) for kind in self.kinds for row in world.facts.get(kind.facts, ())]

    def redraw_field(self, draw: Draw, world: World) -> None:
        rows = self.rows(world)
        if rows:
            kind, row = rows[draw(len(rows))]
            names = [name for name in kind.fields if name != kind.key]
            if names:
                name = names[draw(len(names))]
                _put(row, name, self.value(draw, world, kind.fields[name], row.get(name)))

    def drop_row(self, draw: Draw, world: World) -> None:
        kinds = [kind for kind in self.kinds if world.facts.get(kind.facts) and not kind.key]
        if kinds:
            rows = world.facts[kinds[draw(len(kinds))].facts]
            rows.pop(draw(len(rows)))

    def double_row(self, draw: Draw, world: World) -> None:
        rows = [(kind, row) for kind, row in self.rows(world) if not kind.key]
        if rows:
            kind, row = rows[draw(len(rows))]
            twin = copy.deepcopy(row)
            world.facts[kind.facts].append(twin)
            name = list(kind.fields)[draw(len(kind.fields))]
            _put(twin, name, self.value(draw, world, kind.fields[name], twin.get(name)))

    def redraw_request(self, draw: Draw, world: World) -> None:
        if {"subject", "resource"} & world.request.keys():
            return
        subject, resource = self.vocabulary.parties
        names = [subject.type, "action", resource.type, *self.vocabulary.properties]
        name = names[draw(len(names))]
        if name == "action":
            actions = (*self.vocabulary.actions, "write_else", "read_else", "read")
            world.request["action"] = actions[draw(len(actions))]
            return
        record = {subject.type: subject.record, resource.type: resource.record}.get(name)
        if record is None and (kind := self.vocabulary.properties[name]).names == "":
            _put(world.request, name, self.value(draw, world, FieldKind(kind.type), world.request.get(name)))
            return
        ids: list[Any] = [*self.ids(world, record or self.vocabulary.properties[name].names), "nobody"]
        _put(world.request, name, [*ids, None][draw(len(ids) + (record is None))])

    def move_instant(self, draw: Draw, world: World) -> None:
        if "at" in world.request:
            world.request["at"] = self.instant(draw, world)

    def redraw_parameter(self, draw: Draw, world: World) -> None:
        names = list(self.vocabulary.parameter_types)
        if names:
            name = names[draw(len(names))]
            _put(
                world.parameters, name, self.value(draw, world, FieldKind(self.vocabulary.parameter_types[name]), None)
            )

    # Values.

    def value(self, draw: Draw, world: World, kind: FieldKind, now: Any) -> Any:
        """A value of a declared type, from what the world and the rules know of; None is absent."""
        if isinstance(kind.type, Optional):
            if draw(4) == 3:
                return None
            return self.value(draw, world, FieldKind(kind.type.of, kind.names), now)
        if isinstance(kind.type, Collection):
            found = self.of(draw, world, FieldKind(kind.type.of), None)
            return (
                [item for item in now if item != found]
                if isinstance(now, list) and found in now
                else [*(now or ()), found]
            )
        return self.of(draw, world, kind, now)

    def of(self, draw: Draw, world: World, kind: FieldKind, now: Any) -> Any:
        choices: list[Any]
        if kind.names:
            choices = self.ids(world, kind.names) or ["nobody"]
        elif kind.type == INSTANT:
            return self.instant(draw, world)
        elif kind.type == DATE:
            choices = [text[:10] for text in self.instants(world)] + ["2009-03-10", "2000-02-29"]
        elif isinstance(kind.type, Enumeration):
            choices = list(kind.type.values)
        elif kind.type == BOOLEAN:
            choices = [True, False]
        elif kind.type == INTEGER:
            near = [c for c in (*self.constants, now) if isinstance(c, int) and not isinstance(c, bool)] or [0]
            choices = sorted({c + d for c in near for d in (-1, 0, 1)})
        else:
            choices = [
                *dict.fromkeys([*(c for c in self.constants if isinstance(c, str)), *self.strings(world), "other"])
            ]
        return choices[draw(len(choices))]

    def ids(self, world: World, record: str) -> list[str]:
        kind = self.vocabulary.rows[record]
        return [row[kind.key] for row in world.facts.get(kind.facts, ()) if isinstance(row.get(kind.key), str)]

    def strings(self, world: World) -> list[str]:
        return [
            value
            for _, row in self.rows(world)
            for value in row.values()
            if isinstance(value, str) and not _is_instant(value)
        ]

    def instants(self, world: World) -> list[str]:
        """Every instant and date of a world, in order of place."""
        found = [
            value
            for _, row in self.rows(world)
            for value in row.values()
            if isinstance(value, str) and _is_instant(value)
        ]
        found += [
            v
            for v in (*world.facts.values(), *world.request.values(), *world.parameters.values())
            if isinstance(v, str) and _is_instant(v)
        ]
        return list(dict.fromkeys(found)) or [NOON]

    def instant(self, draw: Draw, world: World) -> str:
        """One of the world's instants, or a microsecond beside it."""
        known = self.instants(world)
        moment = parse_instant(known[draw(len(known))], self.vocabulary.bare_date_zone)
        moved = moment + timedelta(microseconds=(0, 1, -1)[draw(3)])
        return format_instant(moved if moved.year > 1 else moment)


def _is_instant(text: str) -> bool:
    try:
        parse_instant(text, "UTC")
    except ValueError:
        return False
    return True


def _put(row: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        row.pop(name, None)
    else:
        row[name] = value


def seeds(policy: Policy) -> tuple[list[World], int]:
    """The worlds of a bundle's own scenarios, those that permit first; and how many scenarios could not be read."""
    unread = 0
    permitting: list[World] = []
    refusing: list[World] = []
    for path in scenario_files([Path(policy.bundle.path) / "scenarios"]):
        found = list(_file_worlds(path))
        unread += not found
        for world in found:
            try:
                decision = decide(policy, world)
            except Faulty:
                unread += 1
                continue
            (permitting if decision else refusing).append(world)
    return permitting + refusing, unread


def _file_worlds(path: Path) -> Iterator[World]:
    try:
        document, _ = inspect_document(path, str(path))
    except Faulty:
        return
    if not isinstance(document, Mapping) or not isinstance(document.get("scenarios"), list):
        return
    for given in document["scenarios"]:
        if isinstance(given, Mapping):
            parts = [
                document.get("facts", {}),
                given.get("facts", {}),
                given.get("request"),
                given.get("parameters", {}),
            ]
            if all(isinstance(part, dict) for part in parts):
                shared, facts, request, parameters = parts
                yield World({**shared, **facts}, request, parameters)


def decide(policy: Policy, world: World) -> Decision:
    """The decision on a world.

    Raises:
        Faulty: something in the world is not valid.
    """
    return policy.with_parameters(world.parameters).decide(world.request, policy.facts(world.facts))


def plain_world(vocabulary: Vocabulary) -> World:
    """A world with one row of every kind, all of one another, for a bundle that has no scenarios."""
    facts: dict[str, Any] = {}
    for kind in vocabulary.rows.values():
        if kind.facts:
            row = {
                name: _plain(field.type, field.names)
                for name, field in kind.fields.items()
                if name not in (kind.interval or ())
            }
            for name, variants in kind.when.items():
                for absent in variants[row[name]].without if row.get(name) in variants else ():
                    row.pop(absent, None)
            facts[kind.facts] = [{name: value for name, value in row.items() if value is not None}]
    facts |= {name: value for name, kind in vocabulary.values.items() if (value := _plain(kind.type, "")) is not None}
    subject, resource = vocabulary.parties
    request = {subject.type: "a", "action": vocabulary.actions[0], resource.type: "a", "at": NOON}
    request |= {name: "a" for name, kind in vocabulary.properties.items() if kind.names}
    return World(facts, request)


def _plain(kind: Type, names: str) -> Any:
    if isinstance(kind, Optional):
        return None
    if isinstance(kind, Collection):
        return [_plain(kind.of, "")]
    if isinstance(kind, Enumeration):
        return kind.values[0]
    plain: dict[Type, Any] = {BOOLEAN: True, INTEGER: 1, INSTANT: NOON, DATE: "2009-03-10"}
    return plain.get(kind, "a")

"""Worlds: facts, a request and parameters; a bundle's own, and a plain one for a bundle that has none."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from authz.bundle.requests import EvaluationRequest
from authz.documents.files import inspect_document
from authz.engine.policy import Policy
from authz.facts.changes import apply
from authz.facts.memory import Facts
from authz.facts.serialize import row_as_data, value_as_data
from authz.instants import format_instant
from authz.language.diagnostics import DiagnosticError
from authz.language.types import BOOLEAN, DATE, INSTANT, INTEGER, Collection, Enumeration, Optional, Type
from authz.verify.scenarios import scenario_files

NOON = "2025-03-10T12:00:00Z"
OTHER, SOMEBODY = "other", "somebody"


@dataclass(frozen=True, slots=True)
class World:
    """Facts, a request with its instant, and the parameters that are set otherwise, as a scenario has them."""

    facts: Facts = field(repr=False)
    asked: EvaluationRequest
    parameters: Mapping[str, Any]
    seed: int = field(default=-1, repr=False, compare=False)
    """Which of the worlds that were begun with it is near; -1 if it was not drawn."""

    @property
    def at(self) -> datetime:
        """The instant asked at."""
        assert self.asked.at is not None  # no world is without
        return self.asked.at


def world_from(policy: Policy, facts: object, request: object, parameters: object) -> World:
    """The world that the parts of a scenario give.

    Raises:
        DiagnosticError: something in them is not valid, or the request has no instant.
    """
    own = policy.with_parameters(parameters)
    asked = own.request(request if not isinstance(request, dict) else {"at": NOON, **request})
    return World(own.facts(facts), asked, dict(parameters) if isinstance(parameters, Mapping) else {})


def as_scenario(policy: Policy, world: World) -> dict[str, Any]:
    """Facts, request and parameters as a scenario has them."""
    vocabulary, asked = policy.bundle.vocabulary, world.asked
    facts: dict[str, Any] = {
        name: [row_as_data(row, policy.facts_reader.listed[name]) for row in rows]
        for name, rows in world.facts.lists.items()
        if rows
    }
    facts |= {name: value_as_data(value) for name, value in world.facts.values.items() if value is not None}
    said = {name: value for name, value in asked.properties.items() if value is not None}
    parts: dict[str, Any] = {
        "subject": {"type": asked.subject_type, "id": asked.subject_id},
        "action": {"name": asked.action},
        "resource": {"type": asked.resource_type, "id": asked.resource_id},
        "at": format_instant(world.at),
    }
    for name, kind in vocabulary.properties.items():
        holder: dict[str, Any] = parts
        if name in said:
            for step in kind.source[:-1]:
                holder = holder.setdefault(step, {})
            holder[kind.source[-1]] = value_as_data(said[name])
        elif kind.default is not None or kind.unknown_is_nil:
            # What is absent although there is a default was a value outside the enumeration.
            for step in kind.source[:-1]:
                holder = holder.setdefault(step, {})
            holder[kind.source[-1]] = OTHER
    return {"facts": facts, "request": parts, **({"parameters": dict(world.parameters)} if world.parameters else {})}


# Worlds to begin with.


def seeds(policy: Policy) -> tuple[list[World], int]:
    """The worlds of a bundle's own scenarios, those that permit first; and how many scenarios could not be read.

    A bundle with none that permits begins with a plain world, mended by the smallest change that would allow.
    """
    unread = 0
    permitting: list[World] = []
    refusing: list[World] = []
    folder = Path(policy.bundle.path) / "scenarios"
    for path in scenario_files([folder]) if folder.is_dir() else ():
        found = list(_file_worlds(policy, path))
        unread += not found
        for world in found:
            if world is None:
                unread += 1
            else:
                (permitting if permits(policy, world) else refusing).append(world)
    if not permitting:
        refusing += [world for world in (mended(policy, plain_world(policy)),) if world is not None]
    return [*permitting, *refusing], unread


def permits(policy: Policy, world: World) -> bool:
    """Whether a world is permitted."""
    return bool(policy.with_parameters(world.parameters).decide(world.asked, world.facts))


def _file_worlds(policy: Policy, path: Path) -> Iterator[World | None]:
    try:
        document, _ = inspect_document(path, str(path))
    except DiagnosticError:
        return
    if not isinstance(document, Mapping) or not isinstance(document.get("scenarios"), list):
        return
    for given in document["scenarios"]:
        if not isinstance(given, Mapping):
            yield None
            continue
        parts = [document.get("facts", {}), given.get("facts", {}), given.get("request"), given.get("parameters", {})]
        try:
            if not all(isinstance(part, dict) for part in parts):
                raise DiagnosticError([])
            shared, facts, request, parameters = parts
            yield world_from(policy, {**shared, **facts}, request, parameters)
        except DiagnosticError:
            yield None


def plain_world(policy: Policy) -> World | None:
    """A world with one row of every kind, all of one another, for a bundle that has no scenarios."""
    vocabulary = policy.bundle.vocabulary
    facts: dict[str, Any] = {}
    for kind in vocabulary.rows.values():
        if kind.facts:
            row = {
                name: _plain(field.type, field.names)
                for name, field in kind.fields.items()
                if name not in (kind.interval or ())
            }
            row |= dict.fromkeys(kind.no_id_of, SOMEBODY)
            for name, variants in kind.when.items():
                variant = variants.get(row.get(name, ""))
                for needed in variant.needs if variant else ():
                    row[needed] = row[needed] if row[needed] is not None else _there(kind.fields[needed].type)
                for absent in variant.without if variant else ():
                    row.pop(absent, None)
            facts[kind.facts] = [{name: value for name, value in row.items() if value is not None}]
    facts |= {name: value for name, kind in vocabulary.values.items() if (value := _plain(kind.type, "")) is not None}
    subject, resource = vocabulary.parties
    request = {subject.type: "a", "action": vocabulary.actions[0], resource.type: "a", "at": NOON}
    request |= {name: "a" for name, kind in vocabulary.properties.items() if kind.names}
    try:
        return world_from(policy, facts, request, {})
    except DiagnosticError:
        return None


def mended(policy: Policy, world: World | None) -> World | None:
    """The world after the smallest change that would allow, for some action; as it is if none would."""
    if world is None:
        return None
    for action in policy.bundle.vocabulary.actions:
        asked = dataclasses.replace(world.asked, action=action)
        decision = policy.decide(asked, world.facts)
        if decision:
            return World(world.facts, asked, {})
        changes = None if decision.error else decision.explain().smallest.changes
        if changes:
            return World(apply(changes, world.facts, policy.facts_reader), asked, {})
    return world


def _there(kind: Type) -> Any:
    return _plain(kind.of if isinstance(kind, Optional) else kind, "")


def _plain(kind: Type, names: str) -> Any:
    if isinstance(kind, Optional):
        return None
    if isinstance(kind, Collection):
        return [_plain(kind.of, "")]
    if isinstance(kind, Enumeration):
        return kind.values[0]
    plain: dict[Type, Any] = {BOOLEAN: True, INTEGER: 1, INSTANT: NOON, DATE: "2009-03-10"}
    return plain.get(kind, "a")

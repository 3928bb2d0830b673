"""Seeds: the worlds that generated ones begin from, a bundle's own scenarios or a plain one."""

import dataclasses
from pathlib import Path
from typing import Any

from authz.bundle.constraints import excluded_fields, needed_fields
from authz.engine.policy import Policy
from authz.facts.changes import apply_changes
from authz.language.diagnostics import DiagnosticError
from authz.language.types import BOOLEAN, DATE, INSTANT, INTEGER, Collection, Enumeration, Optional, Type
from authz.verify.scenario_files import ScenarioDocument, read_scenario_file, scenario_files
from authz.verify.worlds import World, decide, world_from, world_of

NOON = "2025-03-10T12:00:00Z"
SOMEBODY = "somebody"


def seeds(policy: Policy) -> tuple[list[World], int]:
    """The worlds of a bundle's own scenarios, those that permit first; and how many scenarios could not be read.

    A file that others extend comes before them: worlds shrink towards the first that permits, and its scenarios are the
    plainest. A bundle without a scenario that permits begins with a plain world, mended by the smallest change that
    would allow.
    """
    folder = Path(policy.bundle.path) / "scenarios"
    documents = [_readable(path) for path in (scenario_files([folder]) if folder.is_dir() else ())]
    unread = sum(document is None or not document.scenarios for document in documents)
    permitting: list[World] = []
    refusing: list[World] = []
    for document in sorted(filter(None, documents), key=lambda document: document.extends):
        for index in range(len(document.scenarios)):
            try:
                world = world_of(policy, document, index, document.scenario(index))
            except DiagnosticError:
                unread += 1
            else:
                (permitting if decide(policy, world) else refusing).append(world)
    if not permitting:
        refusing += [world for world in (mended(policy, plain_world(policy)),) if world is not None]
    return [*permitting, *refusing], unread


def _readable(path: Path) -> ScenarioDocument | None:
    """A scenario file; None if it cannot be read at all."""
    try:
        return read_scenario_file(path)
    except DiagnosticError:
        return None


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
            for name in needed_fields(kind, row.get):
                row[name] = row[name] if row[name] is not None else _there(kind.fields[name].type)
            for name in excluded_fields(kind, row.get):
                row.pop(name, None)
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
        request = dataclasses.replace(world.request, action=action)
        decision = policy.decide(request, world.facts)
        if decision:
            return World(world.facts, request, {})
        smallest = None if decision.error else decision.explain().smallest
        changes = smallest and smallest.changes
        if changes:
            return World(apply_changes(changes, world.facts), request, {})
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

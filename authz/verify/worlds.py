"""Worlds: what one decision needs, all of it: facts, a request with its instant, and parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from authz.bundle.requests import EvaluationRequest
from authz.documents.places import diagnostic_at
from authz.engine.loading import read_facts
from authz.engine.policy import ExplainableDecision, Policy
from authz.facts.memory import Facts
from authz.facts.serialize import facts_as_data, value_as_data
from authz.instants import format_instant
from authz.language.diagnostics import Diagnostic, DiagnosticError
from authz.verify.scenario_files import ScenarioDocument
from authz.verify.scenario_schema import Scenario

OUTSIDE = "other"
"""A text that no enumeration, id or constant is meant to have."""


@dataclass(frozen=True, slots=True)
class World:
    """Facts, a request with its instant, and the parameters that differ from their defaults."""

    facts: Facts = field(repr=False)
    request: EvaluationRequest
    parameters: Mapping[str, Any]
    seed: int = field(default=-1, repr=False, compare=False)
    """The index of the seed that it was drawn from; -1 if it was not drawn."""

    @property
    def at(self) -> datetime:
        """The instant of the request."""
        assert self.request.at is not None  # every way to make a world sets it
        return self.request.at


def decide(policy: Policy, world: World) -> ExplainableDecision:
    """The decision on a world, under the world's parameters."""
    return policy.with_parameters(world.parameters).decide(world.request, world.facts)


def world_from(policy: Policy, facts: object, request: Mapping[str, Any], parameters: Mapping[str, Any]) -> World:
    """The world of a facts document, a request and parameters.

    Raises:
        DiagnosticError: one of them has faults.
    """
    configured = policy.with_parameters(parameters)
    return World(read_facts(facts, configured), configured.bundle.requests.read(request), dict(parameters))


def world_of(policy: Policy, document: ScenarioDocument, index: int, scenario: Scenario) -> World:
    """The world of the scenario at an index of a file.

    Raises:
        DiagnosticError: with every fault in its facts, request and parameters, each with its place.
    """
    shown, at = document.shown, ("scenarios", index)
    faults: list[Diagnostic] = []
    configured, facts, request = policy, None, None
    try:
        configured = policy.with_parameters(scenario.parameters, shown, (*at, "parameters"))
    except DiagnosticError as faulty:
        faults += faulty.diagnostics
    try:
        placed = document.facts_of(scenario, index, policy.bundle.vocabulary)
        try:
            facts = read_facts(dict(placed.values), policy, shown, (*at, "facts"))
        except DiagnosticError as faulty:
            faults += [placed.relocated(each, (*at, "facts")) for each in faulty.diagnostics]
    except DiagnosticError as faulty:
        faults += faulty.diagnostics
    try:
        request = configured.bundle.requests.read(scenario.request, shown, (*at, "request"))
    except DiagnosticError as faulty:
        faults += faulty.diagnostics
    if "at" not in scenario.request:
        faults.append(diagnostic_at(shown, (*at, "request", "at"), "is missing"))
    if faults or facts is None or request is None:
        raise DiagnosticError(faults)
    return World(facts, request, scenario.parameters)


def as_scenario(policy: Policy, world: World) -> dict[str, Any]:
    """Facts, request and parameters as a scenario has them."""
    vocabulary, request = policy.bundle.vocabulary, world.request
    facts = facts_as_data(world.facts, vocabulary)
    named = {name: value for name, value in request.properties.items() if value is not None}
    parts: dict[str, Any] = {
        "subject": {"type": request.subject_type, "id": request.subject_id},
        "action": {"name": request.action},
        "resource": {"type": request.resource_type, "id": request.resource_id},
        "at": format_instant(world.at),
    }
    for name, kind in vocabulary.properties.items():
        holder: dict[str, Any] = parts
        if name in named:
            for step in kind.source[:-1]:
                holder = holder.setdefault(step, {})
            holder[kind.source[-1]] = value_as_data(named[name])
        elif kind.default is not None or kind.unknown_is_nil:
            # What is absent although there is a default was a value outside the enumeration.
            for step in kind.source[:-1]:
                holder = holder.setdefault(step, {})
            holder[kind.source[-1]] = OUTSIDE
    return {"facts": facts, "request": parts, **({"parameters": dict(world.parameters)} if world.parameters else {})}

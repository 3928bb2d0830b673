"""Student-domain situations as documents: builders of rows, and generated ones from the general world generator."""

import dataclasses
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from authz import Policy, load_bundle
from authz.instants import format_instant
from authz.verify.generate import WorldGenerator
from authz.verify.seeds import seeds
from authz.verify.values import Draw
from authz.verify.worlds import OUTSIDE, World, as_scenario
from tests.support.paths import STUDENT

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Situation:
    """Facts, a request and parameters as a scenario has them: documents, for tests that edit or read them."""

    facts: dict[str, Any]
    request: dict[str, Any]
    parameters: dict[str, Any]


# Rows, all of them about student tim, school S1, institute A and supplier X.
# INVARIANT: rows share the lists in them; a test replaces a list and never changes it.

MAGISTER = "https://accounts.magister.net"
OTHER_ISSUER = "https://login.example"
CATEGORIES = ["schedule", "homework", "grades", "name"]
PURPOSES = ["homework_guidance", "identification"]
PERSONS = ("g2", "g1", "tim", "g3")
KEY = {"student": "tim", "institute": "A", "supplier": "X", "school": "S1"}
OTHERS = {"student": "bo", "institute": "B", "supplier": "Y", "school": "S2"}
DATED: dict[str, Row] = {
    "enrolments": {"student": "tim", "school": "S1"},
    "guardianships": {"person": "g3", "student": "tim"},
    "agreements": {"student": "tim", "institute": "A", "mode": "commissioned"},
    "suspensions": {"supplier": "X"},
    "holds": {"student": "tim", "kind": "dispute"},
    "accreditations": {"supplier": "X", "categories": CATEGORIES},
    "links": {"school": "S1", "supplier": "X"},
    "processors": {"institute": "A", "supplier": "X"},
    "school_processing_agreements": {"school": "S1", "supplier": "X"},
}


def row(kind: str, since: str | None = None, until: str | None = None, **fields: Any) -> Row:
    """A row of a kind with these bounds; unbounded where there is none."""
    bounds = {"valid_from": since, "valid_until": until}
    return DATED[kind] | {name: at for name, at in bounds.items() if at} | fields


def consent(person: str, at: str = "2024-09-02T10:00:00Z", **fields: Any) -> Row:
    """A consent to everything, given after a trusted login."""
    event = {"person": person, **KEY, "event": "given", "at": at}
    return event | {"categories": CATEGORIES, "purposes": PURPOSES, "issuer": MAGISTER} | fields


def withdrawal(person: str, at: str = "2025-01-10T09:00:00Z") -> Row:
    """A withdrawal of everything."""
    return {"person": person, **KEY, "event": "withdrawn", "at": at}


def permitting(
    *consents: Row,
    born: str = "2009-05-12",
    at: str = "2025-03-10T12:00:00Z",
    asked: dict[str, str] | None = None,
    parameters: dict[str, Any] | None = None,
    **facts: Any,
) -> Situation:
    """Everything in place but the consents, for a student of fifteen with two guardians."""
    everything: dict[str, Any] = {
        "schools": [{"id": "S1"}, {"id": "S2"}],
        "suppliers": [{"id": "X"}, {"id": "Y"}],
        "institutes": [{"id": "A"}, {"id": "B"}],
        "students": [{"id": "tim", "birth_date": born}, {"id": "bo", "birth_date": "2010-09-01"}],
        "enrolments": [row("enrolments", "2021-08-01")],
        "guardianships": [row("guardianships", person=person) for person in ("g1", "g2")],
        "accreditations": [row("accreditations", "2018-12-01")],
        "links": [row("links", "2024-09-01")],
        "processors": [row("processors", "2020-01-01")],
        "agreements": [row("agreements", "2024-09-01", mode="private")],
        "consents": list(consents),
    }
    request = {**KEY, "action": "read_grades", "purpose": "homework_guidance", "at": at}
    return Situation(everything | facts, request | (asked or {}), dict(parameters or {}))


# Generated situations.


@cache
def student_policy() -> Policy:
    """The frozen student bundle, compiled; one value, for records of one load are strangers to another."""
    return load_bundle(STUDENT)


@cache
def generator() -> WorldGenerator:
    """The world generator of the frozen student bundle."""
    return WorldGenerator(student_policy(), seeds(student_policy())[0])


def generated(draw: Draw) -> Situation:
    """A generated world, as documents; a supplier asks for a student, for the flat form can say nothing else."""
    world = generator().draw(draw)
    request = dataclasses.replace(world.request, subject_type="supplier", resource_type="student")
    return plainly(dataclasses.replace(world, request=request))


def plainly(world: World) -> Situation:
    """A world as the documents that the plain reading takes."""
    document = as_scenario(generator().policy, world)
    return Situation(document["facts"], plain_request(world), document.get("parameters", {}))


def situations(count: int, seed: int) -> Iterator[Situation]:
    """A stream of generated situations."""
    draw = random.Random(seed).randrange
    return (generated(draw) for _ in range(count))


def plain_request(world: World) -> dict[str, Any]:
    """A world's request as a scenario of the student bundle writes it, with its types where they are unusual."""
    request = world.request
    properties = {name: value for name, value in request.properties.items() if value is not None}
    if request.properties["purpose"] is None:
        properties["purpose"] = OUTSIDE  # absent, the default would stand in its place
    parties = {"supplier": request.subject_id, "student": request.resource_id}
    if request.subject_type != "supplier":
        parties["subject_type"] = request.subject_type
    if request.resource_type != "student":
        parties["resource_type"] = request.resource_type
    return {**parties, "action": request.action, **properties, "at": format_instant(world.at)}

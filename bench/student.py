"""Documents of the student bundle for the benchmarks: rows, and a student with everything in place."""

from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Situation:
    """Facts, a request and parameters as a scenario has them."""

    facts: dict[str, Any]
    request: dict[str, Any]
    parameters: dict[str, Any]


MAGISTER = "https://accounts.magister.net"
CATEGORIES = ["schedule", "homework", "grades", "name"]
PURPOSES = ["homework_guidance", "identification"]
KEY = {"student": "tim", "institute": "A", "supplier": "X", "school": "S1"}
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
    request: dict[str, str] | None = None,
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
    plain = {**KEY, "action": "read_grades", "purpose": "homework_guidance", "at": at}
    return Situation(everything | facts, plain | (request or {}), dict(parameters or {}))

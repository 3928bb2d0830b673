"""A small town of students, schools, institutes and suppliers, and what is asked about them; half is permitted."""

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

Row = dict[str, Any]

SCHOOLS, SUPPLIERS, INSTITUTES, STUDENTS = 20, 8, 30, 10_000
CATEGORIES = ["name", "schedule", "homework", "grades"]
START, SINCE, ENDED = "2020-08-01", "2024-09-02T10:00:00Z", "2025-03-10T12:00:00Z"
ISSUER = "https://accounts.magister.net"


@dataclass(frozen=True, slots=True)
class Population:
    """Facts as a document, and flat requests over them."""

    facts: dict[str, list[Row]]
    requests: list[Row]


def population(seed: int = 2026, students: int = STUDENTS) -> Population:
    """The same town for the same seed; one request a student, permitted and near misses in turn."""
    stream = Random(seed)
    suppliers = [f"supplier-{number}" for number in range(SUPPLIERS)]
    institutes = [f"institute-{number}" for number in range(INSTITUTES)]
    schools = [f"school-{number}" for number in range(SCHOOLS)]
    facts: dict[str, list[Row]] = {
        "schools": [{"id": id} for id in schools],
        "suppliers": [{"id": id} for id in [*suppliers, "unaccredited"]],
        "institutes": [{"id": id} for id in institutes],
        "accreditations": [{"supplier": id, "categories": CATEGORIES, "valid_from": START} for id in suppliers],
        "links": [{"school": school, "supplier": id, "valid_from": START} for school in schools for id in suppliers],
        "processors": [
            {"institute": one, "supplier": id, "valid_from": START} for one in institutes for id in suppliers
        ],
        **{kind: [] for kind in ("students", "enrolments", "guardianships", "agreements", "consents", "holds")},
    }
    requests = []
    for number in range(students):
        request = {
            "supplier": stream.choice(suppliers),
            "institute": stream.choice(institutes),
            "school": stream.choice(schools),
            "student": f"student-{number}",
            "action": f"read_{stream.choice(CATEGORIES)}",
        }
        _enrol(facts, request, stream)
        if number % 2:
            _miss(facts, request, stream)
        requests.append(request)
    return Population(facts, requests)


def _enrol(facts: dict[str, list[Row]], request: Row, stream: Random) -> None:
    """A student of about eleven, with two guardians, an agreement, and a consent for everything."""
    student, institute = request["student"], request["institute"]
    born = date.fromordinal(date(2014, 1, 1).toordinal() + stream.randrange(700))
    facts["students"].append({"id": student, "birth_date": born.isoformat()})
    facts["enrolments"].append({"student": student, "school": request["school"], "valid_from": "2023-08-01"})
    facts["guardianships"] += [{"person": f"{student}-guardian-{one}", "student": student} for one in (1, 2)]
    facts["agreements"].append({"student": student, "institute": institute, "mode": "private", "valid_from": START})
    facts["consents"].append(
        {
            **_key(request),
            "event": "given",
            "at": SINCE,
            "categories": CATEGORIES,
            "purposes": ["homework_guidance", "identification"],
            "issuer": ISSUER,
        }
    )


def _key(request: Row, guardian: int = 1) -> Row:
    named = {name: request[name] for name in ("student", "institute", "supplier", "school")}
    return {"person": f"{request['student']}-guardian-{guardian}", **named}


def _miss(facts: dict[str, list[Row]], request: Row, stream: Random) -> None:
    """Undo one thing that the permit rests on."""
    match stream.randrange(8):
        case 0:
            facts["consents"].append({**_key(request), "event": "withdrawn", "at": ENDED})
        case 1:
            facts["consents"].append({**_key(request, 2), "event": "withdrawn", "at": ENDED})
        case 2:
            facts["consents"][-1]["categories"] = [one for one in CATEGORIES if one != request["action"][5:]]
        case 3:
            facts["agreements"][-1]["valid_until"] = ENDED
        case 4:
            facts["enrolments"][-1]["valid_until"] = ENDED
        case 5:
            facts["holds"].append({"student": request["student"], "kind": "restriction", "valid_from": ENDED})
        case 6:
            request["supplier"] = "unaccredited"
        case _:
            request["student"] = "nobody"


def evaluation(request: Row) -> Row:
    """A flat request as AuthZEN's."""
    return {
        "subject": {
            "type": "supplier",
            "id": request["supplier"],
            "properties": {"institute": request["institute"]},
        },
        "action": {"name": request["action"]},
        "resource": {"type": "student", "id": request["student"], "properties": {"school": request["school"]}},
    }

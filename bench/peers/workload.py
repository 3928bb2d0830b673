"""The workload: cases, half of which are permitted and half miss by one condition; and an oracle that is not timed."""

from random import Random
from typing import Any

Case = dict[str, Any]
NOW, LONG_AGO, FAR = 1_000, 100, 10_000
CATEGORIES, PURPOSES = ("name", "schedule", "homework", "grades"), ("homework_guidance", "identification")


def cases(seed: int, count: int) -> list[Case]:
    """Cases, permitted and refused in turn; a refused one misses by one condition."""
    stream = Random(seed)
    return [_case(stream, refused=bool(number % 2)) for number in range(count)]


def _case(stream: Random, refused: bool) -> Case:
    institutes, suppliers = [f"I{n}" for n in range(5)], [f"S{n}" for n in range(5)]
    institute, supplier = stream.choice(institutes), stream.choice(suppliers)
    category, purpose = stream.choice(CATEGORIES), stream.choice(PURPOSES)
    now = NOW + stream.randrange(100)
    asked = (institute, supplier, category, purpose)
    consents = {asked: (stream.randrange(LONG_AGO, NOW), FAR)}
    for _ in range(3):
        other = (
            stream.choice(institutes),
            stream.choice(suppliers),
            stream.choice(CATEGORIES),
            stream.choice(PURPOSES),
        )
        consents.setdefault(other, (stream.randrange(LONG_AGO, NOW), stream.choice((FAR, NOW - 50))))
    case: Case = {
        "supplier": {
            "id": supplier,
            "accredited_from": LONG_AGO,
            "accredited_until": FAR,
            "suspended": False,
            "institutes": [*stream.sample([one for one in institutes if one != institute], 2), institute],
        },
        "school": {
            "id": "school",
            "links": [*stream.sample([one for one in suppliers if one != supplier], 2), supplier],
        },
        "student": {"id": "student", "enrolled_from": LONG_AGO, "enrolled_until": FAR},
        "request": {"institute": institute, "category": category, "purpose": purpose, "now": now},
    }
    if refused:
        _miss(stream, case, consents, asked, now)
    items = list(consents.items())
    stream.shuffle(items)
    case["consents"] = [
        dict(zip(("institute", "supplier", "category", "purpose"), key, strict=True))
        | {"given": given, "withdrawn": end}
        for key, (given, end) in items
    ]
    return case


def _miss(stream: Random, case: Case, consents: dict[Any, tuple[int, int]], asked: Any, now: int) -> None:
    supplier, school, student = case["supplier"], case["school"], case["student"]
    match stream.randrange(10):
        case 0:
            supplier["accredited_from"] = now + 1
        case 1:
            supplier["accredited_until"] = now
        case 2:
            supplier["suspended"] = True
        case 3:
            supplier["institutes"] = supplier["institutes"][:-1]
        case 4:
            school["links"] = school["links"][:-1]
        case 5:
            student["enrolled_from"] = now + 1
        case 6:
            student["enrolled_until"] = now
        case 7:
            del consents[asked]
        case 8:
            consents[asked] = (now + 1, FAR)
        case _:
            consents[asked] = (LONG_AGO, now)


def oracle(case: Case) -> bool:
    """Whether a case is permitted, said as plainly as can be."""
    supplier, school, student, asked = case["supplier"], case["school"], case["student"], case["request"]
    now = asked["now"]
    conditions = [
        supplier["accredited_from"] <= now,
        now < supplier["accredited_until"],
        not supplier["suspended"],
        asked["institute"] in supplier["institutes"],
        supplier["id"] in school["links"],
        student["enrolled_from"] <= now,
        now < student["enrolled_until"],
        any(
            consent["supplier"] == supplier["id"]
            and all(consent[name] == asked[name] for name in ("institute", "category", "purpose"))
            and consent["given"] <= now < consent["withdrawn"]
            for consent in case["consents"]
        ),
    ]
    return all(conditions)

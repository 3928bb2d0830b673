"""Worlds near the line, as JSON documents: one that permits, redrawn in at most two places.

A world drawn at random is refused for ten reasons at once and tests none of them. So each begins
as a situation in which the supplier may read (`SITUATIONS`) and takes at most two edits (`EDITS`),
mostly to an instant that already matters in it, or a microsecond off. Every document is valid;
whether it permits is for `plain_reading` to say.

`draw(n)` gives a number from 0 up to n: `random.Random(seed).randrange`, or Hypothesis, which then
shrinks towards the first situation, unedited.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache, partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

T = TypeVar("T")
Row = dict[str, Any]
Draw = Callable[[int], int]


@dataclass(frozen=True, slots=True)
class World:
    """One request beside the facts, and the parameters that differ from their defaults."""

    facts: dict[str, Any]
    request: dict[str, Any]
    parameters: dict[str, Any]

    def rows(self, kind: str) -> list[Row]:
        """The rows of a kind, for an edit to change in place."""
        rows: list[Row] = self.facts.setdefault(kind, [])
        return rows


Edit = Callable[[Draw, World], None]


def world(draw: Draw, room: int = 5) -> World:
    """A permitting situation with up to two edits.

    At most `room` rows of a kind, no fewer than 3, and one consent event more: a refusal that is
    lifted matters only where two persons refuse and give.
    """
    drawn = pick(draw, tuple(SITUATIONS.values()))()
    for _ in range(pick(draw, (0, 1, 2, 1, 2, 2, 2))):
        edit = pick(draw, pick(draw, EDITS))
        edit(draw, drawn)
        for kind, rows in drawn.facts.items():
            if isinstance(rows, list):
                del rows[: -room - (kind == "consents")]
    return drawn


def small_world(draw: Draw) -> World:
    """The same with at most 3 rows a kind, and 4 consent events, for an engine slow in rows."""
    return world(draw, room=3)


def pick(draw: Draw, choices: Sequence[T]) -> T:
    """One of the choices; the first is the simplest."""
    return choices[draw(len(choices))]


# Rows, all of them about student tim, school S1, institute A and supplier X.
# INVARIANT: rows share the lists in them; an edit replaces a list and never changes it.

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


def dated(kind: str, since: str | None = None, until: str | None = None, **fields: Any) -> Row:
    """A row of a kind with these bounds; unbounded where there is none."""
    bounds = {"valid_from": since, "valid_until": until}
    return DATED[kind] | {name: at for name, at in bounds.items() if at} | fields


def given(person: str, at: str = "2024-09-02T10:00:00Z", **fields: Any) -> Row:
    """A consent to everything, given after a trusted login."""
    event = {"person": person, **KEY, "event": "given", "at": at}
    return event | {"categories": CATEGORIES, "purposes": PURPOSES, "issuer": MAGISTER} | fields


def withdrawn(person: str, at: str = "2025-01-10T09:00:00Z") -> Row:
    """A withdrawal of everything."""
    return {"person": person, **KEY, "event": "withdrawn", "at": at}


# Situations: all of them permit


def permitting(
    *consents: Row,
    born: str = "2009-05-12",
    at: str = "2025-03-10T12:00:00Z",
    asked: dict[str, str] | None = None,
    parameters: dict[str, Any] | None = None,
    **facts: Any,
) -> World:
    """Everything in place but the consents, for a student of fifteen with two guardians."""
    everything: dict[str, Any] = {
        "schools": [{"id": "S1"}, {"id": "S2"}],
        "suppliers": [{"id": "X"}, {"id": "Y"}],
        "institutes": [{"id": "A"}, {"id": "B"}],
        "students": [{"id": "tim", "birth_date": born}, {"id": "bo", "birth_date": "2010-09-01"}],
        "enrolments": [dated("enrolments", "2021-08-01")],
        "guardianships": [dated("guardianships", person=person) for person in ("g1", "g2")],
        "accreditations": [dated("accreditations", "2018-12-01")],
        "links": [dated("links", "2024-09-01")],
        "processors": [dated("processors", "2020-01-01")],
        "agreements": [dated("agreements", "2024-09-01", mode="private")],
        "consents": list(consents),
    }
    request = {**KEY, "action": "read_grades", "purpose": "homework_guidance", "at": at}
    return World(everything | facts, request | (asked or {}), dict(parameters or {}))


def _broken_off(kind: str, **fields: Any) -> list[Row]:
    ended = dated(kind, "2018-12-01", "2025-01-01", **fields)
    return [ended, dated(kind, "2025-02-01", **fields)]


def _lifted() -> list[Row]:
    return [given("g1"), withdrawn("g2"), given("g2", "2025-02-01T09:00:00Z")]


CONTINUE = {"parental_consent_at_16": "continue"}
AFTER_BIRTHDAY = "2025-05-12T12:00:00Z"
SITUATIONS: dict[str, Callable[[], World]] = {
    "the only guardian consented": lambda: permitting(given("g1"), guardianships=[dated("guardianships", person="g1")]),
    "one of two guardians consented": lambda: permitting(given("g1")),
    "both guardians consented": lambda: permitting(given("g1"), given("g2", "2025-01-10")),
    "a guardian withdrew and consented again": lambda: permitting(
        given("g1"), withdrawn("g1"), given("g1", "2025-02-01T09:00:00Z")
    ),
    "a refusal was lifted": lambda: permitting(*_lifted()),
    "who refused lost authority, the other consented afresh": lambda: permitting(
        withdrawn("g2"),
        given("g1", "2025-03-05T09:00:00Z"),
        guardianships=[
            dated("guardianships", person="g1"),
            dated("guardianships", None, "2025-03-05T09:00:00Z", person="g2"),
        ],
    ),
    "who refused had just lost authority": lambda: permitting(
        given("g1"),
        withdrawn("g2"),
        guardianships=[
            dated("guardianships", person="g1"),
            dated("guardianships", "2024-12-01", "2025-01-10T09:00:00Z", person="g2"),
        ],
    ),
    "both refused, and both consented again": lambda: permitting(
        withdrawn("g1"),
        withdrawn("g2", "2025-01-11T09:00:00Z"),
        given("g1", "2025-02-01T09:00:00Z"),
        given("g2", "2025-02-02T09:00:00Z"),
    ),
    "two consents at one instant": lambda: permitting(
        given("g1", categories=["grades"]), given("g1", categories=["name"])
    ),
    "consent for one school year": lambda: permitting(given("g1", valid_from="2024-09-01", valid_until="2025-08-01")),
    "a student of seventeen consented": lambda: permitting(given("tim"), born="2008-01-20"),
    "at sixteen the student overruled a refusal": lambda: permitting(
        given("g1"), withdrawn("g2"), given("tim", "2025-05-12T09:00:00Z"), at=AFTER_BIRTHDAY
    ),
    "a guardian's consent is kept past the birthday": lambda: permitting(
        given("g1"),
        at=AFTER_BIRTHDAY,
        parameters=CONTINUE,
        guardianships=[
            dated("guardianships", None, "2025-05-12", person="g1"),
            dated("guardianships", person="g2"),
        ],
    ),
    "both guardians' consent is kept, a refusal lifted": lambda: permitting(
        *_lifted(), at=AFTER_BIRTHDAY, parameters=CONTINUE
    ),
    "kept, for authority that began at the birthday refuses nothing": lambda: permitting(
        given("g1"),
        withdrawn("g2", "2025-05-12T10:00:00Z"),
        at=AFTER_BIRTHDAY,
        parameters=CONTINUE,
        guardianships=[
            dated("guardianships", person="g1"),
            dated("guardianships", "2025-05-12", person="g2"),
        ],
    ),
    "kept from the guardian who had authority to the last": lambda: permitting(
        given("g1"),
        given("g2"),
        at=AFTER_BIRTHDAY,
        parameters=CONTINUE,
        guardianships=[
            dated("guardianships", None, "2025-05-11T21:59:59.999999Z", person="g1"),
            dated("guardianships", None, "2025-05-11T22:00:00Z", person="g2"),
        ],
    ),
    "kept, for the student spoke too early": lambda: permitting(
        given("g1"),
        given("tim", "2025-05-11T21:59:59.999999Z"),
        at=AFTER_BIRTHDAY,
        parameters=CONTINUE,
    ),
    "not kept, for the student spoke at the birthday": lambda: permitting(
        given("g1"), given("tim", "2025-05-12"), at=AFTER_BIRTHDAY, parameters=CONTINUE
    ),
    "the last instant before a leap day's birthday": lambda: permitting(
        given("g1"),
        born="2008-02-29",
        at="2025-02-28T22:59:59.999999Z",
        parameters={"consent_age": 17},
    ),
    "before the accreditation duty": lambda: permitting(
        given("g1", "2018-10-01T08:00:00Z"),
        born="2004-03-03",
        at="2018-12-17T22:59:59Z",
        enrolments=[dated("enrolments", "2016-08-01")],
        accreditations=[],
        links=[dated("links", "2018-09-18")],
        processors=[dated("processors", "2018-01-01")],
        agreements=[dated("agreements", mode="private")],
    ),
    "enrolled year after year": lambda: permitting(
        given("g1"),
        enrolments=[dated("enrolments", None, "2025-01-01"), dated("enrolments", "2025-01-01")],
    ),
    "left when the consent was given, and came back": lambda: permitting(
        given("g1", "2025-01-31T23:00:00Z"),
        enrolments=[dated("enrolments", None, "2025-02-01"), dated("enrolments", "2025-03-01")],
    ),
    "enrolled twice over": lambda: permitting(
        given("g1"),
        enrolments=[dated("enrolments", None, "2025-02-01"), dated("enrolments", "2024-12-01")],
    ),
    "all but the consent broke off and began again": lambda: permitting(
        given("g1", "2025-02-03T10:00:00Z"),
        accreditations=_broken_off("accreditations"),
        links=_broken_off("links"),
        processors=_broken_off("processors"),
        enrolments=_broken_off("enrolments"),
        agreements=_broken_off("agreements", mode="private"),
        suspensions=[dated("suspensions", None, "2025-03-10T12:00:00Z")],
        holds=[dated("holds", None, "2025-03-10T12:00:00Z")],
    ),
    "accredited in two parts": lambda: permitting(
        given("g1"),
        accreditations=[
            dated("accreditations", categories=["grades"]),
            dated("accreditations", categories=["schedule", "homework"]),
        ],
    ),
    "a commission beside the private agreement": lambda: permitting(
        given("g1"), agreements=[dated("agreements", mode="private"), dated("agreements")]
    ),
    "the name, for identification": lambda: permitting(
        given("g1", categories=["name"], purposes=["identification"]),
        asked={"action": "read_name", "purpose": "identification"},
    ),
    "facts just fresh enough": lambda: permitting(
        given("g1"),
        parameters={"max_fact_age_hours": 26},
        enrolments_as_of="2025-03-09T10:00:00Z",
    ),
}


# Instants that matter

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@lru_cache(maxsize=4096)
def _instant(text: str) -> datetime:
    if len(text) == len("2025-03-10"):
        return datetime.combine(date.fromisoformat(text), time(), AMSTERDAM).astimezone(UTC)
    return datetime.fromisoformat(text)


INSTANTS = ("at", "valid_from", "valid_until", "closed_at")


def boundaries(world: World) -> Iterator[str]:
    """The instants at which the answer may turn: now, the birthday, every bound and event."""
    yield world.request["at"]
    student = world.rows("students")[0]
    if "birth_date" in student:
        born = date.fromisoformat(student["birth_date"])
        yield str(_years_later(born, world.parameters.get("consent_age", 16)))
    for rows in world.facts.values():
        if isinstance(rows, list):
            yield from (row[name] for row in rows for name in INSTANTS if name in row)
    yield world.parameters.get("accreditation_required_from", "2018-12-17T23:00:00Z")


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def near(draw: Draw, world: World) -> str:
    """Now, the birthday or another boundary, in that order of weight, or a moment off."""
    landmarks = tuple(boundaries(world))
    return nudged(draw, pick(draw, landmarks[: pick(draw, (1, 2, len(landmarks)))]))


def nudged(draw: Draw, text: str) -> str:
    """The instant as it was written, or a moment off; at times as the clock in Amsterdam says."""
    moment = pick(draw, MOMENTS)
    when = _instant(text) + moment
    if draw(8) == 7:
        return when.astimezone(AMSTERDAM).isoformat()
    return when.isoformat().replace("+00:00", "Z") if moment else text


MOMENTS = [timedelta(0)] * 4 + [
    sign * length
    for length in (timedelta(microseconds=1), timedelta(microseconds=1), timedelta(days=7))
    for sign in (-1, 1)
]


def bound(row: Row, name: str, text: str) -> None:
    """Set `valid_from` or `valid_until`; the other bound goes if the interval would be empty."""
    row[name] = text
    start, end = row.get("valid_from"), row.get("valid_until")
    if start and end and _instant(start) >= _instant(end):
        del row["valid_until" if name == "valid_from" else "valid_from"]
    if "valid_until" not in row:
        row.pop("ended_as", None)


# Edits of the request and the parameters

ABSENT = object()
ASKED: dict[str, tuple[object, ...]] = {
    "action": ("read_name", "write_grades", "read_medical", "read"),
    "purpose": (ABSENT, "identification", "marketing", ""),
    "institute": ("B", "Q", None, ABSENT, ""),
    "school": ("S2", "S9", None, ABSENT, ""),
    "supplier": ("Y", "Q"),
    "student": ("bo", "nobody"),
    "engagement": ("private", "commissioned"),
    "claimed_time": ("2025-03-09T12:00:00Z",),
}
SET: dict[str, tuple[object, ...]] = {
    "parental_consent_at_16": ("lapse", "continue"),
    "consent_age": (15, 17, 18),
    "trusted_issuers": ([OTHER_ISSUER], [MAGISTER, OTHER_ISSUER]),
    "max_fact_age_hours": (26, 1),
}


def ask_otherwise(draw: Draw, world: World) -> None:
    """Another value in one field of the request, or none."""
    name = pick(draw, tuple(ASKED))
    value = pick(draw, ASKED[name])
    if value is ABSENT:
        world.request.pop(name, None)
    else:
        world.request[name] = value


def ask_at_another_time(draw: Draw, world: World) -> None:
    """The same request at a boundary of the facts."""
    world.request["at"] = nudged(draw, pick(draw, tuple(boundaries(world))))


def set_otherwise(draw: Draw, world: World) -> None:
    """Another value of one parameter."""
    name = pick(draw, tuple(SET))
    world.parameters[name] = pick(draw, SET[name])


def require_accreditation_from(draw: Draw, world: World) -> None:
    """Another accreditation date."""
    world.parameters["accreditation_required_from"] = near(draw, world)


def limit_the_age_of_facts(draw: Draw, world: World) -> None:
    """A limit that the feed reaches, all but reaches, or just passes."""
    hours = world.parameters["max_fact_age_hours"] = pick(draw, (26, 1))
    oldest = _instant(world.request["at"]) - timedelta(hours=hours)
    world.facts["enrolments_as_of"] = nudged(draw, oldest.isoformat())


# Edits of any row that has a validity

KINDS = tuple(DATED)


def _some(draw: Draw, world: World, kinds: Sequence[str]) -> list[Row]:
    """The rows of one of the kinds of which there are any; else none."""
    found = [kind for kind in kinds if world.rows(kind)]
    return world.rows(pick(draw, found)) if found else []


def _while(draw: Draw, world: World, row: Row) -> Row:
    """The row, with a bound or two near the line."""
    for name in pick(draw, (("valid_from",), ("valid_until",), ("valid_from", "valid_until"))):
        bound(row, name, near(draw, world))
    return row


def add(draw: Draw, world: World, kinds: Sequence[str] = KINDS) -> None:
    """Something more: a hold, a suspension, a commission, a third guardian."""
    kind = pick(draw, kinds)
    world.rows(kind).append(_while(draw, world, dated(kind)))


def bound_otherwise(draw: Draw, world: World, kinds: Sequence[str] = KINDS) -> None:
    """Something ends or begins."""
    if rows := _some(draw, world, kinds):
        row, name = pick(draw, rows), pick(draw, ("valid_until", "valid_from"))
        as_it_was = name in row and draw(2)
        bound(row, name, nudged(draw, row[name]) if as_it_was else near(draw, world))


def interrupt(draw: Draw, world: World, kinds: Sequence[str] = KINDS) -> None:
    """Something ends, and begins again at once or another time."""
    if rows := _some(draw, world, kinds):
        row, text = pick(draw, rows), near(draw, world)
        again = row.copy()
        bound(row, "valid_until", text)
        bound(again, "valid_from", near(draw, world) if draw(3) else text)
        rows.append(again)


def remove(draw: Draw, world: World, kinds: Sequence[str] = KINDS) -> None:
    """Something was never there."""
    if rows := _some(draw, world, kinds):
        rows.remove(pick(draw, rows))


def redraw_accreditation(draw: Draw, world: World) -> None:
    """An accreditation for fewer categories, yet to begin, or ended in some way."""
    for row in world.rows("accreditations")[-1:]:
        aspect = draw(3)
        if aspect == 0:
            row["categories"] = pick(draw, (["grades"], ["schedule", "name"]))
        elif aspect == 1:
            bound(row, "valid_from", near(draw, world))
        else:
            bound(row, "valid_until", near(draw, world))
            row["ended_as"] = pick(draw, ("revoked", "expired"))


def redraw_agreement(draw: Draw, world: World) -> None:
    """A commission after all, perhaps for a while."""
    for row in world.rows("agreements")[:1]:
        row["mode"] = "commissioned"
        if draw(2):
            _while(draw, world, row)


# Edits of the student


def close_the_file(draw: Draw, world: World) -> None:
    """The student's file is closed."""
    closed = {"closed_at": near(draw, world), "closed_as": pick(draw, ("erased", "deceased"))}
    world.rows("students")[0].update(closed)


def redraw_birthday(draw: Draw, world: World) -> None:
    """The student comes of age on the day of some boundary or the day after; or nobody knows."""
    student, age = world.rows("students")[0], world.parameters.get("consent_age", 16)
    day = _instant(near(draw, world)).astimezone(AMSTERDAM).date() + timedelta(days=draw(2))
    student["birth_date"] = str(_years_later(day, -age))
    if draw(3) == 2:
        del student["birth_date"]


# Edits of consent


def withdraw(draw: Draw, world: World) -> None:
    """Somebody withdraws."""
    world.rows("consents").append(withdrawn(pick(draw, PERSONS), near(draw, world)))


def give(draw: Draw, world: World) -> None:
    """Somebody consents, perhaps to no avail."""
    consent = given(pick(draw, PERSONS), near(draw, world))
    world.rows("consents").append(_twisted(draw, world, consent))


def refuse_and_give(draw: Draw, world: World) -> None:
    """Somebody refuses, and consents about then or another time."""
    person, refused_at = pick(draw, PERSONS), near(draw, world)
    consent = given(person, near(draw, world) if draw(2) else nudged(draw, refused_at))
    world.rows("consents").append(withdrawn(person, refused_at))
    world.rows("consents").append(_twisted(draw, world, consent))


def twist(draw: Draw, world: World) -> None:
    """A consent is worth something else."""
    if consents := [row for row in world.rows("consents") if row["event"] == "given"]:
        _twisted(draw, world, pick(draw, consents))


def _twisted(draw: Draw, world: World, consent: Row) -> Row:
    """The consent as it was, or lacking in one respect."""
    match draw(6):
        case 1:
            others = (MAGISTER + ".example.com", MAGISTER + "/", OTHER_ISSUER)
            consent["issuer"] = pick(draw, others)
        case 2:
            consent["categories"] = pick(draw, (["grades"], ["schedule"], ["name", "homework"]))
        case 3:
            asked = world.request.get("purpose")
            consent["purposes"] = [purpose for purpose in PURPOSES if purpose != asked][:1]
        case 4:
            _while(draw, world, consent)
        case 5:
            name = pick(draw, tuple(OTHERS))
            consent[name] = OTHERS[name]
    return consent


def move_event(draw: Draw, world: World) -> None:
    """An event at another time, or a moment off, or of another person."""
    if events := world.rows("consents"):
        event = pick(draw, events)
        match draw(3):
            case 0:
                event["at"] = nudged(draw, event["at"])
            case 1:
                event["at"] = near(draw, world)
            case _:
                event["person"] = pick(draw, PERSONS)


# Edits that ought to change nothing


def add_noise(draw: Draw, world: World) -> None:
    """A row of the world's own, but about another student, institute, supplier or school."""
    if rows := _some(draw, world, ("consents",) if draw(2) else KINDS):
        row = pick(draw, rows).copy()
        name = pick(draw, [name for name in OTHERS if name in row])
        rows.append(row | {name: OTHERS[name]})


def ask_for_the_link(draw: Draw, world: World) -> None:
    """A parent asks the school to open the link."""
    request = {"person": "g1", "school": "S1", "supplier": "X", "at": near(draw, world)}
    world.rows("link_requests").append(request)


def reorder_and_repeat(draw: Draw, world: World) -> None:
    """The rows of a kind backwards, one of them twice."""
    if rows := _some(draw, world, ("consents",) if draw(2) else KINDS):
        rows.append(pick(draw, rows).copy())
        rows.reverse()


EDITS: tuple[tuple[Edit, ...], ...] = (
    (add_noise, add_noise, ask_for_the_link, reorder_and_repeat),
    (withdraw, give, refuse_and_give, twist, move_event),
    (ask_otherwise, ask_otherwise, ask_otherwise, ask_at_another_time),
    (set_otherwise, require_accreditation_from, limit_the_age_of_facts),
    (bound_otherwise, bound_otherwise, interrupt, remove, add),
    (
        redraw_accreditation,
        redraw_accreditation,
        redraw_agreement,
        partial(bound_otherwise, kinds=("agreements", "processors", "links")),
    ),
    (
        redraw_birthday,
        partial(bound_otherwise, kinds=("guardianships",)),
        partial(bound_otherwise, kinds=("guardianships",)),
        partial(bound_otherwise, kinds=("guardianships",)),
        partial(bound_otherwise, kinds=("guardianships",)),
        partial(interrupt, kinds=("enrolments",)),
        partial(remove, kinds=("consents",)),
        partial(add, kinds=("holds", "suspensions")),
        close_the_file,
    ),
    (withdraw, give, refuse_and_give, twist, move_event),
)
"""By what they edit; drawn first by group, then within it."""

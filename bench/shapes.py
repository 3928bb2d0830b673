"""Students with many rows of each kind, in shapes that are hard to decide."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.student import Situation, consent, permitting, row, withdrawal

Row = dict[str, Any]
Shape = Callable[[int], Situation]

START = datetime(2022, 1, 1, tzinfo=UTC)
AT = "2025-03-10T12:00:00Z"
AFTER_BIRTHDAY = "2025-05-20T12:00:00Z"


def day(number: int) -> str:
    """An instant so many days after the first; with 200 rows still before the request."""
    return (START + timedelta(days=number)).isoformat()


def crowded(rows: int, *consents: Row, **others: Any) -> Situation:
    """A student with so many rows of each kind, and this history; all in place but perhaps the consents."""
    kinds: dict[str, Any] = {
        "accreditations": _one_after_another("accreditations", rows),
        "suspensions": _all_over("suspensions", rows),
        "links": _one_after_another("links", rows),
        "processors": _one_after_another("processors", rows),
        "agreements": _one_after_another("agreements", rows, mode="private"),
        "holds": _all_over("holds", rows),
        "enrolments": _one_after_another("enrolments", rows),
        "guardianships": _guardians(rows),
    }
    return permitting(*consents, **{"at": AT, **kinds, **others})


def _one_after_another(kind: str, rows: int, **fields: Any) -> list[Row]:
    """Rows without a gap between them; the last is in force."""
    ended = [row(kind, day(number), day(number + 1), **fields) for number in range(rows - 1)]
    return [*ended, row(kind, day(rows - 1), **fields)]


def _all_over(kind: str, rows: int) -> list[Row]:
    return [row(kind, day(number), day(number + 1)) for number in range(rows)]


def _guardians(count: int) -> list[Row]:
    return [row("guardianships", person=f"g{number}") for number in range(count)]


def one_person_gave_every_day(rows: int) -> Situation:
    """One person's consents, each replacing the one before it."""
    return crowded(rows, *(consent("g0", day(300 + number)) for number in range(rows)))


def one_person_gave_all_at_once(rows: int) -> Situation:
    """One person's consents of one instant, one by one for something else, and one guardian's refusal."""
    consents = [consent("g0", day(300)) for _ in range(rows - 1)]
    return crowded(rows, *consents, withdrawal("g1", day(301)))


def every_guardian_gave(rows: int) -> Situation:
    """Many persons, a consent of each."""
    return crowded(rows, *(consent(f"g{number}", day(300 + number)) for number in range(rows)))


def every_guardian_gave_something_else(rows: int) -> Situation:
    """Many persons, a sound consent of each, none for what is asked."""
    return crowded(rows, *(consent(f"g{number}", day(300 + number), categories=["name"]) for number in range(rows)))


def every_guardian_gave_for_another_purpose(rows: int) -> Situation:
    """Many persons, a sound consent of each, for the category that is asked and another purpose."""
    other = ["identification"]
    return crowded(rows, *(consent(f"g{number}", day(300 + number), purposes=other) for number in range(rows)))


def two_gave_and_withdrew_in_turn(rows: int) -> Situation:
    """Two guardians, each of whom gives and withdraws, one after the other; the last words are no."""
    return crowded(rows, *_in_turn(rows, consent, withdrawal))


def two_withdrew_and_gave_in_turn(rows: int) -> Situation:
    """The same, and the last words are yes."""
    return crowded(rows, *_in_turn(rows, withdrawal, consent))


def _in_turn(rows: int, first: Callable[..., Row], second: Callable[..., Row]) -> list[Row]:
    return [
        (second if number // 2 % 2 else first)(f"g{number % 2}", day(300 + number)) for number in range(rows // 4 * 4)
    ]


def half_gave_half_withdrew_since(rows: int) -> Situation:
    """Half of the guardians consented, and the other half refused after it."""
    return crowded(rows, *_gave(rows, 300), *_withdrew(rows, 500))


def half_withdrew_half_gave_since(rows: int) -> Situation:
    """Half of the guardians refused, and the other half consented after it: disputed."""
    return crowded(rows, *_gave(rows, 500), *_withdrew(rows, 300))


def _gave(rows: int, since: int, **fields: Any) -> list[Row]:
    return [consent(f"g{number}", day(since + number), **fields) for number in range(rows // 2)]


def _withdrew(rows: int, since: int) -> list[Row]:
    return [withdrawal(f"g{number}", day(since + number)) for number in range(rows // 2, rows)]


def half_gave_and_strangers_withdrew(rows: int) -> Situation:
    """Half of the guardians consented for another purpose; persons who may refuse nothing withdrew in between."""
    strangers = [withdrawal(f"s{number}", day(300 + number)) for number in range(rows // 2)]
    return crowded(rows, *_gave(rows, 300, purposes=["identification"]), *strangers)


def all_withdrew_and_one_has_not_given_again(rows: int) -> Situation:
    """Every guardian refused and consented again, but one, whose refusal comes last."""
    refusals = [withdrawal(f"g{number}", day(300 + number)) for number in range(rows // 2)]
    again = [consent(f"g{number}", day(600 + number)) for number in range(rows // 2 - 1)]
    return crowded(rows, *again, *refusals)


def all_withdrew_and_gave_again(rows: int) -> Situation:
    """Every guardian refused and consented again, so that every refusal is lifted."""
    refusals = [withdrawal(f"g{number}", day(300 + number)) for number in range(rows // 2)]
    again = [consent(f"g{number}", day(600 + number)) for number in range(rows // 2)]
    return crowded(rows, *refusals, *again)


def authority_came_and_went(rows: int) -> Situation:
    """Two guardians whose authority is in so many pieces each, one of whom gives while the other withdraws."""
    pieces = [
        row("guardianships", day(250 + 2 * number), day(251 + 2 * number), person=f"g{person}")
        for number in range(rows)
        for person in (0, 1)
    ]
    now = [row("guardianships", day(1000), person="g0")]
    events = [
        (withdrawal if number % 2 else consent)(f"g{number % 2}", day(300 + 2 * (number // 2)))
        for number in range(rows)
    ]
    return crowded(rows, *events, guardianships=[*pieces, *now])


def many_gave_while_authority_came_and_went(rows: int) -> Situation:
    """Half consented; one person, whose authority is in so many pieces, withdrew again and again between them."""
    pieces = [
        row("guardianships", day(250 + 4 * number), day(251 + 4 * number), person=f"g{rows}") for number in range(rows)
    ]
    consents = [
        consent(f"g{number}", day(302 + 4 * number), purposes=["identification"]) for number in range(rows // 2)
    ]
    refusals = [withdrawal(f"g{rows}", day(300 + 4 * number + 3)) for number in range(rows // 2)]
    return crowded(rows, *consents, *refusals, guardianships=[*_guardians(rows), *pieces])


def enrolled_anew_every_day_since(rows: int) -> Situation:
    """One consent of long ago, and so many enrolments since, without a gap."""
    enrolments = [row("enrolments", day(300 + number), day(301 + number)) for number in range(rows - 1)]
    return crowded(rows, consent("g0", day(0)), enrolments=[*enrolments, row("enrolments", day(299 + rows))])


def enrolled_all_the_while_and_every_day(rows: int) -> Situation:
    """So many enrolments that ended, all within one that goes on, and a consent of each guardian between them."""
    enrolments = [row("enrolments", day(300 + number), day(301 + number)) for number in range(rows - 1)]
    consents = [consent(f"g{number}", day(300 + number)) for number in range(rows)]
    return crowded(rows, *consents, enrolments=[*enrolments, row("enrolments", day(0))])


def left_every_other_day(rows: int) -> Situation:
    """So many enrolments with a gap after each, and a consent of each guardian between them."""
    enrolments = [row("enrolments", day(300 + 2 * number), day(301 + 2 * number)) for number in range(rows - 1)]
    consents = [consent(f"g{number}", day(300 + 2 * number)) for number in range(rows)]
    return crowded(rows, *consents, enrolments=[*enrolments, row("enrolments", day(300 + 2 * rows))])


def kept_past_the_birthday_and_refused(rows: int) -> Situation:
    """Half of the guardians' consents are kept at the birthday, and refused by the other half since."""
    return crowded(
        rows,
        *_gave(rows, 300),
        *_withdrew(rows, 500),
        at=AFTER_BIRTHDAY,
        parameters={"parental_consent_at_16": "continue"},
    )


def kept_past_the_birthday(rows: int) -> Situation:
    """Every guardian's consent is kept at the birthday, and none is for what is asked."""
    consents = [consent(f"g{number}", day(300 + number), purposes=["identification"]) for number in range(rows)]
    return crowded(rows, *consents, at=AFTER_BIRTHDAY, parameters={"parental_consent_at_16": "continue"})


def nothing_in_place(rows: int) -> Situation:
    """Every row of every kind has ended, and half of the guardians refused."""
    kinds = ("accreditations", "links", "processors", "enrolments")
    over: dict[str, Any] = {kind: _all_over(kind, rows) for kind in kinds}
    over["agreements"] = [row | {"mode": "private"} for row in _all_over("agreements", rows)]
    over["guardianships"] = [row | {"valid_until": day(1000)} for row in _guardians(rows)]
    return crowded(rows, *_gave(rows, 300), *_withdrew(rows, 500), **over)


SHAPES: tuple[Shape, ...] = (
    one_person_gave_every_day,
    one_person_gave_all_at_once,
    every_guardian_gave,
    every_guardian_gave_something_else,
    every_guardian_gave_for_another_purpose,
    two_gave_and_withdrew_in_turn,
    two_withdrew_and_gave_in_turn,
    half_gave_half_withdrew_since,
    half_withdrew_half_gave_since,
    half_gave_and_strangers_withdrew,
    all_withdrew_and_one_has_not_given_again,
    all_withdrew_and_gave_again,
    authority_came_and_went,
    many_gave_while_authority_came_and_went,
    enrolled_anew_every_day_since,
    enrolled_all_the_while_and_every_day,
    left_every_other_day,
    kept_past_the_birthday_and_refused,
    kept_past_the_birthday,
    nothing_in_place,
)


def turned(situation: Situation) -> Situation:
    """The same situation with the rows of every kind in the opposite order."""
    facts = {kind: rows[::-1] if isinstance(rows, list) else rows for kind, rows in situation.facts.items()}
    return Situation(facts, situation.request, situation.parameters)

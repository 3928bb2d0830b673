"""`expires_at`: allow at every instant up to it, and refuse at it (`domain.md` section 4)."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz import Policy
from tests.support import oracle as plain_reading
from tests.support.decide import decide, gathered
from tests.support.effort import effort
from tests.support.strategies import at, near_situations
from tests.support.student import CATEGORIES, Situation, consent, generated, permitting

MICROSECOND = timedelta(microseconds=1)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def permits_plainly(world: Situation, moment: datetime) -> bool:
    asked = at(world, moment.isoformat().replace("+00:00", "Z"))
    return not plain_reading.judge(asked.facts, asked.request, asked.parameters)


@settings(max_examples=effort(300), deadline=None)
@given(near_situations(), st.randoms(use_true_random=False))
def test_a_permit_holds_up_to_its_expiry_and_not_at_it(policy: Policy, world: Situation, stream: random.Random) -> None:
    decision = decide(policy, world)
    if not decision:
        assert decision.expires_at is None
        return
    ends = decision.expires_at
    last = ends or decision.at + timedelta(days=30_000)
    if ends is not None:
        assert ends > decision.at
        assert not permits_plainly(world, ends)
        assert permits_plainly(world, ends - MICROSECOND)
    # By the plain reading's own boundaries, and at instants in between.
    moments = [m for b in worlds_instants(world) for m in (b - MICROSECOND, b, b + MICROSECOND)]
    moments += [decision.at + (last - decision.at) * stream.random() for _ in range(5)]
    for moment in moments:
        if decision.at <= moment < last:
            assert permits_plainly(world, moment), moment


def worlds_instants(world: Situation) -> set[datetime]:
    """Every instant that stands in a world, its birthdays of sixteen included."""
    found: set[datetime] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)
        elif isinstance(value, str) and value[:4].isdigit() and value[4:5] == "-":
            if "T" in value:
                found.add(instant(value))
            else:
                born = datetime.fromisoformat(value).replace(tzinfo=UTC)
                found.update(born.replace(year=born.year, day=1) + timedelta(days=365.25 * 16 + d) for d in range(40))

    walk([world.facts, world.request])
    return {each for each in found if 1900 < each.year < 2100}


def test_a_stream_of_permits_agrees_with_the_plain_reading(policy: Policy) -> None:
    stream, found = random.Random(2026), 0
    for _ in range(effort(3_000)):
        world = generated(stream.randrange)
        decision = decide(policy, world)
        if decision and decision.expires_at is not None:
            found += 1
            assert not permits_plainly(world, decision.expires_at)
            assert permits_plainly(world, decision.expires_at - MICROSECOND)
    assert found >= effort(100)


def test_the_records_of_a_decision_are_not_moved_by_asking_when_it_ends(policy: Policy) -> None:
    world = next(w for w in (generated(random.Random(n).randrange) for n in range(100)) if decide(policy, w).expires_at)
    decision = decide(policy, world)
    before = decision.inputs.gathered.at
    assert decision.expires_at == decision.expires_at
    assert decision.inputs.gathered.at == before == gathered(policy, world)[2].at


@pytest.mark.parametrize(
    ("end", "expected"),
    [("2025-06-01T00:00:00Z", "2025-06-01T00:00:00Z"), (None, None)],
)
def test_an_accreditation_that_ends_ends_the_permit(policy: Policy, end: str | None, expected: str | None) -> None:
    world = permitting(consent("tim"), born="2000-01-01")
    world.facts["accreditations"] = [
        {"supplier": "X", "categories": CATEGORIES, **({"valid_until": end} if end else {})}
    ]
    decision = decide(policy, world)
    assert decision
    assert decision.expires_at == (instant(expected) if expected else None)

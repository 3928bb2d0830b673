"""Explanations: the tree says what the decision says; the smallest change is found, allows, and is smallest."""

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz import Decision, Explanation, Policy, load_bundle
from authz.bundle.vocabulary import attribute
from authz.engine.loading import read_facts
from authz.explain.counterfactual import SearchOutcome
from authz.explain.render import smallest_as_data
from authz.explain.tree import Condition, ConditionKind, deciding_leaves
from authz.facts.changes import Change, ChangeKind, apply_changes
from authz.facts.possible_changes import possible_changes
from authz.interpreter.evaluate import two_valued
from authz.verify.generate import WorldGenerator
from authz.verify.seeds import seeds as own_worlds
from tests.support.decide import decide, gathered
from tests.support.effort import effort
from tests.support.strategies import near_situations
from tests.support.student import Situation, consent, generated, permitting

AUTHZEN = Path(__file__).parent.parent / "bundles" / "authzen"


def refused(policy: Policy, world: Situation) -> Decision | None:
    decision = decide(policy, world)
    return None if decision else decision


def decided(policy: Policy, world: Situation, changes: tuple[Change, ...]) -> Decision:
    """The decision after some changes were written to all facts."""
    own = policy.with_parameters(world.parameters)
    facts = apply_changes(changes, read_facts(world.facts, own))
    return own.decide(world.request, facts)


def pool_of(policy: Policy, world: Situation) -> tuple[Change, ...]:
    own = policy.with_parameters(world.parameters)
    return possible_changes(own.bundle, own.analyses.comparisons, gathered(policy, world)[2]).changes


def conditions(condition: Condition) -> Iterator[Condition]:
    yield condition
    for part in condition.conditions:
        yield from conditions(part)


@settings(max_examples=effort(150), deadline=None)
@given(near_situations())
def test_the_tree_says_what_the_decision_says(policy: Policy, world: Situation) -> None:
    decision = decide(policy, world)
    explanation = decision.explain()
    assert isinstance(explanation, Explanation)
    subject, _, request = gathered(policy, world)
    assert (subject is not None and explanation.conditions.holds) == bool(decision)
    interpreter = two_valued(policy.bundle.program, attribute)
    for code in policy.bundle.reasons:
        assert interpreter.call("reason", request, code) == (code in decision.reasons)
    for one in conditions(explanation.conditions):
        parts = one.conditions
        match one.kind:
            case ConditionKind.NOT:
                assert one.holds is not parts[0].holds
            case ConditionKind.ALL:
                assert one.holds is all(part.holds for part in parts)
            case ConditionKind.ANY:
                assert one.holds is any(part.holds for part in parts)
            case ConditionKind.SOME:
                assert (one.row is None) is (one.rows == 0)
                assert one.holds is (one.row is not None and all(part.holds for part in parts))
            case ConditionKind.TEST:
                assert not parts
    if not decision and subject is not None:
        assert list(deciding_leaves(explanation.conditions)), "something at the ends of the tree is wrong"


@settings(max_examples=effort(200), deadline=None)
@given(near_situations())
def test_the_smallest_change_allows_and_no_part_of_it_does(policy: Policy, world: Situation) -> None:
    decision = refused(policy, world)
    if decision is None:
        return
    found = decision.explain().smallest
    assert found.outcome is not SearchOutcome.CUT_OFF, "the search gave up"
    if found.changes is None:
        return
    assert decided(policy, world, found.changes)
    for size in range(len(found.changes)):
        for part in itertools.combinations(found.changes, size):
            assert not decided(policy, world, part)


def test_no_smaller_set_of_changes_allows_by_trying_them_all(policy: Policy) -> None:
    """The search against no search at all: every set of up to two changes, on refusals that need up to three."""
    stream, seen = random.Random(2026), dict.fromkeys(("1", "2", "3", "none"), 0)
    for _ in range(20_000):
        if min(seen.values()) >= 3:
            return
        world = generated(stream.randrange)
        decision = refused(policy, world)
        if decision is None:
            continue
        found = decision.explain().smallest
        need = len(found.changes) if found.changes is not None else 3
        name = "none" if found.changes is None else str(need)
        if name not in seen or seen[name] >= 3:
            continue
        seen[name] += 1
        pool = pool_of(policy, world)
        for size in range(min(need, 3)):
            for tried in itertools.combinations(pool, size):
                if writable(policy, world, tried):
                    assert not decided(policy, world, tried), tried
    raise AssertionError(f"too few refusals of some kind: {seen}")


def writable(policy: Policy, world: Situation, changes: tuple[Change, ...]) -> bool:
    """Whether some changes can be written together: one of a thing, and what rows name is there."""
    slots = [change.slot for change in changes if change.slot]
    if len(slots) != len(set(slots)):
        return False
    vocabulary = policy.bundle.vocabulary
    facts = apply_changes(changes, read_facts(world.facts, policy))
    return all(
        getattr(change.row, attribute(name)) in facts.ids(kind.names)
        for change in changes
        if change.record
        for name, kind in vocabulary.rows[change.record].fields.items()
        if kind.names
    )


def test_the_nearest_miss_is_the_row_that_fails_least(policy: Policy) -> None:
    over = {"supplier": "X", "categories": ["name"], "valid_from": "2019-01-01", "valid_until": "2020-01-01"}
    other = {"supplier": "X", "categories": ["name"], "valid_from": "2019-01-01"}
    for rows in ([over, other], [other, over], [over, over, other, over]):
        world = permitting(consent("g1"), accreditations=rows)
        some = [
            one
            for one in conditions(decide(policy, world).explain().conditions)
            if one.kind is ConditionKind.SOME and one.collection == "accreditations"
        ]
        assert some and all(one.row.valid_until.year == 9999 and one.rows == len(rows) for one in some)


CASES: dict[str, tuple[Situation, set[tuple[str, str]] | None]] = {
    "a suspension is ended": (
        permitting(consent("g1"), suspensions=[{"supplier": "X", "valid_from": "2025-01-01"}]),
        {("end", "suspensions")},
    ),
    "a link is opened": (permitting(consent("g1"), links=[]), {("add", "links")}),
    "fresh data is sent": (
        permitting(consent("g1"), parameters={"max_fact_age_hours": 24}),
        {("set", "enrolments_as_of")},
    ),
    "a closed file stays closed": (
        permitting(consent("g1"), students=[{"id": "tim", "birth_date": "2009-05-12", "closed_at": "2025-01-01"}]),
        None,
    ),
    "a birth date is said": (
        permitting(consent("g1"), students=[{"id": "tim"}]),
        {("fill", "students")},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_found_is_what_the_parties_can_do(policy: Policy, name: str) -> None:
    world, expected = CASES[name]
    decision = decide(policy, world)
    assert not decision
    found = decision.explain().smallest
    changes = None if found.changes is None else {(change.kind.value, change.facts) for change in found.changes}
    assert changes == expected
    said = smallest_as_data(found, policy.bundle)
    for change in said["changes"] or ():
        assert change["writers"] and change["en"] and change["nl"]
        assert set(change["writers"]) <= set(policy.bundle.vocabulary.writers)


def test_nothing_worthless_is_proposed(policy: Policy) -> None:
    """A withdrawal, a suspension, a hold never helps, so none of them is ever part of a change."""
    stream = random.Random(5)
    for _ in range(150):
        decision = refused(policy, generated(stream.randrange))
        for change in (decision.explain().smallest.changes or ()) if decision else ():
            assert (change.kind, change.facts) not in {(ChangeKind.ADD, "suspensions"), (ChangeKind.ADD, "holds")}
            assert change.facts != "consents" or change.row.event == "given"


def test_another_bundle_is_explained_alike() -> None:
    policy = load_bundle(AUTHZEN)
    own, _ = own_worlds(policy)
    drawn, stream = WorldGenerator(policy, own), random.Random(1)
    found = 0
    for _ in range(1_500):
        world = drawn.draw(stream.randrange)
        decision = policy.decide(world.request, world.facts)
        explanation = decision.explain()
        if not decision and explanation.smallest.changes:
            found += 1
            facts = apply_changes(explanation.smallest.changes, world.facts)
            assert policy.decide(world.request, facts)
    assert found >= 20


def test_what_broke_is_not_explained(policy: Policy) -> None:
    class Broken:
        def allow(self, subject: object, action: str, request: object) -> bool:
            raise RuntimeError

        def reasons(self, request: object) -> tuple[str, ...]:
            raise RuntimeError

    decision = decide(policy.with_evaluator(lambda bundle: Broken()), permitting())
    assert decision.error
    with pytest.raises(ValueError, match="nothing to explain"):
        decision.explain()


@settings(max_examples=effort(60), deadline=None)
@given(near_situations(), st.integers(1, 5))
def test_explaining_changes_nothing(policy: Policy, world: Situation, times: int) -> None:
    decision = decide(policy, world)
    before = gathered(policy, world)[2]
    said = [decision.explain() for _ in range(times)]
    assert all(each == said[0] for each in said)
    assert decision.inputs.gathered == before

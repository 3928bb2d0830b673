"""Hypothesis strategies for any bundle: what they draw can be decided, and shrinks to one edit of a scenario."""

from typing import Any

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from authz import Policy, load_bundle
from authz.testing import World, as_scenario, decide, facts, requests, worlds
from authz.verify.seeds import seeds
from tests.support.effort import effort
from tests.support.paths import AUTHZEN, STUDENT

AUTHZEN_POLICY = load_bundle(AUTHZEN)
STUDENT_POLICY = load_bundle(STUDENT)


@settings(max_examples=effort(80), deadline=None)
@given(st.sampled_from([STUDENT_POLICY, AUTHZEN_POLICY]), st.data())
def test_what_is_drawn_can_be_decided(policy: Policy, data: st.DataObject) -> None:
    world = data.draw(worlds(policy))
    decision = decide(policy, world)
    assert decision.error == "" and bool(decision) == (not decision.reasons)
    asked, known = data.draw(requests(policy)), data.draw(facts(policy))
    assert policy.decide(asked, known).error == ""


def test_a_world_shrinks_to_one_that_says_why() -> None:
    """The least world that is refused for a closed link alone is a scenario's with at most one edit."""
    found: World = find(
        worlds(STUDENT_POLICY),
        lambda world: decide(STUDENT_POLICY, world).reasons == ("SCHOOL_LINK_CLOSED",),
        settings=settings(max_examples=5_000, deadline=None, database=None, phases=[Phase.generate, Phase.shrink]),
    )
    shown = as_scenario(STUDENT_POLICY, found)
    assert min(edits(shown, as_scenario(STUDENT_POLICY, seed)) for seed in seeds(STUDENT_POLICY)[0]) <= 1


def edits(one: dict[str, Any], other: dict[str, Any]) -> int:
    """In how many lists, and parts beside them, two worlds differ."""
    kinds = one["facts"].keys() | other["facts"].keys()
    lists = sum(one["facts"].get(kind) != other["facts"].get(kind) for kind in kinds)
    return lists + sum(one.get(part) != other.get(part) for part in ("request", "parameters"))


@settings(max_examples=effort(200), deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(worlds(STUDENT_POLICY))
def test_a_link_is_necessary(world: World) -> None:
    assert world.facts.lists["links"] or not decide(STUDENT_POLICY, world)

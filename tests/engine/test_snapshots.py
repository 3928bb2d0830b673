"""A decision, a batch and a search each work on one snapshot of a store, and on none of another bundle."""

from datetime import UTC, datetime

import pytest

from authz import Facts, FactsOfAnotherBundleError, FactsSnapshot, Policy, load_bundle, load_facts
from authz.engine.evaluation import decide, gather_batch, gather_inputs
from authz.engine.search import Searched, search
from tests.support.paths import AUTHZEN, STUDENT

AT = datetime(2025, 3, 10, 12, tzinfo=UTC)
REQUEST = {"supplier": "X", "institute": "A", "school": "S1", "student": "sara", "action": "read_schedule"}


class Emptied:
    """A store whose facts are there in its first snapshot, and gone in every other."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.taken = facts, 0

    def snapshot(self) -> FactsSnapshot:
        self.taken += 1
        return self.facts if self.taken == 1 else self.facts.with_rows(dict.fromkeys(self.facts.lists, ()))


@pytest.fixture
def store(policy: Policy) -> Emptied:
    return Emptied(load_facts(STUDENT / "facts.json", policy))


def test_a_decision_takes_one_snapshot(policy: Policy, store: Emptied) -> None:
    decision = policy.decide(REQUEST, store, at=AT)
    assert decision and decision.facts_revision == store.facts.revision
    # What explains a decision is what it was decided on.
    assert decision.explain().conditions.holds and decision.inputs.facts_revision == store.facts.revision
    assert store.taken == 1
    assert not policy.decide(REQUEST, store, at=AT)


def test_a_batch_takes_one_snapshot(policy: Policy, store: Emptied) -> None:
    request = policy.bundle.requests.read(REQUEST)
    assert all(decide(inputs) for inputs in gather_batch(policy, [request] * 3, store, AT))
    assert store.taken == 1


def test_a_search_takes_one_snapshot(policy: Policy, store: Emptied) -> None:
    request = policy.bundle.requests.read(REQUEST)
    results = [each.key for each in search(policy, store, request, Searched.RESOURCE, AT) if each.allowed]
    assert ("sara",) in results
    assert store.taken == 1


def test_no_facts_of_another_bundle_are_decided_on_or_searched(policy: Policy) -> None:
    other = load_bundle(AUTHZEN)
    strange = load_facts(AUTHZEN / "facts.json", other)
    request = policy.bundle.requests.read(REQUEST)
    for ask in (
        lambda: policy.decide(request, strange, at=AT),
        lambda: gather_inputs(policy, request, strange, AT),
        lambda: gather_batch(policy, [], strange, AT),
        lambda: search(policy, strange, request, Searched.RESOURCE, AT),
        lambda: policy.decide(request, object(), at=AT),  # type: ignore[arg-type]
    ):
        with pytest.raises(FactsOfAnotherBundleError):
            ask()


def test_a_policy_has_these_members_and_no_others() -> None:
    members = [name for name in dir(Policy) if not name.startswith("_")]
    assert members == [
        "analyses",
        "bundle",
        "decide",
        "digest",
        "evaluator",
        "parameters",
        "with_evaluator",
        "with_parameters",
    ]

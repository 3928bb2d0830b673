"""A decision is a value without facts; the one that `policy.decide` returns can be explained besides."""

import copy
import dataclasses
import json
import pickle
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from authz import Decision, Effect, ExplainableDecision, Facts, Policy, load_bundle, load_facts, read_facts
from authz.engine.evaluation import decide, gather_batch, gather_inputs
from authz.engine.expiry import expires_at
from authz.facts.serialize import facts_as_data
from authz.testing import World, worlds
from tests.support.decide import public_reason_of
from tests.support.effort import effort
from tests.support.paths import STUDENT

AT = datetime(2025, 3, 10, 12, tzinfo=UTC)
POLICY = load_bundle(STUDENT)
PERSONAL = {"tim", "g1", "g2", "birth_date", "consents", "gathered"}


@pytest.fixture(scope="module")
def facts(policy: Policy) -> Facts:
    return load_facts(STUDENT / "facts.json", policy)


def example(name: str) -> dict[str, Any]:
    request: dict[str, Any] = json.loads((STUDENT / "examples" / f"{name}.json").read_text())
    return request


def test_a_decision_has_these_fields_and_no_others() -> None:
    names = ["effect", "at", "reasons", "error", "policy_digest", "facts_revision"]
    assert [field.name for field in dataclasses.fields(Decision)] == names


@pytest.mark.parametrize("name", ["everything-in-place", "consent-withdrawn-a-second-ago", "unknown-student"])
def test_an_explainable_decision_equals_the_plain_one(policy: Policy, facts: Facts, name: str) -> None:
    request = policy.bundle.requests.read(example(name))
    explainable = policy.decide(request, facts)
    plain = decide(gather_inputs(policy, request, facts, AT))
    assert type(plain) is Decision and type(explainable) is ExplainableDecision
    assert explainable == plain and plain == explainable and explainable == policy.decide(request, facts)
    assert hash(explainable) == hash(plain)
    other = dataclasses.replace(plain, facts_revision="another")
    assert explainable != other and other != explainable and explainable != object()


@pytest.mark.parametrize("name", ["everything-in-place", "consent-withdrawn-a-second-ago"])
def test_no_fact_leaves_the_process_with_a_decision(policy: Policy, facts: Facts, name: str) -> None:
    decision = policy.decide(example(name), facts)
    pickled = pickle.dumps(decision)
    words = re.findall(r"\w+", f"{pickled!r} {decision!r}")
    assert not any(word in PERSONAL for word in words), words
    for again in (pickle.loads(pickled), copy.copy(decision), copy.deepcopy(decision)):
        assert type(again) is Decision
        assert again == decision


def test_a_decision_is_json(policy: Policy, facts: Facts) -> None:
    adapter = TypeAdapter(Decision)
    decision = decide(
        gather_inputs(policy, policy.bundle.requests.read(example("consent-withdrawn-a-second-ago")), facts, AT)
    )
    assert adapter.validate_json(adapter.dump_json(decision)) == decision


def test_a_batch_decides_as_its_requests_alone(policy: Policy, facts: Facts) -> None:
    names = sorted(path.stem for path in (STUDENT / "examples").glob("*.json"))
    requests = [policy.bundle.requests.read(example(name)) for name in names]
    together = [decide(inputs) for inputs in gather_batch(policy, requests, facts, AT)]
    assert together == [policy.decide(request, facts, at=AT) for request in requests]
    assert {decision.effect for decision in together} == set(Effect)


class Answers:
    """An evaluator that answers the same to every request."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def allow(self, subject: Any, action: str, request: Any) -> bool:
        answer: bool = self.answer
        return answer

    def reasons(self, request: Any) -> tuple[str, ...]:
        return ("ASKED",)


@pytest.mark.parametrize("answer", [1, "true", ..., None, 0, ""], ids=repr)
def test_nothing_but_true_permits(policy: Policy, facts: Facts, answer: object) -> None:
    decision = policy.with_evaluator(lambda bundle: Answers(answer)).decide(example("everything-in-place"), facts)
    assert (decision.effect, decision.reasons) == (Effect.DENY, ("ASKED",))


def test_true_permits_a_known_subject_alone(policy: Policy, facts: Facts) -> None:
    lenient = policy.with_evaluator(lambda bundle: Answers(True))
    assert lenient.decide(example("everything-in-place"), facts)
    for change in ({"supplier": "nobody"}, {"supplier": ""}):
        assert not lenient.decide({**example("everything-in-place"), **change}, facts)


def test_a_refusal_has_no_end(policy: Policy, facts: Facts) -> None:
    assert policy.decide(example("unknown-student"), facts).expires_at is None


def test_the_end_of_a_permit_is_that_of_its_inputs(policy: Policy, facts: Facts) -> None:
    decision = policy.decide(example("everything-in-place"), facts)
    assert decision.expires_at == expires_at(POLICY, decision.inputs.gathered)


def test_the_search_for_the_end_leaves_the_record_at_its_instant(policy: Policy, facts: Facts) -> None:
    gathered = policy.decide(example("everything-in-place"), facts).inputs.gathered
    before = gathered.at
    assert expires_at(policy, gathered) is not None
    assert gathered.at == before


@settings(max_examples=effort(100), deadline=None)
@given(worlds(POLICY))
def test_a_redacted_record_depends_on_no_fact_about_the_data_subject(world: World) -> None:
    """The same request, over facts without the data subject, is gathered as the redacted record."""
    vocabulary, subject = POLICY.bundle.vocabulary, world.request.resource_id
    record = vocabulary.resource.record
    facts = read_facts(facts_as_data(world.facts, vocabulary), POLICY)
    about = {
        kind.facts: tuple(
            row
            for row in facts.lists[kind.facts]
            if not any(field.names == record and getattr(row, name) == subject for name, field in kind.fields.items())
            and not (kind.name == record and getattr(row, kind.key) == subject)
        )
        for kind in vocabulary.rows.values()
        if kind.facts
    }
    inputs = gather_inputs(POLICY, world.request, facts, world.at)
    without = gather_inputs(POLICY, world.request, facts.with_rows(about), world.at)
    assert POLICY.analyses.redact(world.request, inputs.gathered) == without.gathered
    assert public_reason_of(inputs) == public_reason_of(without) or decide(inputs)


@settings(max_examples=effort(100), deadline=None)
@given(worlds(POLICY), st.integers(-10_000_000, 10_000_000))
def test_a_record_moved_to_an_instant_is_the_one_gathered_at_it(world: World, seconds: int) -> None:
    facts = read_facts(facts_as_data(world.facts, POLICY.bundle.vocabulary), POLICY)
    moment = world.at + timedelta(seconds=seconds)
    here, there = (gather_inputs(POLICY, world.request, facts, at).gathered for at in (world.at, moment))
    assert POLICY.analyses.move_to(here, moment) == there

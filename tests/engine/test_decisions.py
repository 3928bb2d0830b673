"""Decisions: truthy for a permit alone, frozen, and a refusal when deciding breaks."""

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import authz
from authz import Decision, Effect, MalformedRequestError, Policy, load_facts
from tests.support.paths import AUTHZEN, STUDENT

AT = datetime(2025, 3, 10, 12, tzinfo=UTC)


def example(name: str) -> dict[str, Any]:
    request: dict[str, Any] = json.loads((STUDENT / "examples" / f"{name}.json").read_text())
    return request


@pytest.fixture(scope="module")
def facts(policy: Policy) -> authz.Facts:
    return load_facts(STUDENT / "facts.json", policy)


def test_the_public_names_are_these() -> None:
    assert authz.__all__ == [
        "Bundle",
        "Decision",
        "Diagnostic",
        "DiagnosticError",
        "Effect",
        "EvaluationRequest",
        "Evaluator",
        "ExplainableDecision",
        "Explanation",
        "FactStore",
        "Facts",
        "FactsOfAnotherBundleError",
        "FactsSnapshot",
        "MalformedRequestError",
        "Policy",
        "PolicyError",
        "Span",
        "__version__",
        "load_bundle",
        "load_facts",
        "read_facts",
    ]


def test_every_public_name_is_imported_at_its_first_use() -> None:
    assert all(getattr(authz, name) for name in authz.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Bundel'"):
        authz.Bundel  # noqa: B018


def test_a_permit_is_truthy_and_a_refusal_is_not(policy: Policy, facts: authz.Facts) -> None:
    assert policy.decide(example("everything-in-place"), facts)
    assert not policy.decide(example("unknown-student"), facts)


def test_a_decision_says_by_what_it_was_judged(policy: Policy, facts: authz.Facts) -> None:
    expected = Decision(Effect.DENY, AT, ("CONSENT_WITHDRAWN",), "", policy.digest, facts.revision)
    assert policy.decide(example("consent-withdrawn-a-second-ago"), facts) == expected


def test_values_are_frozen(policy: Policy, facts: authz.Facts) -> None:
    decision = policy.decide(example("unknown-student"), facts)
    for value, name in ((decision, "effect"), (policy, "digest"), (facts, "revision")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, "allow")


class Broken:
    """An evaluator that breaks."""

    def allow(self, subject: Any, action: str, request: Any) -> bool:
        raise RuntimeError("out of cheese")

    def reasons(self, request: Any) -> tuple[str, ...]:
        raise RuntimeError("out of cheese")


def test_an_error_while_deciding_is_a_refusal_that_says_so(policy: Policy, facts: authz.Facts) -> None:
    broken = policy.with_evaluator(lambda bundle: Broken())
    decision = broken.decide(example("everything-in-place"), facts)
    assert (bool(decision), decision.effect, decision.error) == (False, Effect.DENY, "RuntimeError: out of cheese")


def test_a_request_without_an_instant_is_malformed(policy: Policy, facts: authz.Facts) -> None:
    request = {key: value for key, value in example("everything-in-place").items() if key != "at"}
    with pytest.raises(MalformedRequestError, match=r"request: at: is missing"):
        policy.decide(request, facts)


def test_a_naive_instant_is_refused(policy: Policy, facts: authz.Facts) -> None:
    with pytest.raises(ValueError, match="naive"):
        policy.decide(example("everything-in-place"), facts, at=datetime(2025, 3, 10))  # noqa: DTZ001 - the fault under test


def test_facts_of_another_bundle_are_refused(policy: Policy) -> None:
    other = authz.load_bundle(AUTHZEN)
    strange = load_facts(AUTHZEN / "facts.json", other)
    for given in (strange, None, {}):
        with pytest.raises(authz.FactsOfAnotherBundleError):
            policy.decide(example("everything-in-place"), given)  # type: ignore[arg-type]


def test_what_is_printed_of_facts_and_policies_is_short_and_holds_no_data(policy: Policy, facts: authz.Facts) -> None:
    assert "tim" not in repr(facts)
    assert max(len(repr(facts)), len(repr(policy))) < 2_000


def test_parameters_change_the_answer_and_the_digest(policy: Policy, facts: authz.Facts) -> None:
    request = example("guardians-consent-lapses-at-16")
    kept = policy.with_parameters({"parental_consent_at_16": "continue"})
    assert (bool(policy.decide(request, facts)), bool(kept.decide(request, facts))) == (False, True)
    assert policy.digest != kept.digest


def test_policies_with_the_same_values_of_parameters_have_one_digest(policy: Policy) -> None:
    default = policy.parameters.parental_consent_at_16
    kept = policy.with_parameters({"parental_consent_at_16": "continue"})
    assert {policy.with_parameters({}).digest, policy.with_parameters({"parental_consent_at_16": default}).digest} == {
        policy.digest
    }
    assert kept.with_parameters({"parental_consent_at_16": "continue"}).digest == kept.digest


def test_a_subject_of_another_type_is_nobody(policy: Policy, facts: authz.Facts) -> None:
    request = {
        "subject": {"type": "user", "id": "X", "properties": {"institute": "A"}},
        "action": {"name": "read_grades"},
        "resource": {"type": "student", "id": "tim", "properties": {"school": "S1"}},
        "at": "2025-03-10T12:00:00Z",
    }
    assert policy.decide(request, facts).reasons == ("ACTION_NOT_SUPPORTED",)


def test_many_threads_get_their_own_answers(policy: Policy, facts: authz.Facts) -> None:
    requests = [example(path.stem) for path in sorted(Path(STUDENT / "examples").glob("*.json"))]
    alone = [policy.decide(request, facts) for request in requests]
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(lambda n: policy.decide(requests[n % len(requests)], facts), range(2_000)))
    assert together == [alone[n % len(requests)] for n in range(2_000)]


def test_a_traceback_shows_the_compiled_line(policy: Policy) -> None:
    import traceback

    try:
        policy.evaluator.allow("subject", "read_grades", None)
    except AttributeError as error:
        shown = "".join(traceback.format_exception(error))
        assert "= request." in shown
    else:
        pytest.fail("None is no request")

"""Decide on a situation of documents, or gather its records."""

from typing import Any

from authz import Policy
from authz.engine.evaluation import EvaluationInputs, apply_rules
from authz.engine.loading import read_facts
from authz.engine.policy import ExplainableDecision
from authz.engine.public_reason import public_reason
from tests.support.student import Situation


def decide(policy: Policy, situation: Situation) -> ExplainableDecision:
    """The decision on a situation."""
    configured = policy.with_parameters(situation.parameters)
    return configured.decide(situation.request, read_facts(situation.facts, policy))


def gathered(policy: Policy, situation: Situation) -> tuple[Any, str, Any]:
    """What an evaluator's `allow` takes: the subject, the action, and the request with its records."""
    request = policy.bundle.requests.read(situation.request)
    assert request.at is not None
    parameters = policy.with_parameters(situation.parameters).parameters
    record = policy.analyses.gather(request, read_facts(situation.facts, policy), request.at, parameters)
    return policy.analyses.subject_of(record), request.action, record


def public_reason_of(inputs: EvaluationInputs) -> str:
    """The public reason of the refusal on these inputs."""
    _, reasons, _ = apply_rules(inputs.policy, inputs.gathered)
    return public_reason(inputs.policy, inputs.request, inputs.gathered, reasons)

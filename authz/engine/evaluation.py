"""Decide one request: gather its inputs, then apply the rules. Silence refuses, and an error while deciding refuses."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from authz.bundle.loading import Bundle
from authz.bundle.requests import EvaluationRequest
from authz.engine.analyses import Analyses
from authz.engine.decision import Decision, Effect, Evaluator
from authz.facts.store import FactsSnapshot, FactStore


class FactsOfAnotherBundleError(TypeError):
    """Facts validated under another bundle: their rows would not be found, and a ground for refusal could be missed."""


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """A bundle ready to decide: its evaluator, its parameters, and its analyses.

    `digest` names bundle and parameters together.
    """

    bundle: Bundle
    evaluator: Evaluator = field(repr=False)
    parameters: Any
    digest: str
    analyses: Analyses = field(repr=False)


@dataclass(frozen=True, slots=True)
class EvaluationInputs:
    """All that one decision depends on: the policy, the request, and the record gathered for it from the facts."""

    policy: CompiledPolicy
    request: EvaluationRequest
    gathered: Any = field(repr=False)
    facts_revision: str


PERMIT: tuple[Effect, tuple[str, ...], str] = (Effect.ALLOW, (), "")
DENY = Effect.DENY
DecisionFields = tuple[Effect, datetime, tuple[str, ...], str, str, str]
"""The fields of a `Decision`, in order."""


def gather_inputs(
    policy: CompiledPolicy, request: EvaluationRequest, facts: FactStore, at: datetime
) -> EvaluationInputs:
    """The inputs of one decision at an instant in UTC, from one snapshot of the facts.

    Raises:
        FactsOfAnotherBundleError: the facts were validated under another manifest or vocabulary.
    """
    snapshot = require_same_bundle(policy, facts)
    gathered = policy.analyses.gather(request, snapshot, at, policy.parameters)
    return EvaluationInputs(policy, request, gathered, snapshot.revision)


def gather_batch(
    policy: CompiledPolicy, requests: Iterable[EvaluationRequest], facts: FactStore, at: datetime
) -> list[EvaluationInputs]:
    """The inputs of many decisions at one instant in UTC, all from one snapshot of the facts.

    Raises:
        FactsOfAnotherBundleError: the facts were validated under another manifest or vocabulary.
    """
    snapshot = require_same_bundle(policy, facts)
    gather, parameters, revision = policy.analyses.gather, policy.parameters, snapshot.revision
    return [
        EvaluationInputs(policy, request, gather(request, snapshot, at, parameters), revision) for request in requests
    ]


def decide(inputs: EvaluationInputs) -> Decision:
    """The decision on gathered inputs."""
    return Decision(*evaluate(inputs))


def evaluate(inputs: EvaluationInputs) -> DecisionFields:
    """The fields of the decision on gathered inputs; see `apply_rules`."""
    effect, reasons, error = apply_rules(inputs.policy, inputs.gathered)
    return effect, inputs.gathered.at, reasons, error, inputs.policy.digest, inputs.facts_revision


def apply_rules(policy: CompiledPolicy, gathered: Any) -> tuple[Effect, tuple[str, ...], str]:
    """The effect on a gathered record, the reasons of a refusal, and what was raised while deciding, if anything was.

    Whatever is raised becomes a refusal. Without a known subject there is nobody to permit.
    """
    evaluator = policy.evaluator
    try:
        subject = policy.analyses.subject_of(gathered)
        # `is True`: an evaluator that returns anything else does not permit.
        if subject is not None and evaluator.allow(subject, gathered.action, gathered) is True:
            return PERMIT
        return DENY, evaluator.reasons(gathered), ""
    except Exception as error:  # noqa: BLE001 - an error while deciding is a refusal, not a crash
        return DENY, (), f"{type(error).__name__}: {error}"


def permits(policy: CompiledPolicy, gathered: Any) -> bool:
    """Whether a rule permits a gathered record, without computing reasons; an error permits nothing."""
    return evaluate_permit(policy, gathered)[0]


def evaluate_permit(policy: CompiledPolicy, gathered: Any) -> tuple[bool, str]:
    """Whether a rule permits a gathered record, and the type of the exception if deciding broke; then nothing does."""
    try:
        subject = policy.analyses.subject_of(gathered)
        return subject is not None and policy.evaluator.allow(subject, gathered.action, gathered) is True, ""
    except Exception as error:  # noqa: BLE001 - an error while deciding is no permit
        return False, type(error).__name__


def require_same_bundle(policy: CompiledPolicy, facts: FactStore) -> FactsSnapshot:
    """A snapshot of facts that were validated under this policy's bundle.

    Raises:
        FactsOfAnotherBundleError: the value is no store, or its facts have another schema digest.
    """
    snapshot = getattr(facts, "snapshot", None)
    current: FactsSnapshot | None = snapshot() if snapshot is not None else None
    if current is None or current.schema_digest != policy.bundle.schema_digest:
        raise FactsOfAnotherBundleError("these facts were not read under this bundle: read them with `load_facts`")
    return current

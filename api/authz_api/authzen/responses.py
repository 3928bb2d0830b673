"""The response to one evaluation, by audience: what every caller may see, and what the right `explain` adds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authz import Decision, EvaluationRequest
from authz.engine.evaluation import EvaluationInputs
from authz.engine.expiry import expires_at
from authz.engine.public_reason import public_reason
from authz_api.authn.callers import Caller
from authz_api.decision_log.trace import random_id
from authz_api.problems import ProblemError, error_body
from authz_api.state import Snapshot

UNDECIDED = "the request could not be decided"
OTHER_SUBJECT = "this caller may ask only about itself"


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """The response to one evaluation, with the request and decision that log and metrics need.

    Without a decision `failure` says why: `malformed`, or `forbidden` for the caller.
    """

    body: Mapping[str, Any]
    evaluation_id: str
    request: EvaluationRequest | None = None
    decision: Decision | None = None
    failure: str = ""


def evaluation_result(
    snapshot: Snapshot,
    inputs: EvaluationInputs,
    decision: Decision,
    show_all: bool,
    explanation: Mapping[str, Any] | None = None,
) -> EvaluationResult:
    """The result of a decision (AuthZEN 1.0, section 5.5).

    Args:
        show_all: the caller may see every reason code.
        explanation: the explanation, as data, that such a caller asked for.
    """
    evaluation_id, request = random_id(), inputs.request
    permitted = bool(decision)
    context: dict[str, Any] = {}
    if not permitted:
        if decision.error:
            context.update(error_body(500, UNDECIDED))
        else:
            context["reason_user"] = snapshot.reasons[public_reason(inputs, decision)]
            if show_all:
                context["reason_admin"] = {"codes": list(decision.reasons)}
    if show_all and explanation is not None:
        context["reason_admin"] = {**context.get("reason_admin", {}), **explanation}
    context["evaluation_id"] = evaluation_id
    context["evaluated_at"] = decision.at
    for name in snapshot.echoed:
        if (value := request.properties[name]) is not None:
            context[name] = value
    if permitted and (end := expires_at(inputs)) is not None:
        context["expires_at"] = end
    context["policy"], context["facts"] = decision.policy_digest, decision.facts_revision
    return EvaluationResult({"decision": permitted, "context": context}, evaluation_id, request, decision)


def failed_result(problem: ProblemError) -> EvaluationResult:
    """The result of an item of a batch that is malformed, or that its caller may not ask."""
    evaluation_id = random_id()
    context = {**error_body(problem.status, problem.message), "evaluation_id": evaluation_id}
    failure = "forbidden" if problem.status == 403 else "malformed"
    return EvaluationResult({"decision": False, "context": context}, evaluation_id, failure=failure)


def caller_may_ask(caller: Caller, snapshot: Snapshot, request: EvaluationRequest) -> bool:
    """Whether a caller may ask this request: a caller bound to a subject asks only about itself."""
    if caller.subject is None:
        return True
    type = snapshot.policy.bundle.vocabulary.subject.type
    return (request.subject_type, request.subject_id) == (type, caller.subject)


def echoed_properties(snapshot: Snapshot, request: EvaluationRequest) -> dict[str, Any]:
    """The properties that a response repeats, defaults filled in, such as the purpose; the bundle names them."""
    return {name: value for name in snapshot.echoed if (value := request.properties[name]) is not None}

"""Access Evaluation: one decision (AuthZEN 1.0, section 6), and the response to it by audience.

Every caller sees the decision and a public reason; the right `explain` adds all reason codes.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from authz import EvaluationRequest, Explanation, MalformedRequestError
from authz.deadline import Deadline, DeadlineError
from authz.engine.decision import Effect
from authz.engine.evaluation import apply_rules
from authz.engine.expiry import expires_at
from authz.engine.policy import ExplainableDecision
from authz.engine.public_reason import public_reason
from authz_api import response_delay
from authz_api.authn.callers import Caller, Right
from authz_api.authzen.endpoint import NONE, Endpoint, EndpointCall, EndpointResult, EvaluationResult
from authz_api.deadline import SECONDS
from authz_api.decision_log.entry import random_id
from authz_api.decision_log.pseudonyms import Pseudonyms
from authz_api.http_messages import message_of
from authz_api.problems import ProblemError, error_body
from authz_api.state import Snapshot

ALLOW = Effect.ALLOW
UNDECIDED = "the request could not be decided"
OTHER_SUBJECT = "this caller may ask only about itself"


@dataclass(frozen=True, slots=True)
class EvaluationEndpoint:
    """Decides one request. Explanations run in a thread, because they can take seconds for a student with many rows."""

    pseudonyms: Pseudonyms
    explainer: Executor = field(default_factory=lambda: ThreadPoolExecutor(4, "explain"), repr=False)

    def endpoint(self) -> Endpoint:
        """The endpoint `/access/v1/evaluation`."""
        return Endpoint("evaluation", "adl.access_evaluation", Right.EVALUATE, self.answer, self.answer_slowly)

    def answer(self, call: EndpointCall) -> EndpointResult | None:
        """Decide; None if the caller asks for an explanation and may see it."""
        if "options" in call.body and wants_explanation(call.caller, call.body):
            return None
        return self._result(call, evaluate(call, read_request(call), Right.EXPLAIN in call.caller.rights, call.at))

    async def answer_slowly(self, call: EndpointCall) -> EndpointResult:
        """Decide and explain."""
        request, snapshot = read_request(call), call.snapshot
        decision = snapshot.policy.decide(request, snapshot.facts, call.at)
        explanation = NONE
        if not decision.error:
            explanation = (await self._explain(decision)).as_data(snapshot.policy.bundle)
        return self._result(call, evaluate(call, request, True, call.at, explanation))

    async def _explain(self, decision: ExplainableDecision) -> Explanation:
        """The explanation of a decision; the time that it waits for others counts towards its deadline.

        Raises:
            ProblemError: 503 at the deadline.
        """
        deadline = Deadline.after(SECONDS)
        try:
            return await asyncio.get_running_loop().run_in_executor(self.explainer, decision.explain, deadline)
        except DeadlineError:
            raise ProblemError(503, f"there was no answer within {SECONDS:g} seconds") from None

    def _result(self, call: EndpointCall, result: EvaluationResult) -> EndpointResult:
        assert result.request is not None  # a decided evaluation has a request
        logged = self.pseudonyms.of_request(call.snapshot, result.request)
        return EndpointResult(
            result.body,
            logged,
            logged_response(result),
            "adl.access_evaluation",
            (result,),
            data_subject(call.snapshot, logged),
            0 if result.outcome == "allow" else response_delay.EVALUATION,
        )


def read_request(call: EndpointCall) -> EvaluationRequest:
    """The typed request of a single evaluation.

    Raises:
        ProblemError: 400 if it is malformed, 403 if its caller may not ask it.
    """
    try:
        request = call.snapshot.read_request(call.body)
    except MalformedRequestError as error:
        raise ProblemError(400, message_of(error)) from None
    if call.caller.subject is not None and not caller_may_ask(call.caller, call.snapshot, request):
        raise ProblemError(403, OTHER_SUBJECT)
    return request


def evaluate(
    call: EndpointCall,
    request: EvaluationRequest,
    show_all: bool,
    evaluated_at: datetime | str,
    explanation: Mapping[str, Any] = NONE,
) -> EvaluationResult:
    """Decide one request, and make the response (AuthZEN 1.0, section 5.5).

    Args:
        show_all: the caller may see every reason code.
        evaluated_at: the instant of the call, as it is or as the response spells it.
        explanation: the explanation, as data, that such a caller asked for.
    """
    snapshot = call.snapshot
    policy = snapshot.policy
    gathered = policy.analyses.gather(request, snapshot.facts, call.at, policy.parameters)
    effect, reasons, error = apply_rules(policy, gathered)
    evaluation_id = random_id()
    context: dict[str, Any] = {}
    if error:
        context.update(error_body(500, UNDECIDED))
    elif effect is not ALLOW:
        context["reason_user"] = snapshot.reasons[public_reason(policy, request, gathered, reasons)]
        if show_all:
            context["reason_admin"] = {"codes": reasons, **explanation}
    elif explanation:
        context["reason_admin"] = explanation
    context["evaluation_id"] = evaluation_id
    context["evaluated_at"] = evaluated_at
    for name in snapshot.echoed:
        if (value := request.properties[name]) is not None:
            context[name] = value
    if effect is ALLOW:
        if (end := expires_at(policy, gathered)) is not None:
            context["expires_at"] = end
        outcome = "allow"
    else:
        outcome = "error" if error else "deny"
    context["policy"], context["facts"] = snapshot.versions
    body = {"decision": effect is ALLOW, "context": context}
    return EvaluationResult(body, evaluation_id, outcome, request, reasons, error.partition(":")[0] if error else "")


def wants_explanation(caller: Caller, body: Mapping[str, Any]) -> bool:
    """Whether a caller asks for an explanation, and may see it: `options.explain` of a single evaluation."""
    options = body.get("options")
    return Right.EXPLAIN in caller.rights and isinstance(options, dict) and options.get("explain") is True


def caller_may_ask(caller: Caller, snapshot: Snapshot, request: EvaluationRequest) -> bool:
    """Whether a caller may ask this request: a caller bound to a subject asks only about itself."""
    if caller.subject is None:
        return True
    type = snapshot.policy.bundle.vocabulary.subject.type
    return (request.subject_type, request.subject_id) == (type, caller.subject)


def logged_response(result: EvaluationResult) -> dict[str, Any]:
    """The response to one evaluation for the decision log: the decision, its id and codes, and no texts."""
    outcome = result.outcome
    context: dict[str, Any] = {"evaluation_id": result.evaluation_id}
    if result.reasons:
        context["reason_admin"] = {"codes": result.reasons}
    elif outcome != "allow" and outcome != "deny":
        # The message of an exception could hold personal data: its kind alone is logged.
        context["error"] = result.error or outcome
    return {"decision": outcome == "allow", "context": context}


def data_subject(snapshot: Snapshot, logged: Mapping[str, Any]) -> str:
    """The pseudonym of the person whom a logged request concerns; empty if its resource is no person."""
    resource = logged.get("resource", NONE)
    id: str = resource.get("id", "") if resource.get("type") in snapshot.persons else ""
    return id

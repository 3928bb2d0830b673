"""Access Evaluation: one decision (AuthZEN 1.0, section 6)."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from authz import EvaluationRequest, Explanation, MalformedRequestError
from authz.deadline import Deadline, DeadlineError
from authz.engine.evaluation import decide, gather_inputs
from authz.engine.policy import ExplainableDecision
from authz_api import response_delay
from authz_api.authn.callers import Caller, Right
from authz_api.authzen.endpoint import Endpoint, EndpointResult, Question
from authz_api.authzen.request_body import message_of
from authz_api.authzen.responses import OTHER_SUBJECT, EvaluationResult, caller_may_ask, evaluation_result
from authz_api.deadline import SECONDS
from authz_api.decision_log.pseudonyms import Pseudonyms
from authz_api.problems import ProblemError
from authz_api.state import Snapshot


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Decides one request. Explanations run in a thread, because they can take seconds for a student with many rows."""

    pseudonyms: Pseudonyms
    explainer: Executor = field(default_factory=lambda: ThreadPoolExecutor(4, "explain"), repr=False)

    def endpoint(self) -> Endpoint:
        """The endpoint `/access/v1/evaluation`."""
        return Endpoint("evaluation", "adl.access_evaluation", Right.EVALUATE, self.answer, self.answer_slowly)

    def answer(self, question: Question) -> EndpointResult | None:
        """Decide; None if the caller asks for an explanation and may see it."""
        if "options" in question.body and wants_explanation(question.caller, question.body):
            return None
        request = read_request(question)
        snapshot = question.snapshot
        inputs = gather_inputs(snapshot.policy, request, snapshot.facts, question.at)
        show_all = Right.EXPLAIN in question.caller.rights
        return self._result(snapshot, evaluation_result(snapshot, inputs, decide(inputs), show_all))

    async def answer_slowly(self, question: Question) -> EndpointResult:
        """Decide and explain."""
        request, snapshot = read_request(question), question.snapshot
        decision = snapshot.policy.decide(request, snapshot.facts, question.at)
        explanation = None
        if not decision.error:
            explanation = (await self._explain(decision)).as_data(snapshot.policy.bundle)
        return self._result(snapshot, evaluation_result(snapshot, decision.inputs, decision, True, explanation))

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

    def _result(self, snapshot: Snapshot, result: EvaluationResult) -> EndpointResult:
        assert result.request is not None  # a decided evaluation has a request
        logged = self.pseudonyms.of_request(snapshot, result.request)
        return EndpointResult(
            result.body,
            logged,
            logged_response(result),
            "adl.access_evaluation",
            (result,),
            data_subject(snapshot, logged),
            0 if result.body["decision"] else response_delay.EVALUATION,
        )


def read_request(question: Question) -> EvaluationRequest:
    """The typed request of a single evaluation.

    Raises:
        ProblemError: 400 if it is malformed, 403 if its caller may not ask it.
    """
    try:
        request = question.snapshot.policy.bundle.requests.live[""](question.body)
    except MalformedRequestError as error:
        raise ProblemError(400, message_of(error)) from None
    if not caller_may_ask(question.caller, question.snapshot, request):
        raise ProblemError(403, OTHER_SUBJECT)
    return request


def wants_explanation(caller: Caller, body: Mapping[str, Any]) -> bool:
    """Whether a caller asks for an explanation, and may see it: `options.explain` of a single evaluation."""
    options = body.get("options")
    return Right.EXPLAIN in caller.rights and isinstance(options, dict) and options.get("explain") is True


def logged_response(result: EvaluationResult) -> dict[str, Any]:
    """The response to one evaluation for the decision log: the decision, its id and codes, and no texts."""
    context: dict[str, Any] = {"evaluation_id": result.evaluation_id}
    if result.decision is None:
        context["error"] = result.failure
    elif result.decision.error:
        # The message could hold personal data: its kind alone is logged.
        context["error"] = result.decision.error.partition(":")[0]
    elif result.decision.reasons:
        context["reason_admin"] = {"codes": list(result.decision.reasons)}
    return {"decision": result.body["decision"], "context": context}


def data_subject(snapshot: Snapshot, logged: Mapping[str, Any]) -> str:
    """The pseudonym of the person whom a logged request concerns; empty if its resource is no person."""
    resource = logged.get("resource", {})
    id: str = resource.get("id", "") if resource.get("type") in snapshot.persons else ""
    return id

"""Access Evaluations: many requests in one body, with defaults, answered in order (AuthZEN 1.0, section 7)."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from authz import EvaluationRequest, MalformedRequestError
from authz.documents.json import json_bytes
from authz_api import response_delay
from authz_api.authn.callers import Right
from authz_api.authzen.endpoint import Endpoint, EndpointCall, EndpointResult, EvaluationResult
from authz_api.authzen.evaluation import (
    OTHER_SUBJECT,
    EvaluationEndpoint,
    caller_may_ask,
    data_subject,
    evaluate,
    logged_response,
)
from authz_api.decision_log.entry import random_id
from authz_api.http_messages import message_of
from authz_api.problems import ProblemError, error_body
from authz_api.state import Snapshot

MAX_ITEMS = 1000
ITEMS_AT_ONCE = 50
"""The number of items that are decided before other calls get a turn."""
ENTITIES = ("subject", "action", "resource", "context")
SEMANTICS = {"execute_all": None, "deny_on_first_deny": False, "permit_on_first_permit": True}
"""The decision that ends a batch, by the name of its semantic; None ends no batch."""


@dataclass(frozen=True, slots=True)
class EvaluationsEndpoint:
    """Decides a batch; a body without items is a single evaluation."""

    single: EvaluationEndpoint

    def endpoint(self) -> Endpoint:
        """The endpoint `/access/v1/evaluations`."""
        return Endpoint("evaluations", "adl.access_evaluations", Right.EVALUATE, self.answer, self.answer_slowly)

    def answer(self, call: EndpointCall) -> EndpointResult | None:
        """Decide a short batch; None if it is so long that other calls should get a turn."""
        items, last = read_items(call.body), read_semantic(call.body)
        if not items:
            return self.single.answer(call)
        if len(items) > ITEMS_AT_ONCE:
            return None
        return self._result(call.snapshot, tuple(evaluate_items(call, items, last)))

    async def answer_slowly(self, call: EndpointCall) -> EndpointResult:
        """Decide a long batch with pauses, or explain a single evaluation."""
        items, last = read_items(call.body), read_semantic(call.body)
        if not items:
            return await self.single.answer_slowly(call)
        results: list[EvaluationResult] = []
        for result in evaluate_items(call, items, last):
            results.append(result)
            if len(results) % ITEMS_AT_ONCE == 0:
                await asyncio.sleep(0)
        return self._result(call.snapshot, tuple(results))

    def _result(self, snapshot: Snapshot, results: tuple[EvaluationResult, ...]) -> EndpointResult:
        pseudonyms = self.single.pseudonyms
        requests = [pseudonyms.of_request(snapshot, result.request) if result.request else {} for result in results]
        subjects = {data_subject(snapshot, request) for request in requests if request}
        return EndpointResult(
            {"evaluations": [result.body for result in results]},
            {"evaluations": requests},
            {"evaluations": [logged_response(result) for result in results]},
            "adl.access_evaluations",
            results,
            # An entry names at most one data subject.
            subjects.pop() if len(subjects) == 1 else "",
            batch_delay(results),
        )


def read_items(body: Mapping[str, Any]) -> list[Any]:
    """The items of a batch; empty if the body is a single evaluation.

    Raises:
        ProblemError: 400 if they are not a list, or too many.
    """
    items = body.get("evaluations", [])
    if not isinstance(items, list):
        raise ProblemError(400, "evaluations: is not a list")
    if len(items) > MAX_ITEMS:
        raise ProblemError(400, f"evaluations: has {len(items)} items; the maximum is {MAX_ITEMS}")
    return items


def read_semantic(body: Mapping[str, Any]) -> bool | None:
    """The decision that ends the batch; None if none does.

    Raises:
        ProblemError: 400 if the options are not an object, or name an unknown semantic.
    """
    options = body.get("options", {})
    if not isinstance(options, dict):
        raise ProblemError(400, "options: is not an object")
    semantic = options.get("evaluations_semantic", "execute_all")
    if not isinstance(semantic, str) or semantic not in SEMANTICS:
        names = ", ".join(f"`{name}`" for name in SEMANTICS)
        raise ProblemError(400, f"options.evaluations_semantic: is not one of {names}")
    return SEMANTICS[semantic]


def evaluate_items(call: EndpointCall, items: list[Any], last: bool | None) -> Iterator[EvaluationResult]:
    """The results of the items, in order, up to and including the one that ends the batch."""
    defaults = {name: call.body[name] for name in ENTITIES if name in call.body}
    show_all = Right.EXPLAIN in call.caller.rights
    evaluated_at = json_bytes(call.at)[1:-1].decode()
    for index, item in enumerate(items):
        try:
            request = _read_item(call, defaults, item, index)
        except ProblemError as problem:
            result = failed_result(problem)
        else:
            result = evaluate(call, request, show_all, evaluated_at)
        yield result
        if last is not None and result.body["decision"] is last:
            return


def _read_item(call: EndpointCall, defaults: Mapping[str, Any], item: object, index: int) -> EvaluationRequest:
    """The request of an item with the defaults; an item's entity replaces the whole default entity.

    Raises:
        ProblemError: 400 if it is malformed, 403 if its caller may not ask it.
    """
    if not isinstance(item, dict):
        raise ProblemError(400, f"evaluations[{index}]: is not an object")
    body = {**defaults, **item} if defaults else item
    try:
        request = call.snapshot.read_request(body, "body", ("evaluations", index))
    except MalformedRequestError as error:
        raise ProblemError(400, message_of(error)) from None
    if call.caller.subject is not None and not caller_may_ask(call.caller, call.snapshot, request):
        raise ProblemError(403, f"evaluations[{index}]: {OTHER_SUBJECT}")
    return request


def failed_result(problem: ProblemError) -> EvaluationResult:
    """The result of an item of a batch that is malformed, or that its caller may not ask."""
    evaluation_id = random_id()
    context = {**error_body(problem.status, problem.message), "evaluation_id": evaluation_id}
    outcome = "forbidden" if problem.status == 403 else "malformed"
    return EvaluationResult({"decision": False, "context": context}, evaluation_id, outcome)


def batch_delay(results: tuple[EvaluationResult, ...]) -> int:
    """The delay of a batch, in milliseconds: it depends only on its length, and is 0 if no item is refused."""
    if any(result.outcome in ("deny", "error") for result in results):
        return response_delay.EVALUATION + len(results) // response_delay.ITEMS_PER_MILLISECOND
    return 0

"""The pipeline of every decision endpoint: authenticate, limit, parse, decide, log, respond.

`Pipeline.handle` is the one way through it, for calls that can be answered at once and for calls that wait. `finish`
writes the decision log before the response leaves; `reject` ends a call that was not admitted.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from authz.documents.json import json_bytes
from authz_api.authn.authenticator import Authenticator
from authz_api.authn.callers import Caller
from authz_api.authzen.endpoint import Endpoint, EndpointCall, EndpointResult
from authz_api.deadline import Deadlines
from authz_api.decision_log.entry import Attributes, LogEntry, Producer, span_of
from authz_api.decision_log.pseudonyms import Pseudonyms
from authz_api.decision_log.recorder import DecisionLogError, Recorder
from authz_api.hosts import require_loopback_host
from authz_api.http_messages import (
    INTERNAL_ERROR,
    HttpRequest,
    HttpResponse,
    parse_body,
    problem_response,
    read_body,
    send_response,
)
from authz_api.logs import log
from authz_api.metrics import Metrics
from authz_api.problems import ProblemError, error_body
from authz_api.rate_limit import RateLimiter
from authz_api.response_delay import NANOSECONDS, ResponseDelay
from authz_api.state import State

NOT_LOGGED = "the decision could not be logged"


def utc_now() -> datetime:
    """The current instant, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Handles the calls of one process."""

    state: State
    authenticator: Authenticator
    limiter: RateLimiter
    recorder: Recorder
    pseudonyms: Pseudonyms
    metrics: Metrics
    producer: Producer
    clock: Callable[[], datetime] = utc_now
    delays: ResponseDelay = field(default_factory=ResponseDelay)
    deadlines: Deadlines = field(default_factory=Deadlines)

    async def handle(self, endpoint: Endpoint, request: HttpRequest, receive: Receive, send: Send) -> None:
        """Answer one call. Its place in the limits is free again once the response was sent."""
        try:
            caller = await self.authenticate(endpoint, request)
            quota = self.limiter.enter(caller.name)
        except ProblemError as problem:
            await send_response(send, request, self.reject(endpoint, request, problem))
            return
        try:
            call = EndpointCall(request, caller, quota, self.state.snapshot, self.clock())
            try:
                result = await self.decide(endpoint, call, receive)
                response = self.finish(endpoint, call, result)
            except Exception:  # noqa: BLE001 - whatever breaks is logged, and no decision leaves
                response = self.fail(endpoint, request)
            if response.due:
                await self.delays.until(response.due)
            await send_response(send, request, response)
        finally:
            self.limiter.leave(quota)

    async def authenticate(self, endpoint: Endpoint, request: HttpRequest) -> Caller:
        """The caller, if it has the right of the endpoint.

        Raises:
            ProblemError: 401, 403, or 421; 503 if too many calls wait for an issuer's keys.
        """
        if self.authenticator.callers is None:
            require_loopback_host(request.host)
        caller = self.authenticator.authenticate(request.authorization, endpoint.right)
        if caller is not None:
            return caller
        with self.limiter.wait_for_keys():
            return await self.authenticator.authenticate_with_new_keys(request.authorization, endpoint.right)

    async def decide(self, endpoint: Endpoint, call: EndpointCall, receive: Receive) -> EndpointResult:
        """Parse and decide within the deadline; a problem is a result too, and is logged."""
        deadlines, task = self.deadlines, asyncio.current_task()
        assert task is not None  # only tasks serve calls
        deadlines.due[task] = time.monotonic() + deadlines.seconds
        if deadlines.watching is not asyncio.get_running_loop():
            deadlines.watch()
        try:
            return await self._decide(endpoint, call, receive)
        except ProblemError as problem:
            return problem_result(endpoint, problem)
        except asyncio.CancelledError:
            if task not in deadlines.expired:
                raise
            task.uncancel()
            status, what = (503, "there was no answer") if call.since else (408, "the body did not arrive")
            return problem_result(endpoint, ProblemError(status, f"{what} within {deadlines.seconds:g} seconds"))
        finally:
            if deadlines.due.pop(task, None) is None:
                deadlines.expired.discard(task)

    async def _decide(self, endpoint: Endpoint, call: EndpointCall, receive: Receive) -> EndpointResult:
        callers = self.authenticator.callers
        data = await read_body(call.request, receive)
        call.since = time.monotonic_ns()
        # A slow body is answered by what is in force when it has arrived, and a revoked caller is not answered.
        if self.authenticator.callers is not callers or self.authenticator.verifier is not None:
            call.caller = await self.authenticate(endpoint, call.request)
            call.since = time.monotonic_ns()
        call.snapshot, call.at = self.state.snapshot, self.clock()
        call.body = parse_body(data)
        result = endpoint.answer(call)
        return result if result is not None else await endpoint.answer_slowly(call)

    def reject(self, endpoint: Endpoint, request: HttpRequest, problem: ProblemError) -> HttpResponse:
        """The response to a call that is not admitted: it is counted, and decides and logs nothing."""
        self.metrics.observe(endpoint.name, problem.status, time.monotonic() - request.started)
        return problem_response(problem)

    def fail(self, endpoint: Endpoint, request: HttpRequest) -> HttpResponse:
        """The response when the service itself broke; the service's own log holds the exception's kind and place."""
        log().error("exception in a call", exc_info=True)
        self.metrics.observe(endpoint.name, INTERNAL_ERROR.status, time.monotonic() - request.started)
        return INTERNAL_ERROR

    def finish(self, endpoint: Endpoint, call: EndpointCall, result: EndpointResult) -> HttpResponse:
        """Serialise the response, log the call, count it. Without a log entry there is no decision."""
        call.quota.left -= len(result.evaluations) or 1
        # Serialised first: a response that cannot be sent is not logged as sent.
        body = json_bytes(result.body)
        status, headers = result.status, result.headers
        seconds = time.monotonic() - call.request.started
        try:
            self.recorder.write(self.log_entry(call, result, seconds).json_line())
        except DecisionLogError:
            status, headers, body = 503, {}, json_bytes(error_body(503, NOT_LOGGED))
        self.metrics.count(call.snapshot, result.evaluations if status == result.status else ())
        self.metrics.observe(endpoint.name, status, seconds)
        # A tick is a millisecond of the monotonic clock.
        return HttpResponse(status, body, headers, call.since // NANOSECONDS + result.delay if result.delay else 0)

    def log_entry(self, call: EndpointCall, result: EndpointResult, seconds: float) -> LogEntry:
        """The decision log's entry of a call."""
        request = call.request
        span = span_of(request.traceparent)
        policy, facts = call.snapshot.versions
        attributes: Attributes = {
            "adl.core.policies": {"bundle": policy},
            "adl.core.information": {"facts": facts},
            "poort.http.status": result.status,
            "poort.request.milliseconds": round(seconds * 1000, 3),
        }
        if result.data_subject:
            attributes["dpl.core.data_subject_id"] = result.data_subject
        if call.caller.name:
            attributes["poort.caller.name"] = call.caller.name
        if request.request_id is not None:
            attributes["poort.request.id"] = self.pseudonyms.of_request_id(request.request_id.decode("latin-1"))
        undecided = result.status >= 500 or "error" in [each.outcome for each in result.evaluations]
        return LogEntry(
            span.trace_id,
            span.span_id,
            result.event,
            int(call.at.timestamp() * 1000),
            "Error" if undecided else "Unset",
            attributes,
            {"adl.core.request": result.log_request, "adl.core.response": result.log_response},
            self.producer,
            span.parent_span_id or None,
        )


@dataclass(frozen=True, slots=True)
class Application:
    """The callable that a server runs. Decision endpoints, by path, do not pass through FastAPI."""

    fastapi: FastAPI
    pipeline: Pipeline
    endpoints: Mapping[str, Endpoint]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self.endpoints.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if endpoint is None:
            await self.fastapi(scope, receive, send)
        else:
            await self.pipeline.handle(endpoint, HttpRequest(scope["headers"]), receive, send)


def problem_result(endpoint: Endpoint, problem: ProblemError) -> EndpointResult:
    """The result of a call that ends in an error. Its body is not logged: it may hold personal data."""
    body: Mapping[str, Any] = error_body(problem.status, problem.message)
    logged = {"error": {"status": problem.status}}
    return EndpointResult(body, {}, logged, endpoint.event, status=problem.status, headers=problem.headers)

"""Build the ASGI application: the decision endpoints in their pipeline, and FastAPI for everything else."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from itsdangerous import URLSafeSerializer
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from authz.engine.search import Searched
from authz_api.authn.authenticator import Authenticator
from authz_api.authzen.endpoint import Endpoint
from authz_api.authzen.evaluation import EvaluationEndpoint
from authz_api.authzen.evaluations import EvaluationsEndpoint
from authz_api.authzen.pipeline import Application, Pipeline, utc_now
from authz_api.authzen.search import SearchEndpoint
from authz_api.decision_log.entry import Producer
from authz_api.decision_log.pseudonyms import Pseudonyms
from authz_api.decision_log.recorder import Recorder
from authz_api.hosts import require_loopback_host
from authz_api.http_messages import HttpRequest, json_response, problem_response, send_response
from authz_api.metrics import Metrics
from authz_api.openapi import document_endpoint
from authz_api.operations import EVALUATION, EVALUATIONS, SEARCH, Reload, add_operations, documented_security
from authz_api.problems import ProblemError, error_body
from authz_api.rate_limit import RateLimiter
from authz_api.state import State


def create_app(
    state: State,
    *,
    public_url: str,
    key: bytes,
    recorder: Recorder,
    authenticator: Authenticator,
    limiter: RateLimiter,
    reload: Reload,
    clock: Callable[[], datetime] = utc_now,
    lifespan: Any = None,
) -> Application:
    """The application over the state of a process.

    Args:
        public_url: the URL that metadata name.
        key: the secret from which the keys of page tokens and pseudonyms are derived.
        reload: loads bundle, facts and callers again, in all workers.
    """
    bundle = state.snapshot.policy.bundle
    fastapi = FastAPIOffline(
        title="Poort",
        description="OpenID AuthZEN Authorization API 1.0: allow or deny, with reasons.",
        version=bundle.version,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    pseudonyms = Pseudonyms(_derive(key, "pseudonyms"))
    producer: Producer = {"service.name": "poort", "service.version": bundle.version}
    pipeline = Pipeline(state, authenticator, limiter, recorder, pseudonyms, Metrics(), producer, clock)
    tokens = URLSafeSerializer(_derive(key, "pages"), salt="page", signer_kwargs={"digest_method": hashlib.sha256})
    endpoints = decision_endpoints(pseudonyms, tokens)
    for path, endpoint in endpoints.items():
        document_endpoint(fastapi, path, endpoint.name, bundle.vocabulary, documented_security(pipeline))
    _complete(fastapi, pipeline, public_url, reload)
    return Application(fastapi, pipeline, endpoints)


def _complete(fastapi: FastAPI, pipeline: Pipeline, public_url: str, reload: Reload) -> None:
    """Add what FastAPI serves: the operators' endpoints, errors in AuthZEN's shape, the rules for headers."""
    add_operations(fastapi, pipeline, public_url.rstrip("/"), reload)
    fastapi.add_exception_handler(HTTPException, _http_exception)
    fastapi.add_exception_handler(ProblemError, _problem)
    fastapi.add_middleware(RequestHeaders, loopback_only=pipeline.authenticator.callers is None)


def decision_endpoints(pseudonyms: Pseudonyms, tokens: URLSafeSerializer) -> dict[str, Endpoint]:
    """The decision endpoints, by path."""
    single = EvaluationEndpoint(pseudonyms)
    return {
        EVALUATION: single.endpoint(),
        EVALUATIONS: EvaluationsEndpoint(single).endpoint(),
        **{f"{SEARCH}/{each.value}": SearchEndpoint(each, pseudonyms, tokens).endpoint() for each in Searched},
    }


class RequestHeaders:
    """Applies the `Host` rule, and repeats a caller's `X-Request-ID`, for what FastAPI serves."""

    def __init__(self, app: ASGIApp, loopback_only: bool) -> None:
        self.app, self.loopback_only = app, loopback_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = HttpRequest(scope["headers"])
        if self.loopback_only:
            try:
                require_loopback_host(request.host)
            except ProblemError as problem:
                await send_response(send, request, problem_response(problem))
                return
        request_id = request.request_id

        async def send_with_request_id(message: Message) -> None:
            if request_id is not None and message["type"] == "http.response.start":
                MutableHeaders(scope=message).raw.append((b"x-request-id", request_id))
            await send(message)

        await self.app(scope, receive, send_with_request_id)


def _derive(key: bytes, purpose: str) -> bytes:
    return hmac.new(key, purpose.encode(), hashlib.sha256).digest()


async def _http_exception(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # registered for this type alone
    return json_response(error_body(error.status_code, error.detail.lower()), error.status_code, error.headers)


async def _problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # registered for this type alone
    return json_response(error_body(error.status, error.message), error.status, error.headers)

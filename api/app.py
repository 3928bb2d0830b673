"""The application: AuthZEN's endpoints, its metadata, and what those who run it look at."""

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

from api import schema
from api.answering import Answering, as_json, now
from api.loaded import Node
from api.metrics import CONTENT_TYPE, Metrics
from api.problems import error
from api.records import Pseudonyms, Recorder, RecordLost
from authz.search import Searched

EVALUATION, EVALUATIONS, SEARCH = "/access/v1/evaluation", "/access/v1/evaluations", "/access/v1/search"
METADATA = "/.well-known/authzen-configuration"


def create_app(
    node: Node,
    *,
    public_url: str,
    key: bytes,
    recorder: Recorder,
    admin: bool = False,
    clock: Callable[[], datetime] = now,
    lifespan: Any = None,
) -> FastAPI:
    """The application over what a node has loaded.

    `public_url` is what metadata say, whatever a caller's Host header says; page tokens and pseudonyms are keyed from
    `key`; `admin` shows every caller all codes of a refusal.
    """
    app = FastAPIOffline(
        title="Poort",
        description="OpenID AuthZEN Authorization API 1.0: allow or deny, with reasons.",
        version=node.loaded.policy.bundle.version,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    answering = Answering(
        node,
        recorder,
        Pseudonyms(_derived(key, "pseudonyms")),
        URLSafeSerializer(_derived(key, "pages"), salt="page", signer_kwargs={"digest_method": hashlib.sha256}),
        Metrics(),
        admin,
        clock,
    )
    _decisions(app, answering)
    _operations(app, answering, public_url.rstrip("/"))
    app.add_exception_handler(HTTPException, _not_here)
    app.add_middleware(RequestId)
    return app


def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.new(key, purpose.encode(), hashlib.sha256).digest()


def _decisions(app: FastAPI, answering: Answering) -> None:
    vocabulary = answering.node.loaded.policy.bundle.vocabulary
    endpoints: list[tuple[str, Any, schema.Schema, schema.Schema]] = [
        (EVALUATION, answering.evaluation, schema.evaluation(vocabulary), schema.answer()),
        (EVALUATIONS, answering.evaluations, schema.evaluations(vocabulary), schema.answers()),
        *(
            (
                f"{SEARCH}/{searched.value}",
                answering.search(searched),
                schema.evaluation(vocabulary, searched.value),
                schema.found(searched),
            )
            for searched in Searched
        ),
    ]
    problems = {
        400: "the call is malformed",
        408: "the body did not come in time",
        413: "the body is too large",
        503: "the decision could not be recorded, and so there is none",
    }
    for path, endpoint, body, answer in endpoints:
        app.add_api_route(
            path,
            endpoint,
            methods=["POST"],
            response_class=Response,
            summary=(endpoint.__doc__ or "").strip(),
            description="",
            operation_id=path.rpartition("v1/")[2].replace("/", "_"),
            openapi_extra={"requestBody": {"required": True, "content": _json(body)}},
            responses={
                200: {"description": "the answer", "content": _json(answer)},
                **{
                    status: {"description": why, "content": _json(schema.problem())} for status, why in problems.items()
                },
            },
        )


def _json(body: schema.Schema) -> schema.Schema:
    return {"application/json": {"schema": body}}


def _operations(app: FastAPI, answering: Answering, url: str) -> None:
    metadata = {
        "policy_decision_point": url,
        "access_evaluation_endpoint": f"{url}{EVALUATION}",
        "access_evaluations_endpoint": f"{url}{EVALUATIONS}",
        **{f"search_{searched.value}_endpoint": f"{url}{SEARCH}/{searched.value}" for searched in Searched},
    }

    @app.get(METADATA, summary="Where the endpoints are.")
    async def configuration() -> dict[str, str]:
        return metadata

    @app.get("/healthz", summary="Whether the process lives.")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", summary="Whether it can decide and record.", responses={503: {"description": "it cannot"}})
    async def ready() -> Response:
        loaded = answering.node.loaded
        state = {"policy": loaded.policy.digest, "facts": loaded.facts.revision}
        if answering.recorder.failed:
            try:
                answering.recorder.resume()
            except RecordLost:
                return as_json({"status": "decisions cannot be recorded", **state}, 503)
        return as_json({"status": "ready", **state})

    @app.get("/metrics", summary="Counters and times, for Prometheus.", response_class=Response)
    async def metrics() -> Response:
        return Response(answering.metrics.text(), media_type=CONTENT_TYPE)


async def _not_here(_request: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, HTTPException)  # registered for no other
    response = as_json(error(wrong.status_code, wrong.detail.lower()), wrong.status_code)
    response.headers.update(wrong.headers or {})
    return response


class RequestId:
    """Sends a caller's X-Request-ID back as it came, on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = next((value for name, value in scope.get("headers", ()) if name == b"x-request-id"), None)
        if asked is None:
            await self.app(scope, receive, send)
            return

        async def echoing(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).raw.append((b"x-request-id", asked))
            await send(message)

        await self.app(scope, receive, echoing)

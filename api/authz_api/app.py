"""The application: AuthZEN's endpoints, its metadata, and what those who run it look at."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline
from itsdangerous import URLSafeSerializer
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from authz.engine.search import Searched
from authz_api import openapi as schema
from authz_api.authn.authenticator import Identity
from authz_api.authn.callers import Right
from authz_api.authzen.pipeline import Answering, Asgi, Endpoint, now
from authz_api.authzen.request_body import parse_body, read_body
from authz_api.decision_log.recorder import DecisionLogError, Pseudonyms, Recorder
from authz_api.http_messages import as_json
from authz_api.metrics import CONTENT_TYPE, Metrics
from authz_api.problems import Problem, error
from authz_api.rate_limit import Admission
from authz_api.state import Node

EVALUATION, EVALUATIONS, SEARCH = "/access/v1/evaluation", "/access/v1/evaluations", "/access/v1/search"
METADATA = "/.well-known/authzen-configuration"


class Reloaded(StrEnum):
    """What came of being told to load anew."""

    DONE = "reloaded"
    TOLD = "told"
    REFUSED = "refused: what was loaded decides on"


STATUS = {Reloaded.DONE: 200, Reloaded.TOLD: 202, Reloaded.REFUSED: 409}


def create_app(
    node: Node,
    *,
    public_url: str,
    key: bytes,
    recorder: Recorder,
    identity: Identity,
    admission: Admission,
    reload: Callable[[], Awaitable[Reloaded]],
    clock: Callable[[], datetime] = now,
    lifespan: Any = None,
    connections: int = 1_024,
) -> "Service":
    """The application over what a node has loaded.

    `public_url` is what metadata say, whatever a caller's Host header says; page tokens and pseudonyms are keyed from
    `key`; `reload` loads bundle, facts and callers anew; `connections` is the most that a process holds.
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
        identity,
        admission,
        recorder,
        Pseudonyms(_derived(key, "pseudonyms")),
        URLSafeSerializer(_derived(key, "pages"), salt="page", signer_kwargs={"digest_method": hashlib.sha256}),
        Metrics(),
        clock,
    )
    hot = _decisions(app, answering)
    _operations(app, answering, public_url.rstrip("/"), reload)
    app.add_exception_handler(HTTPException, _not_here)
    app.add_exception_handler(Problem, _problem)
    app.add_middleware(RequestId)
    return Service(app, answering, hot, connections)


def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.new(key, purpose.encode(), hashlib.sha256).digest()


def _decisions(app: FastAPI, answering: Answering) -> dict[str, Endpoint]:
    """Document the hot endpoints, and give them as they answer, by path: past all that FastAPI does for a route."""
    vocabulary = answering.node.loaded.policy.bundle.vocabulary
    described: list[tuple[str, Endpoint, str, schema.Schema, schema.Schema]] = [
        (EVALUATION, answering.evaluation(), "Decide one request.", schema.evaluation(vocabulary), schema.answer()),
        (
            EVALUATIONS,
            answering.evaluations(),
            "Decide a batch; without items, one request.",
            schema.evaluations(vocabulary),
            schema.answers(),
        ),
        *(
            (
                f"{SEARCH}/{searched.value}",
                answering.search(searched),
                f"Find every {searched.value} that would be allowed.",
                schema.evaluation(vocabulary, searched.value),
                schema.found(searched),
            )
            for searched in Searched
        ),
    ]
    problems = {
        400: "the call is malformed",
        401: "no credential, or one that is not known",
        403: "the caller is not entitled to this",
        408: "the body did not come in time",
        413: "the body is too large",
        429: "this caller asks too much",
        503: "the decision could not be recorded, or there is no room for it, and so there is none",
    }
    for path, _, summary, body, answer in described:
        app.add_api_route(
            path,
            _only_documented,
            methods=["POST"],
            response_class=Response,
            dependencies=_documented_security(answering),
            summary=summary,
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

    return {path: endpoint for path, endpoint, *_ in described}


async def _only_documented() -> Response:
    raise HTTPException(404)  # `Service` answers these, and where the application stands alone, nobody decides


def _documented_security(answering: Answering) -> list[Any]:
    """What OpenAPI says of credentials; `Identity` is what looks at them."""
    if answering.identity.callers is None:
        return []
    return [Depends(HTTPBearer(scheme_name="bearer", auto_error=False, description="an API key, or a signed token"))]


def _json(body: schema.Schema) -> schema.Schema:
    return {"application/json": {"schema": body}}


def _operations(app: FastAPI, answering: Answering, url: str, reload: Callable[[], Awaitable[Reloaded]]) -> None:
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
            except DecisionLogError:
                return as_json({"status": "decisions cannot be recorded", **state}, 503)
        return as_json({"status": "ready", **state})

    async def operator(request: Request) -> None:
        authorization = request.headers.getlist("authorization")
        sent = authorization[0].encode("latin-1") if len(authorization) == 1 else b"" if authorization else None
        await answering.identity.caller(sent, Right.OPERATE)

    guarded: dict[str, Any] = {
        "response_class": Response,
        "dependencies": [*_documented_security(answering), Depends(operator)],
    }

    @app.get("/metrics", summary="Counters and times, for Prometheus.", **guarded)
    async def metrics() -> Response:
        return Response(answering.metrics.text(), media_type=CONTENT_TYPE)

    @app.post(
        "/reload",
        summary="Load bundle, facts and callers anew, whole or not at all.",
        openapi_extra={"requestBody": {"required": True, "content": _json({"type": "object"})}},
        responses={
            202: {"description": "told to do so"},
            400: {"description": "no JSON object"},
            409: {"description": "refused"},
        },
        **guarded,
    )
    async def reloading(request: Request) -> Response:
        # A page of another site cannot send JSON here unasked.
        kind, length = (request.headers.get(name, "").encode("latin-1") for name in ("content-type", "content-length"))
        parse_body(await read_body(kind, length, request.receive))
        reloaded = await reload()
        return as_json({"status": reloaded.value}, STATUS[reloaded])


async def _not_here(_request: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, HTTPException)  # registered for no other
    return as_json(error(wrong.status_code, wrong.detail.lower()), wrong.status_code, wrong.headers)


async def _problem(_request: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, Problem)  # registered for no other
    return as_json(error(wrong.status, wrong.message), wrong.status, wrong.headers)


class Service:
    """What a server calls: the hot endpoints are answered before anything of the framework runs."""

    def __init__(self, app: FastAPI, answering: Answering, endpoints: Mapping[str, Endpoint], connections: int) -> None:
        self.app, self.answering, self.endpoints = app, answering, endpoints
        self.connections = connections
        self.hot: Mapping[str, ASGIApp] = {path: Asgi(answering, each) for path, each in endpoints.items()}
        self.at_once = {path.encode(): each for path, each in endpoints.items() if each.at_once}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hot = self.hot.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        await (hot or self.app)(scope, receive, send)


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

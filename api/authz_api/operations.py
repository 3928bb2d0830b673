"""The endpoints for operators: metadata, health, readiness, metrics, reload."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.security import HTTPBearer
from starlette.responses import Response

from authz.engine.search import Searched
from authz_api.authn.callers import Right
from authz_api.authzen.pipeline import Pipeline
from authz_api.decision_log.recorder import DecisionLogError
from authz_api.http_messages import HttpRequest, json_response, parse_body, read_body
from authz_api.metrics import CONTENT_TYPE
from authz_api.public_url import metadata_path

EVALUATION, EVALUATIONS, SEARCH = "/access/v1/evaluation", "/access/v1/evaluations", "/access/v1/search"


class ReloadOutcome(StrEnum):
    """The outcome of a reload; `PENDING` if it takes longer than a call may wait."""

    DONE = "reloaded"
    PENDING = "in progress"
    REFUSED = "refused: the loaded policy and facts stay"


RELOAD_STATUS = {ReloadOutcome.DONE: 200, ReloadOutcome.PENDING: 202, ReloadOutcome.REFUSED: 409}
Reload = Callable[[], Awaitable[ReloadOutcome]]


def add_operations(app: FastAPI, pipeline: Pipeline, public_url: str, reload: Reload) -> None:
    """Add the operators' endpoints; metadata name `public_url`, whatever the `Host` header says."""
    _add_metadata(app, public_url)
    _add_health(app, pipeline)
    _add_guarded(app, pipeline, reload)


def documented_security(pipeline: Pipeline) -> list[Any]:
    """The credentials that OpenAPI documents; the authenticator checks them."""
    if pipeline.authenticator.callers is None:
        return []
    return [Depends(HTTPBearer(scheme_name="bearer", auto_error=False, description="an API key, or a signed token"))]


def _add_metadata(app: FastAPI, url: str) -> None:
    metadata = {
        "policy_decision_point": url,
        "access_evaluation_endpoint": f"{url}{EVALUATION}",
        "access_evaluations_endpoint": f"{url}{EVALUATIONS}",
        **{f"search_{searched.value}_endpoint": f"{url}{SEARCH}/{searched.value}" for searched in Searched},
    }

    @app.get(metadata_path(url), summary="The URLs of the endpoints.")
    async def configuration() -> dict[str, str]:
        return metadata


def _add_health(app: FastAPI, pipeline: Pipeline) -> None:
    @app.get("/healthz", summary="Whether the process is alive.")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", summary="Whether it can decide and log.", responses={503: {"description": "it cannot"}})
    async def ready() -> Response:
        policy, facts = pipeline.state.snapshot.versions
        versions = {"policy": policy, "facts": facts}
        if pipeline.recorder.failed or pipeline.recorder.is_unlinked():
            try:
                pipeline.recorder.probe()
            except DecisionLogError:
                return json_response({"status": "decisions cannot be logged", **versions}, 503)
        return json_response({"status": "ready", **versions})


def _add_guarded(app: FastAPI, pipeline: Pipeline, reload: Reload) -> None:
    async def operator(request: Request) -> None:
        credential = HttpRequest(request.headers.raw).authorization
        await pipeline.authenticator.authenticate_with_new_keys(credential, Right.OPERATE)

    guarded: dict[str, Any] = {
        "response_class": Response,
        "dependencies": [*documented_security(pipeline), Depends(operator)],
    }

    @app.get("/metrics", summary="Counters and durations, for Prometheus.", **guarded)
    async def metrics() -> Response:
        return Response(pipeline.metrics.text(), media_type=CONTENT_TYPE)

    @app.post(
        "/reload",
        summary="Load bundle, facts and callers again: all workers take them, or none.",
        openapi_extra={
            "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
        },
        responses={
            202: {"description": "in progress"},
            400: {"description": "the body is not a JSON object"},
            409: {"description": "refused"},
        },
        **guarded,
    )
    async def reload_all(request: Request) -> Response:
        # JSON is required because a page of another site cannot send it without a preflight request.
        parse_body(await read_body(HttpRequest(request.headers.raw), request.receive))
        outcome = await reload()
        return json_response({"status": outcome.value}, RELOAD_STATUS[outcome])

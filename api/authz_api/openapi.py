"""OpenAPI for the decision endpoints, from the vocabulary that parses their bodies."""

from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import Response

from authz.bundle.request_schema import request_example, request_schema
from authz.bundle.vocabulary import Vocabulary
from authz.engine.search import Searched
from authz_api.authzen.evaluations import MAX_ITEMS, SEMANTICS

Schema = dict[str, Any]
STRING: Schema = {"type": "string"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
PROBLEMS = {
    400: "the call is malformed",
    401: "the credential is missing or not valid",
    403: "the caller is not entitled to this",
    408: "the body did not arrive in time",
    413: "the body is too large",
    421: "the Host header names no loopback address, and no callers are configured",
    429: "the caller is over its limits",
    503: "the decision could not be logged, or the service is full: there is no decision",
}


def document_endpoint(app: FastAPI, path: str, name: str, vocabulary: Vocabulary, security: list[Any]) -> None:
    """Add a decision endpoint to the OpenAPI document; `Application` serves it."""
    summary, body, response = described(name, vocabulary)
    app.add_api_route(
        path,
        _documented_only,
        methods=["POST"],
        response_class=Response,
        dependencies=security,
        summary=summary,
        description="",
        operation_id=path.rpartition("v1/")[2].replace("/", "_"),
        openapi_extra={"requestBody": {"required": True, "content": _json(body)}},
        responses={
            200: {"description": "the answer", "content": _json(response)},
            **{status: {"description": why, "content": _json(problem())} for status, why in PROBLEMS.items()},
        },
    )


async def _documented_only() -> Response:
    raise HTTPException(404)  # the FastAPI application alone decides nothing


def described(name: str, vocabulary: Vocabulary) -> tuple[str, Schema, Schema]:
    """The summary of an endpoint, and the schemas of its body and its response."""
    if name == "evaluation":
        return "Decide one request.", evaluation(vocabulary), answer()
    if name == "evaluations":
        return "Decide a batch; without items, one request.", evaluations(vocabulary), answers()
    searched = Searched(name.removeprefix("search_"))
    summary = f"Find every {searched.value} that would be permitted."
    return summary, evaluation(vocabulary, searched.value), results_page(searched)


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def evaluation(vocabulary: Vocabulary, searched: str = "") -> Schema:
    """The body of one evaluation, or of the search for one of its entities."""
    body = request_schema(vocabulary, searched)
    page = _object({"token": STRING, "limit": {"type": "integer", "minimum": 0}})
    options = _object({"explain": {"type": "boolean"}})
    return {**body, "properties": body["properties"] | ({"page": page} if searched else {"options": options})}


def evaluations(vocabulary: Vocabulary) -> Schema:
    """The body of a batch: defaults, items, and the semantic. Without items it is a single evaluation."""
    item = _object({name: {"type": "object"} for name in ("subject", "action", "resource", "context")})
    options = _object({"evaluations_semantic": {"enum": list(SEMANTICS)}})
    batch = _object(
        {"evaluations": {"type": "array", "items": item, "minItems": 1, "maxItems": MAX_ITEMS}, "options": options},
        ["evaluations"],
    )
    single = request_example(vocabulary)
    items = [{"action": {**single["action"], "name": name}} for name in vocabulary.actions[:2]]
    defaults = {name: value for name, value in single.items() if name != "action"}
    return {**batch, "examples": [{**defaults, "evaluations": items}]}


def answer() -> Schema:
    """The response to one evaluation."""
    code = _object({"code": STRING, "en": STRING, "nl": STRING}, ["code", "en", "nl"])
    context = _object(
        {
            "reason_user": code,
            "reason_admin": _object(
                {
                    "codes": {"type": "array", "items": STRING},
                    "conditions": {"type": "object"},
                    "smallest_change": {"type": ["object", "null"]},
                },
                [],
            ),
            "error": problem()["properties"]["error"],
            "evaluation_id": STRING,
            "evaluated_at": INSTANT,
            "expires_at": INSTANT,
            "policy": STRING,
            "facts": STRING,
        },
        ["evaluation_id"],
    )
    return _object({"decision": {"type": "boolean"}, "context": context}, ["decision", "context"])


def answers() -> Schema:
    """The response to a batch, or to a single evaluation."""
    return {"anyOf": [_object({"evaluations": {"type": "array", "items": answer()}}, ["evaluations"]), answer()]}


def results_page(searched: Searched) -> Schema:
    """A page of results."""
    named = {"name": STRING} if searched is Searched.ACTION else {"type": STRING, "id": STRING}
    result = _object({**named, "properties": {"type": "object"}}, list(named))
    page = _object({"next_token": STRING, "count": {"type": "integer"}}, ["next_token"])
    return _object(
        {"results": {"type": "array", "items": result}, "page": page, "context": {"type": "object"}},
        ["results", "page"],
    )


def problem() -> Schema:
    """The response to a call that ends in an error."""
    error = _object({"status": {"type": "integer"}, "message": STRING}, ["status", "message"])
    return _object({"error": error}, ["error"])


def _object(properties: Schema, required: list[str] | None = None) -> Schema:
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}

"""OpenAPI for the decision endpoints, from the vocabulary that parses their bodies."""

from typing import Any

from authz.bundle.request_schema import request_example, request_schema
from authz.bundle.vocabulary import Vocabulary
from authz.engine.search import Searched
from authz_api.authzen.evaluations import MOST_ITEMS, SEMANTICS

Schema = dict[str, Any]
STRING: Schema = {"type": "string"}
INSTANT: Schema = {"type": "string", "format": "date-time"}


def evaluation(vocabulary: Vocabulary, searched: str = "") -> Schema:
    """The body of one evaluation, or of the search for one of its entities."""
    body = request_schema(vocabulary, searched)
    page = _object({"token": STRING, "limit": {"type": "integer", "minimum": 1}})
    options = _object({"explain": {"type": "boolean"}})
    return {**body, "properties": body["properties"] | ({"page": page} if searched else {"options": options})}


def evaluations(vocabulary: Vocabulary) -> Schema:
    """The body of a batch: defaults, items, and which decision ends it. Without items it is a single evaluation."""
    item = _object({name: {"type": "object"} for name in ("subject", "action", "resource", "context")})
    options = _object({"evaluations_semantic": {"enum": list(SEMANTICS)}})
    batch = _object(
        {"evaluations": {"type": "array", "items": item, "minItems": 1, "maxItems": MOST_ITEMS}, "options": options},
        ["evaluations"],
    )
    whole = request_example(vocabulary)
    items = [{"action": {**whole["action"], "name": name}} for name in vocabulary.actions[:2]]
    defaults = {name: value for name, value in whole.items() if name != "action"}
    return {**batch, "examples": [{**defaults, "evaluations": items}]}


def answer() -> Schema:
    """The answer to one evaluation."""
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
    """The answers to a batch, or to a single evaluation."""
    return {"anyOf": [_object({"evaluations": {"type": "array", "items": answer()}}, ["evaluations"]), answer()]}


def found(searched: Searched) -> Schema:
    """A page of results."""
    named = {"name": STRING} if searched is Searched.ACTION else {"type": STRING, "id": STRING}
    result = _object({**named, "properties": {"type": "object"}}, list(named))
    page = _object({"next_token": STRING, "count": {"type": "integer"}}, ["next_token"])
    return _object(
        {"results": {"type": "array", "items": result}, "page": page, "context": {"type": "object"}},
        ["results", "page"],
    )


def problem() -> Schema:
    """An answer that is no decision."""
    said = _object({"status": {"type": "integer"}, "message": STRING}, ["status", "message"])
    return _object({"error": said}, ["error"])


def _object(properties: Schema, required: list[str] | None = None) -> Schema:
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}

"""OpenAPI for the decision endpoints, from the vocabulary that parses their bodies."""

from typing import Any

from authz.bundle.vocabulary import PropertyKind, Vocabulary
from authz.engine.search import Searched
from authz.language.types import BOOLEAN, DATE, INSTANT, INTEGER, Enumeration, Optional
from authz_api.authzen.evaluations import MOST_ITEMS, SEMANTICS

Schema = dict[str, Any]
STRING: Schema = {"type": "string"}
SCALARS: dict[Any, Schema] = {
    BOOLEAN: {"type": "boolean"},
    INTEGER: {"type": "integer"},
    INSTANT: {"type": "string", "format": "date-time"},
    DATE: {"type": "string", "format": "date"},
}


def evaluation(vocabulary: Vocabulary, searched: str = "") -> Schema:
    """The body of one evaluation, or of the search for one of its entities."""
    entities = {name: _entity(vocabulary, name, name == searched) for name in ("subject", "action", "resource")}
    asked = [name for name in entities if (name, searched) != ("action", "action")]
    context = _object(_properties(vocabulary, ("context",)))
    page = _object({"token": STRING, "limit": {"type": "integer", "minimum": 1}})
    options = _object({"explain": {"type": "boolean"}})
    body = _object({**entities, "context": context} | ({"page": page} if searched else {"options": options}), asked)
    return {**body, "examples": [example(vocabulary, searched)]}


def evaluations(vocabulary: Vocabulary) -> Schema:
    """The body of a batch: defaults, items, and which decision ends it. Without items it is a single evaluation."""
    item = _object({name: {"type": "object"} for name in ("subject", "action", "resource", "context")})
    options = _object({"evaluations_semantic": {"enum": list(SEMANTICS)}})
    batch = _object(
        {"evaluations": {"type": "array", "items": item, "minItems": 1, "maxItems": MOST_ITEMS}, "options": options},
        ["evaluations"],
    )
    whole = example(vocabulary)
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
            "evaluated_at": SCALARS[INSTANT],
            "expires_at": SCALARS[INSTANT],
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


def example(vocabulary: Vocabulary, searched: str = "") -> Schema:
    """A body that can be sent as it is, with made-up ids."""
    subject, resource = vocabulary.parties
    body: Schema = {
        "subject": {"type": subject.type, "id": f"{subject.type}-1"},
        "action": {"name": vocabulary.actions[0]},
        "resource": {"type": resource.type, "id": f"{resource.type}-1"},
    }
    if searched == "action":
        del body["action"]["name"]
    elif searched:
        del body[searched]["id"]
    for name, kind in vocabulary.properties.items():
        if not (kind.searched and kind.source[0] == searched):
            holder = body
            for step in kind.source[:-1]:
                holder = holder.setdefault(step, {})
            holder[kind.source[-1]] = _example(name, kind)
    return {name: value for name, value in body.items() if value}


def _example(name: str, kind: PropertyKind) -> Any:
    plain = kind.type.of if isinstance(kind.type, Optional) else kind.type
    if kind.names:
        return f"{name}-1"
    if isinstance(plain, Enumeration):
        return kind.default or plain.values[0]
    examples: dict[Any, Any] = {BOOLEAN: True, INTEGER: 1, INSTANT: "2026-01-01T00:00:00Z", DATE: "2026-01-01"}
    return examples.get(plain, "text")


def _entity(vocabulary: Vocabulary, name: str, searched: bool) -> Schema:
    named = {"name": STRING} if name == "action" else {"type": STRING, "id": STRING}
    own = "name" if name == "action" else "id"
    fields: Schema = {field: {} if searched and field == own else schema for field, schema in named.items()}
    asked = [field for field in named if not (searched and field == own)]
    return _object({**fields, "properties": _object(_properties(vocabulary, (name, "properties")))}, asked)


def _properties(vocabulary: Vocabulary, under: tuple[str, ...]) -> Schema:
    return {
        kind.source[-1]: {**_type(kind), **({"description": kind.about} if kind.about else {})}
        for kind in vocabulary.properties.values()
        if kind.source[:-1] == under
    }


def _type(kind: PropertyKind) -> Schema:
    if kind.names:
        return {"type": ["string", "null"]}
    if kind.unknown_is_nil:
        return STRING
    plain = kind.type.of if isinstance(kind.type, Optional) else kind.type
    schema = {"enum": list(plain.values)} if isinstance(plain, Enumeration) else SCALARS.get(plain, STRING)
    return {"anyOf": [schema, {"type": "null"}]} if isinstance(kind.type, Optional) else schema


def _object(properties: Schema, required: list[str] | None = None) -> Schema:
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}

"""The JSON Schema of AuthZEN bodies, from the types that the request reader validates, with an example of each."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from authz.bundle.request_types import IGNORED_MEMBER, authzen_type
from authz.bundle.vocabulary import PropertyKind, Vocabulary
from authz.language.types import BOOLEAN, DATE, INSTANT, INTEGER, Enumeration, Optional


def request_schema(vocabulary: Vocabulary, searched: str = "") -> dict[str, Any]:
    """The JSON Schema of an AuthZEN evaluation, or of the search for one of its entities; with an example.

    It holds no `$ref`, so that it can stand anywhere in an OpenAPI document.
    """
    schema = TypeAdapter(authzen_type(vocabulary, searched)).json_schema()
    inlined: dict[str, Any] = _inlined(schema, schema.get("$defs", {}))
    return {**inlined, "examples": [request_example(vocabulary, searched)]}


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """A schema with its definitions put where they are referred to, and without the titles that pydantic makes up."""
    if isinstance(schema, list):
        return [_inlined(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    made = {name: _inlined(part, definitions) for name, part in schema.items() if name not in ("$defs", "properties")}
    if isinstance(made.get("title"), str):
        del made["title"]
    if "properties" in schema:
        made["properties"] = {name: _inlined(part, definitions) for name, part in schema["properties"].items()}
    return made


def request_example(vocabulary: Vocabulary, searched: str = "") -> dict[str, Any]:
    """An AuthZEN body that can be sent as it is, with made-up ids."""
    subject, resource = vocabulary.parties
    body: dict[str, Any] = {
        "subject": {"type": subject.type, "id": f"{subject.type}-1"},
        "action": {"name": vocabulary.actions[0]},
        "resource": {"type": resource.type, "id": f"{resource.type}-1"},
    }
    if searched:
        del body[searched][IGNORED_MEMBER[searched]]
    for name, kind in vocabulary.properties.items():
        if not (kind.searched and kind.source[0] == searched):
            holder = body
            for step in kind.source[:-1]:
                holder = holder.setdefault(step, {})
            holder[kind.source[-1]] = _example(name, kind)
    return {name: value for name, value in body.items() if value}


def _example(name: str, kind: PropertyKind) -> Any:
    bare = kind.type.of if isinstance(kind.type, Optional) else kind.type
    if kind.names:
        return f"{name}-1"
    if isinstance(bare, Enumeration):
        return kind.default or bare.values[0]
    examples: dict[Any, Any] = {BOOLEAN: True, INTEGER: 1, INSTANT: "2026-01-01T00:00:00Z", DATE: "2026-01-01"}
    return examples.get(bare, "text")

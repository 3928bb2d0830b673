"""The keys that a table of a TOML file may have, from the JSON Schema of the file."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from authz.documents.places import Loc


def known_keys(table: Any, loc: Loc) -> tuple[str, ...]:
    """The keys that the table at a place may have; `table` is the class of the whole file."""
    schema = _schema(table)
    nodes = list(_alternatives(schema, schema))
    for part in loc:
        inner = (_inner(node, part) for node in nodes)
        nodes = [each for node in inner if node is not None for each in _alternatives(node, schema)]
    return tuple(dict.fromkeys(key for node in nodes for key in node.get("properties", ())))


@cache
def _schema(table: Any) -> dict[str, Any]:
    return TypeAdapter(table).json_schema()


def _alternatives(node: Any, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A node of a schema with its references followed; each branch of a union apart."""
    if not isinstance(node, dict):
        return
    if "$ref" in node:
        yield from _alternatives(schema["$defs"][node["$ref"].rpartition("/")[2]], schema)
        return
    branches = [*node.get("anyOf", ()), *node.get("oneOf", ())]
    if not branches:
        yield node
    for branch in branches:
        yield from _alternatives(branch, schema)


def _inner(node: dict[str, Any], part: str | int) -> Any:
    """The schema of what stands in a node under a key or an index."""
    if isinstance(part, int):
        return node.get("items")
    for_any_name = (*node.get("patternProperties", {}).values(), node.get("additionalProperties"))
    return node.get("properties", {}).get(part, for_any_name[0])

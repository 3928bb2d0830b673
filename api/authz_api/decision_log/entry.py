"""One entry of the decision log, as the Dutch Authorization Decision Log lays it out (Logius, draft 0.0.1, level 3).

`body` holds request and response in AuthZEN's shape. `attributes` refer to the policy by its digest and to the facts
by their revision; our own attributes begin with `poort.`. A batch is one entry. Persons are pseudonyms.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from authz.documents.json import json_bytes

EventName = Literal[
    "adl.access_evaluation",
    "adl.access_evaluations",
    "adl.search_subject",
    "adl.search_resource",
    "adl.search_action",
]
Status = Literal["Unset", "Error"]
TraceId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
SpanId = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]

Attributes = TypedDict(
    "Attributes",
    {
        "adl.core.policies": dict[str, str],
        "adl.core.information": dict[str, str],
        "dpl.core.data_subject_id": NotRequired[str],
        "poort.http.status": int,
        "poort.caller.name": NotRequired[str],
        "poort.request.id": NotRequired[str],
        "poort.request.milliseconds": float,
    },
)
Body = TypedDict("Body", {"adl.core.request": Mapping[str, Any], "adl.core.response": Mapping[str, Any]})
Producer = TypedDict("Producer", {"service.name": str, "service.version": str})
for _typed in (Attributes, Body, Producer):
    with_config({"extra": "forbid"})(_typed)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One call: `timestamp` is in milliseconds since 1970; `status` is `Error` only if nothing could be decided."""

    trace_id: TraceId
    span_id: SpanId
    event_name: EventName
    timestamp: int
    status: Status
    attributes: Attributes
    body: Body
    resource: Producer
    parent_span_id: SpanId | None = None

    def json_line(self) -> bytes:
        """The entry as one line of JSON; `parent_span_id` is absent for the first call of a trace."""
        members: dict[str, Any] = {
            "trace_id": self.trace_id,
            "span_id": self.span_id,
            "event_name": self.event_name,
            "timestamp": self.timestamp,
            "status": self.status,
            "attributes": self.attributes,
            "body": self.body,
            "resource": self.resource,
        }
        if self.parent_span_id is not None:
            members["parent_span_id"] = self.parent_span_id
        return json_bytes(members) + b"\n"


def json_schema() -> dict[str, Any]:
    """The JSON Schema of an entry; `make schemas` writes it to docs/schemas."""
    schema = TypeAdapter(LogEntry).json_schema()
    parent = schema["properties"]["parent_span_id"]
    schema["properties"]["parent_span_id"] = {**parent["anyOf"][0], "title": parent["title"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "additionalProperties": False}


if __name__ == "__main__":
    print(json.dumps(json_schema(), indent=2))

"""One entry of the decision log, as the Dutch Authorization Decision Log lays it out (Logius, draft 0.0.1, level 3).

A trace is W3C Trace Context's: a valid trace id of a caller's `traceparent` header is continued and never replaced. The
header's flags, `sampled` among them, change nothing: every call is logged. A malformed header, or several, start a new
trace (Trace Context, section 4.3).

`body` holds request and response in AuthZEN's shape. `attributes` refer to the policy by its digest and to the facts
by their revision; our own attributes begin with `poort.`. A batch is one entry. Persons are pseudonyms.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, NotRequired

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
TRACEPARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
INVALID_VERSION = b"ff"
CURRENT_VERSION = b"00"
SPAN_DIGITS = 16
DRAWN_BYTES = 4_096
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


class TraceSpan(NamedTuple):
    """The place of one call in a trace; `parent_span_id` is empty for the first call of a trace."""

    trace_id: str
    span_id: str
    parent_span_id: str


def span_of(traceparent: bytes | None) -> TraceSpan:
    """A new span, in the trace of a `traceparent` header if it is valid, else in a new trace."""
    if traceparent is not None and (match := TRACEPARENT.fullmatch(traceparent)) is not None:
        version, trace_id, parent_id, rest = match.groups()
        known = version != INVALID_VERSION and not (version == CURRENT_VERSION and rest is not None)
        if known and trace_id.strip(b"0") and parent_id.strip(b"0"):
            return TraceSpan(trace_id.decode(), _piece(), parent_id.decode())
    return TraceSpan(random_id(), _piece(), "")


def _pieces() -> Iterator[str]:
    """Random hexadecimal digits in pieces of 16; the kernel is asked for many at once."""
    while True:
        drawn = os.urandom(DRAWN_BYTES).hex()
        for start in range(0, len(drawn), SPAN_DIGITS):
            piece = drawn[start : start + SPAN_DIGITS]
            if piece.strip("0"):  # an id of zeros alone is not valid
                yield piece


_piece = _pieces().__next__


def random_id() -> str:
    """A new id of 128 random bits, as 32 hexadecimal digits."""
    return _piece() + _piece()


def json_schema() -> dict[str, Any]:
    """The JSON Schema of an entry; `make schemas` writes it to docs/schemas."""
    schema = TypeAdapter(LogEntry).json_schema()
    parent = schema["properties"]["parent_span_id"]
    schema["properties"]["parent_span_id"] = {**parent["anyOf"][0], "title": parent["title"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "additionalProperties": False}


if __name__ == "__main__":
    print(json.dumps(json_schema(), indent=2))

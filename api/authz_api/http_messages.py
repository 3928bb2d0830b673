"""One call as it comes and as it is answered: the headers that count; the status, headers and bytes that are sent."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from authz.documents.json import json_bytes
from authz_api.problems import Problem, error
from authz_api.rate_limit import Account

CLOSING = (401, 403, 408, 413, 429, 431, 500, 503)
"""After these the rest of a body may still be on its way: the connection ends."""


class Call:
    """The headers of one call that count."""

    __slots__ = ("authorization", "kind", "length", "request_id", "started")

    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        self.started = time.perf_counter()
        self.authorization: bytes | None = None
        self.request_id: bytes | None = None
        self.kind, self.length = b"", b""
        for name, value in headers:
            if name == b"content-type":
                self.kind = value
            elif name == b"authorization":
                # Two credentials are none.
                self.authorization = value if self.authorization is None else b""
            elif name == b"content-length":
                self.length = value
            elif name == b"x-request-id" and self.request_id is None:
                self.request_id = value


@dataclass(slots=True)
class Outcome:
    """What is sent, and the tick at which it may leave; `account` is the place that the call then gives back."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    due: int = 0
    account: Account | None = None

    @property
    def closes(self) -> bool:
        """Whether the connection ends with it, for the rest of a body may still be on its way."""
        return self.status in CLOSING


def headers_of(outcome: Outcome, call: Call, keep_alive: bool = True) -> list[tuple[bytes, bytes]]:
    """The headers of an answer, which no cache keeps."""
    sent = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"content-length", b"%d" % len(outcome.body)),
    ]
    sent += [(name.encode(), value.encode()) for name, value in outcome.headers.items()]
    if call.request_id is not None:
        sent.append((b"x-request-id", call.request_id))
    if outcome.closes or not keep_alive:
        sent.append((b"connection", b"close"))
    return sent


def outcome_of(problem: Problem) -> Outcome:
    """A problem as it is sent."""
    return Outcome(problem.status, json_bytes(error(problem.status, problem.message)), problem.headers)


BROKEN = outcome_of(Problem(500, "there is no answer"))
"""What answers a call when something here broke: no decision, and not the caller's fault."""


def as_json(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer of what is not hot, that no cache keeps."""
    return Response(json_bytes(body), status, {"cache-control": "no-store", **(headers or {})}, "application/json")

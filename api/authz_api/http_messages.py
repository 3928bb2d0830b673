"""The headers of a request that the service reads, and the response with its headers."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response
from starlette.types import Send

from authz.documents.json import json_bytes
from authz_api.problems import ProblemError, error_body

CLOSING = frozenset({401, 403, 408, 413, 421, 429, 500, 503})
"""After these statuses the connection closes, because the rest of a request body may still arrive."""
CONTENT_TYPE = (b"content-type", b"application/json")
NO_STORE = (b"cache-control", b"no-store")
CLOSE = (b"connection", b"close")


class HttpRequest:
    """The headers of one request that the service reads, and the time of its arrival.

    Two `Authorization` headers count as a credential that is not valid, and two `traceparent` headers as a malformed
    one. Of several `X-Request-ID` headers the first counts.
    """

    __slots__ = (
        "authorization",
        "content_length",
        "content_type",
        "host",
        "request_id",
        "started",
        "traceparent",
    )

    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        self.started = time.perf_counter()
        self.authorization: bytes | None = None
        self.request_id: bytes | None = None
        self.traceparent: bytes | None = None
        self.content_type = self.content_length = self.host = b""
        for name, value in headers:
            if name == b"content-type":
                self.content_type = value
            elif name == b"authorization":
                self.authorization = value if self.authorization is None else b""
            elif name == b"content-length":
                self.content_length = value
            elif name == b"host":
                self.host = value
            elif name == b"traceparent":
                self.traceparent = value if self.traceparent is None else b""
            elif name == b"x-request-id" and self.request_id is None:
                self.request_id = value


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response. `due` is the tick of `response_delay` before which it may not leave; 0 sends it at once."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    due: int = 0


def problem_response(problem: ProblemError) -> HttpResponse:
    """The response to a call that ends in an error."""
    return HttpResponse(problem.status, json_bytes(error_body(problem.status, problem.message)), problem.headers)


INTERNAL_ERROR = problem_response(ProblemError(500, "internal error: there is no answer"))
"""The response when the service itself broke: no decision, and not the caller's fault."""


async def send_response(send: Send, request: HttpRequest, response: HttpResponse) -> None:
    """Send a response that no cache may keep; the caller's `X-Request-ID` is repeated."""
    headers = [CONTENT_TYPE, NO_STORE, (b"content-length", b"%d" % len(response.body))]
    if request.request_id is not None:
        headers.append((b"x-request-id", request.request_id))
    if response.headers:
        headers += [(name.encode(), value.encode()) for name, value in response.headers.items()]
    if response.status in CLOSING:
        headers.append(CLOSE)
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def json_response(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The response of an endpoint that FastAPI serves; no cache may keep it."""
    closing = {"connection": "close"} if status in CLOSING else {}
    return Response(
        json_bytes(body), status, {"cache-control": "no-store", **closing, **(headers or {})}, "application/json"
    )

"""HTTP messages: of a request the headers that count and the body, and the response with its headers.

A request body is bytes within the size limit, UTF-8, I-JSON (RFC 7493), and one object.
"""

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.responses import Response
from starlette.types import Receive, Send

from authz.documents.json import json_bytes, parse_json_bytes
from authz.language.diagnostics import Diagnostic, DiagnosticError
from authz_api.problems import ProblemError, error_body

CLOSING = frozenset({401, 403, 408, 413, 421, 429, 500, 503})
"""After these statuses the connection closes, because the rest of a request body may still arrive."""
MAX_BYTES = 1_048_576
MAX_DIAGNOSTICS = 10
MAX_MESSAGE = 300
"""The length of one diagnostic: it may repeat a text of the body, and a batch could repeat it a thousand times."""
LENGTH_DIGITS = 20
TOO_LARGE = f"the body is larger than {MAX_BYTES} bytes"
CUT_OFF = "the body was cut off"
JSON = b"application/json"
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
        self.started = time.monotonic()
        values = dict(headers)
        if len(values) != len(headers):
            values = _without_duplicates(headers)
        get = values.get
        self.content_type, self.content_length = get(b"content-type", b""), get(b"content-length", b"")
        self.host = get(b"host", b"")
        self.authorization: bytes | None = get(b"authorization")
        self.request_id: bytes | None = get(b"x-request-id")
        self.traceparent: bytes | None = get(b"traceparent")


def _without_duplicates(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    values: dict[bytes, bytes] = {}
    for name, value in headers:
        if name not in values or name in (b"content-type", b"content-length", b"host"):
            values[name] = value
        elif name != b"x-request-id":
            values[name] = b""
    return values


async def read_body(request: HttpRequest, receive: Receive) -> bytes:
    """The bytes of a body whose headers declare JSON.

    Raises:
        ProblemError: 400 if the content type is another, or the body was cut off; 413 if it is too large.
    """
    kind, length = request.content_type, request.content_length
    if kind != JSON and kind.partition(b";")[0].strip().lower() != JSON:
        raise ProblemError(400, "the content type is not application/json")
    if len(length) > 6 and length.isdigit() and int(length[:LENGTH_DIGITS]) > MAX_BYTES:
        raise ProblemError(413, TOO_LARGE)
    message = await receive()
    data: bytes = message.get("body", b"")
    if message.get("more_body"):
        data = await _read_rest(data, receive)
    elif message["type"] == "http.disconnect":
        raise ProblemError(400, CUT_OFF)
    if len(data) > MAX_BYTES:
        raise ProblemError(413, TOO_LARGE)
    return data


async def _read_rest(first: bytes, receive: Receive) -> bytes:
    parts, size, more = [first], len(first), True
    while more:
        if size > MAX_BYTES:
            raise ProblemError(413, TOO_LARGE)
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ProblemError(400, CUT_OFF)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
    return b"".join(parts)


def parse_body(data: bytes) -> dict[str, Any]:
    """The object in a body.

    Raises:
        ProblemError: 400 if it is not I-JSON, or not an object.
    """
    if not data:
        raise ProblemError(400, "the body is empty")
    try:
        value = parse_json_bytes(data, "body")
    except DiagnosticError as error:
        raise ProblemError(400, message_of(error)) from None
    if not isinstance(value, dict):
        raise ProblemError(400, "the body is not an object")
    return value


def message_of(error: DiagnosticError) -> str:
    """The first diagnostics in one line."""
    lines = [_line(each)[:MAX_MESSAGE] for each in error.diagnostics[:MAX_DIAGNOSTICS]]
    more = len(error.diagnostics) - len(lines)
    return "; ".join([*lines, f"and {more} more"] if more else lines)


def _line(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    place = f" (line {span.line}, column {span.column})" if span.line else ""
    return f"{diagnostic.problem}{place}" + (f" ({diagnostic.help})" if diagnostic.help else "")


class HttpResponse(NamedTuple):
    """A response. `due` is the tick of `response_delay` before which it may not leave; 0 sends it at once."""

    status: int
    body: bytes
    headers: Mapping[str, str]
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

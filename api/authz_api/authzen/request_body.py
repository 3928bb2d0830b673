"""The request body: bytes within the size limit, UTF-8, I-JSON (RFC 7493), one object."""

from typing import Any

from starlette.types import Receive

from authz.documents.json import parse_json_bytes
from authz.language.diagnostics import Diagnostic, DiagnosticError
from authz_api.http_messages import HttpRequest
from authz_api.problems import ProblemError

MAX_BYTES = 1_048_576
MAX_DIAGNOSTICS = 10
MAX_MESSAGE = 300
"""The length of one diagnostic: it may repeat a text of the body, and a batch could repeat it a thousand times."""
LENGTH_DIGITS = 20
TOO_LARGE = f"the body is larger than {MAX_BYTES} bytes"
CUT_OFF = "the body was cut off"
JSON = b"application/json"


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

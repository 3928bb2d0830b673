"""The body of a call: bytes within bounds, UTF-8, I-JSON (RFC 7493), one object."""

from typing import Any

from starlette.types import Receive

from authz.documents.json import parse_json_bytes
from authz.language.diagnostics import Diagnostic, DiagnosticError
from authz_api.problems import Problem

MOST_BYTES = 1_048_576
MOST_FAULTS = 10
MOST_TEXT = 300
"""How long each fault may be: it may repeat what was sent, and a batch would a thousand times."""
TOO_LARGE = f"the body is larger than {MOST_BYTES} bytes"


async def read_body(kind: bytes, length: bytes, receive: Receive) -> bytes:
    """The bytes that a call carries, whose headers say that they are JSON, and how many at most.

    Raises:
        Problem: 400 if they are not JSON, or cut off; 413 if there are too many.
    """
    check_kind(kind)
    if len(length) > 6 and length.isdigit() and int(length[:20]) > MOST_BYTES:
        raise Problem(413, TOO_LARGE)
    message = await receive()
    data: bytes = message.get("body", b"")
    if message.get("more_body"):
        data = await _rest(data, receive)
    elif message["type"] == "http.disconnect":
        raise Problem(400, "the body was cut off")
    if len(data) > MOST_BYTES:
        raise Problem(413, TOO_LARGE)
    return data


def check_kind(kind: bytes) -> None:
    """Refuse a body whose headers do not say that it is JSON.

    Raises:
        Problem: 400.
    """
    if kind != b"application/json" and kind.partition(b";")[0].strip().lower() != b"application/json":
        raise Problem(400, "the content type is not application/json")


async def _rest(begun: bytes, receive: Receive) -> bytes:
    parts, size, more = [begun], len(begun), True
    while more:
        if size > MOST_BYTES:
            raise Problem(413, TOO_LARGE)
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "the body was cut off")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
    return b"".join(parts)


def parse_body(data: bytes) -> dict[str, Any]:
    """The object that a body says.

    Raises:
        Problem: 400 if it is not JSON, or not sound, or no object.
    """
    if not data:
        raise Problem(400, "the body is empty")
    try:
        value = parse_json_bytes(data, "body")
    except DiagnosticError as faulty:
        raise Problem(400, told(faulty)) from None
    if not isinstance(value, dict):
        raise Problem(400, "the body is not an object")
    return value


def told(faulty: DiagnosticError) -> str:
    """The first faults in one line."""
    lines = [_line(one)[:MOST_TEXT] for one in faulty.diagnostics[:MOST_FAULTS]]
    more = len(faulty.diagnostics) - len(lines)
    return "; ".join([*lines, f"and {more} more"] if more else lines)


def _line(one: Diagnostic) -> str:
    place = f" (line {one.span.line}, column {one.span.column})" if one.span.line else ""
    return f"{one.problem}{place}" + (f" ({one.help})" if one.help else "")

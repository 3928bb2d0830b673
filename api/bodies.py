"""The body of a call: bytes within bounds, UTF-8, I-JSON (RFC 7493), one object."""

import asyncio
from typing import Any

from starlette.requests import ClientDisconnect, Request

from api.problems import Problem
from authz.documents import decode, parse_json
from authz.language.faults import Fault, Faulty

MOST_BYTES = 1_048_576
SECONDS = 10.0
"""How long a client may take to send a body."""
MOST_FAULTS = 10


async def read_body(request: Request) -> dict[str, Any]:
    """The object that a call carries.

    Raises:
        Problem: 400 if it is not JSON, or not sound; 408 if it does not come; 413 if it is too large.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(400, "the content type is not application/json")
    try:
        async with asyncio.timeout(SECONDS):
            data = await _bytes(request)
    except TimeoutError:
        raise Problem(408, f"the body did not come within {SECONDS:g} seconds") from None
    except ClientDisconnect:
        raise Problem(400, "the body was cut off") from None
    if not data:
        raise Problem(400, "the body is empty")
    try:
        value = parse_json(decode(data, "body"), "body")
    except Faulty as faulty:
        raise Problem(400, told(faulty)) from None
    if not isinstance(value, dict):
        raise Problem(400, "the body is not an object")
    return value


async def _bytes(request: Request) -> bytes:
    told_size = request.headers.get("content-length", "0")
    if told_size.isdecimal() and int(told_size[:20]) > MOST_BYTES:
        raise Problem(413, f"the body is larger than {MOST_BYTES} bytes")
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise Problem(413, f"the body is larger than {MOST_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def told(faulty: Faulty) -> str:
    """The first faults in one line."""
    lines = [_line(one) for one in faulty.faults[:MOST_FAULTS]]
    more = len(faulty.faults) - len(lines)
    return "; ".join([*lines, f"and {more} more"] if more else lines)


def _line(one: Fault) -> str:
    place = f" (line {one.span.line}, column {one.span.column})" if one.span.line else ""
    return f"{one.problem}{place}" + (f" ({one.help})" if one.help else "")

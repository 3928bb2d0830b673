"""W3C Trace Context: the trace that a caller's `traceparent` header names, or a new one.

A valid trace id is continued and never replaced. The header's flags, `sampled` among them, change nothing: every call
is logged. A malformed header, or several, start a new trace (Trace Context, section 4.3).
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

TRACEPARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
INVALID_VERSION = b"ff"
CURRENT_VERSION = b"00"
TRACE_DIGITS, SPAN_DIGITS = 32, 16
DRAWN_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Span:
    """The place of one call in a trace; `parent_span_id` is empty for the first call of a trace."""

    trace_id: str
    span_id: str
    parent_span_id: str


def span_of(traceparent: bytes | None) -> Span:
    """A new span, in the trace of a `traceparent` header if it is valid, else in a new trace."""
    if traceparent is not None and (match := TRACEPARENT.fullmatch(traceparent)) is not None:
        version, trace_id, parent_id, rest = match.groups()
        known = version != INVALID_VERSION and not (version == CURRENT_VERSION and rest is not None)
        if known and trace_id.strip(b"0") and parent_id.strip(b"0"):
            return Span(trace_id.decode(), _random(SPAN_DIGITS), parent_id.decode())
    return Span(_random(TRACE_DIGITS), _random(SPAN_DIGITS), "")


def _pieces() -> Iterator[str]:
    """Random hexadecimal digits in pieces of 16; the kernel is asked for many at once."""
    while True:
        drawn = os.urandom(DRAWN_BYTES).hex()
        for start in range(0, len(drawn), SPAN_DIGITS):
            piece = drawn[start : start + SPAN_DIGITS]
            if piece.strip("0"):  # an id of zeros alone is not valid
                yield piece


_piece = _pieces().__next__


def _random(digits: int) -> str:
    return _piece() if digits == SPAN_DIGITS else _piece() + _piece()


def random_id() -> str:
    """A new id of 128 random bits, as 32 hexadecimal digits."""
    return _piece() + _piece()

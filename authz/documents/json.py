"""Read and write JSON (RFC 8259, within I-JSON, RFC 7493). The one module that imports orjson.

The AuthZEN client uses this module too, so it imports neither pydantic nor the engine.
"""

import json
import re
from typing import Any

import orjson

from authz.documents.catalogue import NOT_JSON
from authz.documents.strictness import (
    MAX_NESTING,
    is_shallow,
    object_of,
    require_strict,
    too_deep,
    too_large,
    too_many_digits,
)
from authz.documents.text import decode
from authz.language.diagnostics import DiagnosticError, Span

MAX_CONTAINERS = 20_000
"""The objects and lists in a JSON text from the network; a batch of 1,000 ordinary requests has less than half."""
MAX_SOURCE = 500
"""The length of the longest line that a diagnostic quotes."""
_BLANK = b" \t\r\n"
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
"""A string, also one that the text cuts off: it matches at every quote, so that its work is linear."""


def parse_json(text: str, shown: str) -> Any:
    """The value of a JSON text.

    Raises:
        DiagnosticError: with the first problems, each with its place.
    """
    return require_strict(load_json(text, shown), shown)


def parse_json_bytes(data: bytes, shown: str) -> Any:
    """The value of a JSON text in UTF-8 from the network; many times faster than `parse_json` on ordinary texts.

    Raises:
        DiagnosticError: with the first problems, each with its place; or it has more than `MAX_CONTAINERS` objects and
            lists.
    """
    brackets = data.count(b"{") + data.count(b"[")
    if brackets > MAX_CONTAINERS and _has_too_many_containers(data):
        raise too_large(f"more than {MAX_CONTAINERS} objects and lists", shown)
    try:
        value = orjson.loads(data)
        # orjson keeps the last of two members with one name. A text that is the same when it is written again
        # lost nothing, so it holds no duplicate.
        again = orjson.dumps(value)
        unchanged = data == again or data.translate(None, _BLANK) == again.translate(None, _BLANK)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        unchanged = False
    if unchanged and (brackets <= MAX_NESTING or is_shallow(value)):
        return value
    return parse_json(decode(data, shown), shown)


def _has_too_many_containers(data: bytes) -> bool:
    # Counted before any parser makes a value: hundreds of thousands of empty objects take it long.
    structure = _STRING.sub(b"", data)
    return structure.count(b"{") + structure.count(b"[") > MAX_CONTAINERS


def json_bytes(value: Any) -> bytes:
    """A value as JSON in UTF-8, on one line and without blanks; instants as RFC 3339 in UTC."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def load_json(text: str, shown: str) -> Any:
    """The value of a JSON text that may still break the rules of `strictness`.

    Raises:
        DiagnosticError: the text is not JSON.
    """
    try:
        return json.loads(text, object_pairs_hook=object_of)
    except json.JSONDecodeError as error:
        start, end = text.rfind("\n", 0, error.pos) + 1, text.find("\n", error.pos)
        line = text[start : end if end >= 0 else len(text)].rstrip("\r")
        problem = error.msg[0].lower() + error.msg[1:]
        span = Span(shown, error.lineno, error.colno)
        raise DiagnosticError(
            [NOT_JSON.at(span, f"not JSON: {problem}", source=line if len(line) <= MAX_SOURCE else "")]
        ) from None
    except RecursionError:
        raise too_deep(shown) from None
    except ValueError:
        raise too_many_digits(shown) from None

"""Read and write JSON (RFC 8259, within I-JSON, RFC 7493). The one module that imports orjson.

The AuthZEN client uses this module too, so it imports neither pydantic nor the engine.
"""

import json
from typing import Any

import orjson

from authz.documents.catalogue import NOT_JSON
from authz.documents.strictness import MAX_NESTING, is_shallow, object_of, require_strict, too_deep, too_many_digits
from authz.documents.text import decode
from authz.language.diagnostics import DiagnosticError, Span

_BLANK = b" \t\r\n"


def parse_json(text: str, shown: str) -> Any:
    """The value of a JSON text.

    Raises:
        DiagnosticError: with every problem, each with its place.
    """
    return require_strict(load_json(text, shown), shown)


def parse_json_bytes(data: bytes, shown: str) -> Any:
    """The value of a JSON text in UTF-8; many times faster than `parse_json` on ordinary texts.

    Raises:
        DiagnosticError: with every problem, each with its place.
    """
    try:
        value = orjson.loads(data)
        # orjson keeps the last of two members with one name. A text that is the same when it is written again
        # lost nothing, so it holds no duplicate.
        again = orjson.dumps(value)
        unchanged = data == again or data.translate(None, _BLANK) == again.translate(None, _BLANK)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        unchanged = False
    if unchanged and (data.count(b"{") + data.count(b"[") <= MAX_NESTING or is_shallow(value)):
        return value
    return parse_json(decode(data, shown), shown)


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
        line = text.split("\n")[error.lineno - 1].rstrip("\r")
        problem = error.msg[0].lower() + error.msg[1:]
        span = Span(shown, error.lineno, error.colno)
        raise DiagnosticError([NOT_JSON.at(span, f"not JSON: {problem}", source=line)]) from None
    except RecursionError:
        raise too_deep(shown) from None
    except ValueError:
        raise too_many_digits(shown) from None

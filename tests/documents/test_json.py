"""JSON: what two readers could read differently is refused, and the fast reader agrees with the strict one."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz import DiagnosticError
from authz.documents.json import parse_json, parse_json_bytes
from authz.documents.strictness import MAX_NESTING
from authz.documents.text import decode
from tests.support.messages import message_of

NESTED = "nested deeper than 100"
JSON: dict[str, tuple[str, str]] = {
    "an empty text": ("", "f:1:1: not JSON: expecting value"),
    "a key twice": ('{"a": 1, "a": 1}', "f: a: this key stands here twice"),
    "a key twice, deep down": ('{"x": [{"a": {"b": 1, "b": 2}}]}', "f: x[0].a.b: this key stands here twice"),
    "a key twice, escaped once": ('{"a": 1, "\\u0061": 2}', "f: a: this key stands here twice"),
    "half a key twice": (
        '{"\\ud800": 1, "\\ud800": 1}',
        "f: a key holds half a surrogate pair\nf: a key stands here twice",
    ),
    "not a number": ("[NaN]", "f: [0]: `nan` is not a JSON number"),
    "infinity": ("[Infinity]", "f: [0]: `inf` is not a JSON number"),
    "minus infinity": ('{"a": -Infinity}', "f: a: `-inf` is not a JSON number"),
    "a number past all": ("[1e999]", "f: [0]: `inf` is not a JSON number"),
    "half a pair": ('["\\ud800"]', "f: [0]: half a surrogate pair is no text"),
    "half a pair in a key": ('{"\\udc00": 1}', "f: a key holds half a surrogate pair"),
    "a hundred and one lists": ("[" * 102 + "]" * 102, f"f: [0][0][0]: {NESTED}"),
    "a hundred thousand lists": ("[" * 100_000 + "]" * 100_000, f"f: {NESTED}"),
    "a hundred thousand objects, unended": ('{"a":' * 100_000, f"f: {NESTED}"),
    "a number without end": ("1" * 5000, "f: a number has too many digits"),
    "a comma too many": ("[,1]", "f:1:2: not JSON: expecting value\n    1 | [,1]\n      |  ^"),
    "a second value": ("1 2", "f:1:3: not JSON: extra data\n    1 | 1 2\n      |   ^"),
    "a comment": ("// 1", "f:1:1: not JSON: expecting value\n    1 | // 1\n      | ^"),
    "a line further on": (
        '{"a": 1,\r\n "b"}',
        "f:2:5: not JSON: expecting ':' delimiter\n    2 |  \"b\"}\n      |     ^",
    ),
}


@pytest.mark.parametrize("name", JSON)
def test_json_that_two_readers_could_read_differently_is_refused(name: str) -> None:
    text, message = JSON[name]
    with pytest.raises(DiagnosticError) as refused:
        parse_json(text, "f")
    assert message_of(refused.value) == message


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert parse_json('["\\ud83d\\ude00"]', "f") == ["\U0001f600"]


# The fast reader.

VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
WRITERS = st.sampled_from(
    [{}, {"separators": (",", ":")}, {"indent": 1}, {"ensure_ascii": False}, {"separators": (" ,\t", "\r:\n")}]
)


def both(data: bytes) -> tuple[Any, Any]:
    """The value of a text, or its problems, from both readers."""

    def outcome(read: Any) -> Any:
        try:
            return "value", repr(read())
        except DiagnosticError as wrong:
            return "faults", [(str(one.span), one.problem, one.help) for one in wrong.diagnostics]

    def slowly() -> Any:
        return parse_json(decode(data, "body"), "body")

    return outcome(lambda: parse_json_bytes(data, "body")), outcome(slowly)


@settings(max_examples=1_000, deadline=None)
@given(value=VALUE, writer=WRITERS)
def test_json_read_at_speed_is_what_it_says(value: Any, writer: Any) -> None:
    quick, slow = both(json.dumps(value, **writer).encode("utf-8", "surrogatepass"))
    assert quick == slow


@settings(max_examples=2_000, deadline=None)
@given(value=VALUE, writer=WRITERS, at=st.integers(0, 200), put=st.binary(max_size=3), cut=st.integers(0, 3))
def test_json_that_was_tampered_with_is_read_by_both_alike(
    value: Any, writer: Any, at: int, put: bytes, cut: int
) -> None:
    data = json.dumps(value, **writer).encode("utf-8", "surrogatepass")
    at = min(at, len(data))
    quick, slow = both(data[:at] + put + data[at + cut :])
    assert quick == slow


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 1}',
        '{"a": 1, "\\u0061": 2}',
        '{"a": {"b": [1, {"c": 1, "c": 2}]}}',
        "NaN",
        "[Infinity, -Infinity]",
        '"\\ud800"',
        "1e400",
        "-0",
        "1E2",
        "1.0",
        "123456789012345678901234567890",
        "18446744073709551615",
        '"\\u00e9\\/"',
        "\ufeff{}",
        "[1,]",
        "",
        " ",
        '{"a":"b c\td"}',
        "[" * MAX_NESTING + "]" * MAX_NESTING,
        "[" * (MAX_NESTING + 1) + "]" * (MAX_NESTING + 1),
        "[" + "[],{}," * 500 + '{"a":' * 98 + "1" + "}" * 98 + "]",
        "[" + "[],{}," * 500 + '{"a":' * 100 + "1" + "}" * 100 + "]",
        '{"a":' * 300 + "1" + "}" * 300,
    ],
)
def test_what_json_readers_differ_on_is_read_alike(text: str) -> None:
    quick, slow = both(text.encode())
    assert quick == slow

"""What is read at speed says what the slower reader says, or leaves it to that one: nothing is read more kindly."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz import MalformedRequestError, Policy, load_bundle
from authz.bundle.requests import parse_authzen
from authz.documents import MOST_NESTING, parse_json, parse_json_bytes
from authz.language.diagnostics import DiagnosticError
from tests.support.server import AUTHZEN, STUDENT

POLICIES = {name: load_bundle(folder) for name, folder in {"student": STUDENT, "authzen": AUTHZEN}.items()}
BODY: dict[str, Any] = {
    "subject": {"type": "supplier", "id": "X", "properties": {"institute": "A", "role": "admin"}},
    "action": {"name": "read_grades", "properties": {"purpose": "homework_guidance", "soft": True}},
    "resource": {"type": "student", "id": "tim", "properties": {"school": "S1", "status": "done"}},
    "context": {"engagement": "private"},
}
PATHS = [
    ("subject",),
    ("action",),
    ("resource",),
    ("context",),
    *((entity, name) for entity in ("subject", "resource") for name in ("type", "id", "properties")),
    ("action", "name"),
    ("action", "properties"),
    ("subject", "properties", "institute"),
    ("subject", "properties", "role"),
    ("action", "properties", "purpose"),
    ("action", "properties", "soft"),
    ("resource", "properties", "school"),
    ("resource", "properties", "status"),
    ("context", "engagement"),
    ("at",),
    ("unknown",),
]
GONE = object()
VALUES = st.sampled_from(
    [GONE, None, "", "private", "commissioned", "identification", "x", 0, 1, True, 2.5, [], ["a"], {}, {"id": "X"}]
)


def edited(edits: list[tuple[tuple[str, ...], Any]]) -> Any:
    body = json.loads(json.dumps(BODY))
    for path, value in edits:
        holder = body
        for name in path[:-1]:
            holder = holder.get(name) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            if value is GONE:
                holder.pop(path[-1], None)
            else:
                holder[path[-1]] = value
    return body


def said(policy: Policy, body: Any) -> Any:
    try:
        return parse_authzen(body, policy.bundle.vocabulary)
    except MalformedRequestError:
        return None


@settings(max_examples=1_000, deadline=None)
@given(
    name=st.sampled_from(sorted(POLICIES)),
    edits=st.lists(st.tuples(st.sampled_from(PATHS), VALUES), max_size=3),
)
def test_the_plain_reader_finds_the_same_request_or_says_nothing(name: str, edits: Any) -> None:
    policy = POLICIES[name]
    body = edited(edits)
    assert policy.plain(body) in (None, said(policy, body))
    assert policy.plain(BODY) == said(policy, BODY) is not None


def test_the_plain_reader_reads_whatever_is_whole() -> None:
    # If it gave up on these, nothing but the speed would tell.
    for policy in POLICIES.values():
        whole = [BODY, edited([(("context",), GONE)]), edited([(("action", "properties"), GONE)])]
        assert all(policy.plain(body) is not None for body in whole)
    assert POLICIES["student"].plain(edited([(("subject", "properties", "institute"), None)])) is not None


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
WRITERS = st.sampled_from(
    [{}, {"separators": (",", ":")}, {"indent": 1}, {"ensure_ascii": False}, {"separators": (" ,\t", "\r:\n")}]
)


def both(data: bytes) -> tuple[Any, Any]:
    """What the two readers find in a text: a value, or the faults."""

    def outcome(read: Any) -> Any:
        try:
            return "value", repr(read())
        except DiagnosticError as wrong:
            return "faults", [(str(one.span), one.problem, one.help) for one in wrong.diagnostics]

    def slowly() -> Any:
        from authz.documents import decode

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
        "[" * MOST_NESTING + "]" * MOST_NESTING,
        "[" * (MOST_NESTING + 1) + "]" * (MOST_NESTING + 1),
        "[" + "[],{}," * 500 + '{"a":' * 98 + "1" + "}" * 98 + "]",
        "[" + "[],{}," * 500 + '{"a":' * 100 + "1" + "}" * 100 + "]",
        '{"a":' * 300 + "1" + "}" * 300,
    ],
)
def test_what_json_readers_differ_on_is_read_alike(text: str) -> None:
    quick, slow = both(text.encode())
    assert quick == slow

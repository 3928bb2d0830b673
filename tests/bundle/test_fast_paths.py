"""What is read at speed says what the slower reader says, or leaves it to that one: nothing is read more kindly."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from authz import MalformedRequestError, Policy, load_bundle
from authz.bundle.requests import parse_authzen
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

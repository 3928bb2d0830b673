"""The pool of changes: no slot is written twice, and a row that names an absent record needs that record written."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from authz import Policy, load_bundle, read_facts
from authz.explain.change_pool import ChangePool
from authz.explain.pruning import open_change
from authz.facts.changes import Change, ChangeKind

FILES = {
    "bundle.toml": """
name = "grants"
version = "0.1.0"
actions = ["read"]

[request.subject]
type = "user"
record = "User"

[request.resource]
type = "record"
record = "Record"
""",
    "vocabulary.toml": """
[records.User]
facts = "users"
key = "id"
fields = { id = "String" }

[records.Record]
facts = "records"
key = "id"
fields = { id = "String" }

[records.Grant]
facts = "grants"
fields = { user = "id of User", record = "id of Record" }

[collections]
grants = { of = "Grant", by = ["user", "record"] }

[writers]
owner = { en = "the owner", nl = "de eigenaar" }

[changes]
records = { en = "record", nl = "stuk", add = ["owner"] }
grants = { en = "grant", nl = "recht", add = ["owner"] }
""",
    "reasons.toml": """
[substitute]
code = "CLOSED"
en = "closed"
nl = "dicht"

[[reason]]
code = "NOT_GRANTED"
layer = "rules"
audience = "user"
en = "not granted"
nl = "geen recht"
""",
    "grants.polar": """
allow(_user: User, action: String, request: Request) if
    action = request.action and
    granted(request);

granted(request: Request) if
    grant in request.grants and
    grant.user = request.user_id;

reason(request: Request, "NOT_GRANTED") if not granted(request);
""",
}
REQUEST = {"user": "ann", "record": "r1", "action": "read", "at": "2025-03-10T12:00:00Z"}


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    folder = tmp_path_factory.mktemp("grants")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return load_bundle(folder)


def written(policy: Policy, records: list[dict[str, str]]) -> list[str]:
    facts = read_facts({"users": [{"id": "ann"}], "records": records, "grants": []}, policy)
    smallest = policy.decide(REQUEST, facts).explain().smallest
    assert smallest is not None
    assert smallest.changes is not None
    return sorted(change.facts for change in smallest.changes)


def test_a_row_that_names_a_record_that_is_there_is_enough(policy: Policy) -> None:
    assert written(policy, [{"id": "r1"}]) == ["grants"]


def test_a_row_that_names_an_absent_record_needs_that_record_too(policy: Policy) -> None:
    assert written(policy, []) == ["grants", "records"]


def test_no_slot_is_written_twice(policy: Policy) -> None:
    changes = [
        Change(ChangeKind.SET, "level", value, 0, ("owner",), slot=slot)
        for value, slot in ((1, ("level",)), (2, ("level",)), (3, ("other",)), (4, ()), (5, ()))
    ]
    vocabulary = policy.bundle.vocabulary
    opened = [open_change(change, frozenset({"level"}), vocabulary.collections) for change in changes]
    facts = read_facts({"users": [], "records": [], "grants": []}, policy)
    at = datetime(2025, 3, 10, tzinfo=UTC)
    gathered: Any = SimpleNamespace(user=None, user_id="ann", record=None, record_id="r1", at=at)
    pool = ChangePool(opened, vocabulary, gathered, lambda _changes: facts)
    assert pool.free((0,), frozenset()) == [2, 3, 4]
    assert pool.free((3,), frozenset({2})) == [0, 1, 4]

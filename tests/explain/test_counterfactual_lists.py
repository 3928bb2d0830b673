"""The smallest change where what may be written is a list: a value of the facts, not rows."""

import pytest

from authz import Policy, load_bundle, read_facts
from authz.explain.counterfactual import SearchOutcome

FILES = {
    "bundle.toml": """
name = "levels"
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
[enumerations]
Level = ["public", "staff", "secret"]

[records.User]
facts = "users"
key = "id"
fields = { id = "String" }

[records.Record]
facts = "records"
key = "id"
fields = { id = "String", level = "Level" }

[values]
open_levels = "[Level]"
closed_levels = "[Level]"

[writers]
owner = { en = "the owner", nl = "de eigenaar" }

[changes]
open_levels = { en = "open levels", nl = "open niveaus", set = ["owner"] }
closed_levels = { en = "closed levels", nl = "gesloten niveaus", set = ["owner"] }
""",
    "reasons.toml": """
[substitute]
code = "CLOSED"
en = "closed"
nl = "dicht"

[[reason]]
code = "NOT_OPEN"
layer = "rules"
audience = "user"
en = "the level is not open"
nl = "het niveau is niet open"
""",
    "levels.polar": """
allow(_user: User, action: String, request: Request) if
    action = request.action and
    request.user != nil and
    open(request);

open(request: Request) if
    request.record != nil and
    "staff" in request.open_levels and
    not "staff" in request.closed_levels;

reason(request: Request, "NOT_OPEN") if not open(request);
""",
}
FACTS = {"users": [{"id": "ann"}], "records": [{"id": "r1", "level": "staff"}]}
REQUEST = {"user": "ann", "record": "r1", "action": "read", "at": "2025-03-10T12:00:00Z"}


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    folder = tmp_path_factory.mktemp("levels")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return load_bundle(folder)


def changes(policy: Policy, open_levels: list[str], closed_levels: list[str]) -> dict[str, object] | None:
    facts = {**FACTS, "open_levels": open_levels, "closed_levels": closed_levels}
    decision = policy.decide(REQUEST, read_facts(facts, policy))
    assert not decision
    smallest = decision.explain().smallest
    assert smallest is not None
    assert smallest.outcome in (SearchOutcome.PROVED, SearchOutcome.EXHAUSTED)
    return None if smallest.changes is None else {change.facts: change.row for change in smallest.changes}


def test_a_list_to_which_a_value_must_be_added_is_set(policy: Policy) -> None:
    assert changes(policy, [], []) == {"open_levels": ("staff",)}


def test_a_list_from_which_a_value_must_be_taken_is_set(policy: Policy) -> None:
    assert changes(policy, ["staff"], ["staff"]) == {"closed_levels": ()}


def test_a_list_keeps_the_values_that_it_has(policy: Policy) -> None:
    assert changes(policy, ["public"], ["staff"]) == {"open_levels": ("public", "staff"), "closed_levels": ()}

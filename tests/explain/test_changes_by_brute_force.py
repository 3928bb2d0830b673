"""The smallest change against brute force: every value of every field, in up to two changes, without a search.

Rules are drawn from conditions of every form that a row can meet: `!= nil`, a boolean by itself, `!=`, an order, an
element of a list, a join through an id that the request does not name.
"""

import itertools
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz import Policy, read_facts
from authz.explain.counterfactual import SearchOutcome, SmallestChange
from authz.explain.render import smallest_as_data
from authz.facts import possible_changes
from authz.facts.changes import apply_changes
from tests.support.effort import effort
from tests.support.small_bundles import REQUEST, small_bundle

RECORDS = """
Team = { facts = "teams", key = "id", fields = { id = "String" } }
Member = { facts = "members", fields = { user = "id of User", team = "id of Team" } }
[records.Grant]
facts = "grants"
[records.Grant.fields]
document = "id of Document"
team = "id of Team"
level = "Level?"
note = "String?"
open = "Boolean?"
tags = "[String]"
size = "Integer?"
"""
COLLECTIONS = """
grants = { of = "Grant", by = ["document"] }
members = { of = "Member", by = ["user"] }
"""
CHANGES = """
grants = { en = "a grant", nl = "een toekenning", add = ["owner"] }
members = { en = "a member", nl = "een lid", add = ["owner"] }
"""
CONDITIONS = (
    "g.level != nil",
    'g.level != nil and g.level = "high"',
    'g.level != nil and g.level != "low"',
    "g.level = nil",
    "g.note != nil",
    'g.note != nil and g.note != "x"',
    "g.note != nil and g.note = request.document.word",
    "g.open != nil and g.open",
    "g.open != nil and not g.open",
    '"a" in g.tags',
    "tag in g.tags and tag = request.document.word",
    "request.document.word in g.tags",
    "g.size != nil and g.size > 2",
    "g.size != nil and g.size <= request.document.size",
    "m in request.members and m.team = g.team",
)
COLUMNS: dict[str, tuple[Any, ...]] = {
    "team": ("t1", "t2"),
    "level": (None, "low", "middle", "high"),
    "note": (None, "x", "w", "other"),
    "open": (None, True, False),
    "tags": ((), ("a",), ("w",), ("a", "w")),
    "size": (None, 0, 2, 3),
}
"""Every value that makes a difference to some condition."""


@cache
def policy_of(folder: Path, conditions: tuple[str, ...]) -> Policy:
    wanted = " and ".join(f"({each})" if " and " not in each else each for each in conditions)
    return small_bundle(
        folder / str(abs(hash(conditions))),
        f"permitted(request: Request) if request.document != nil and g in request.grants and {wanted};",
        RECORDS,
        COLLECTIONS,
        CHANGES,
        document_fields=', word = "String", size = "Integer"',
        enumerations='Level = ["low", "middle", "high"]',
    )


def smallest_by_brute_force(policy: Policy, facts: dict[str, Any]) -> int | None:
    """The size of the smallest set of added rows that permits; None if no set of two does."""
    values = itertools.product(*COLUMNS.values())
    grants = [{"document": "d", **{k: v for k, v in zip(COLUMNS, row, strict=True) if v is not None}} for row in values]
    grants = [{**grant, "tags": list(grant["tags"])} for grant in grants]
    members = [{"user": "ann", "team": team} for team in COLUMNS["team"]]
    if any(permits(policy, facts, (), (member,)) for member in members):
        return 1
    # All rows at once permit if any of them does: the rules drawn have no `not` over rows.
    if permits(policy, facts, grants, ()):
        return 1
    return 2 if permits(policy, facts, grants, members) else None


def permits(policy: Policy, facts: dict[str, Any], grants: Any, members: Any) -> bool:
    after = {**facts, "grants": [*facts["grants"], *grants], "members": [*facts["members"], *members]}
    return bool(policy.decide(REQUEST, read_facts(after, policy)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("drawn")


def facts_with(grants: list[dict[str, Any]], members: list[str]) -> dict[str, Any]:
    return {
        "users": [{"id": "ann"}],
        "documents": [{"id": "d", "word": "w", "size": 2}],
        "teams": [{"id": "t1"}, {"id": "t2"}],
        "grants": [{"document": "d", "team": "t1", "tags": [], **grant} for grant in grants],
        "members": [{"user": "ann", "team": team} for team in members],
    }


def check(policy: Policy, facts: dict[str, Any]) -> SmallestChange | None:
    """The smallest change of a refusal, compared with brute force."""
    read = read_facts(facts, policy)
    decision = policy.decide(REQUEST, read)
    assert not decision.error
    if decision:
        return None
    smallest = decision.explain().smallest
    assert smallest is not None
    expected = smallest_by_brute_force(policy, facts)
    assert (None if smallest.changes is None else len(smallest.changes)) == expected
    if smallest.changes is not None:
        assert policy.decide(REQUEST, apply_changes(smallest.changes, read))
    return smallest


GRANTS = st.fixed_dictionaries(
    {},
    optional={"team": st.sampled_from(["t1", "t2"]), "level": st.sampled_from(["low", "high"]), "open": st.booleans()},
)


@settings(max_examples=effort(60), deadline=None)
@given(
    st.lists(st.sampled_from(CONDITIONS), min_size=1, max_size=3, unique=True),
    st.lists(GRANTS, max_size=2),
    st.lists(st.sampled_from(["t1", "t2"]), max_size=1),
)
def test_the_smallest_change_is_as_small_as_by_trying_everything(
    folder: Path, conditions: list[str], grants: list[dict[str, Any]], members: list[str]
) -> None:
    check(policy_of(folder, tuple(conditions)), facts_with(grants, members))


@pytest.mark.parametrize("condition", CONDITIONS)
def test_one_row_that_meets_a_condition_is_found(folder: Path, condition: str) -> None:
    smallest = check(policy_of(folder, (condition,)), facts_with([], ["t1"]))
    assert smallest is not None and smallest.changes is not None
    assert (len(smallest.changes), smallest.outcome) == (1, SearchOutcome.PROVED)


def test_what_nothing_can_change_is_proved(folder: Path) -> None:
    smallest = check(policy_of(folder, ("g.open != nil and g.open and request.document.size > 5",)), facts_with([], []))
    assert smallest == SmallestChange(None, SearchOutcome.PROVED)


def test_values_that_exclude_each_other_are_tried_and_nothing_is_proved(folder: Path) -> None:
    condition = "g.size != nil and g.size < request.document.size and g.size > request.document.size"
    policy = policy_of(folder, (condition,))
    smallest = check(policy, facts_with([], []))
    assert smallest is not None and smallest.outcome is SearchOutcome.EXHAUSTED
    assert "it is not proved" in smallest_as_data(smallest, policy.bundle)["text"]["en"]


def test_a_search_over_a_part_of_the_rows_is_cut_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(possible_changes, "MAX_ROWS", 2)
    policy = policy_of(folder, ('g.level != nil and g.level = "high" and g.open != nil and not g.open',))
    smallest = policy.decide(REQUEST, read_facts(facts_with([], []), policy)).explain().smallest
    assert smallest == SmallestChange(None, SearchOutcome.CUT_OFF, smallest.tried if smallest else 0)


def test_a_row_is_joined_to_one_that_the_request_does_not_name(tmp_path: Path) -> None:
    """Three rows that must agree on ids, of which two are there."""
    policy = small_bundle(
        tmp_path,
        """permitted(request: Request) if
            m in request.members and s in request.subscriptions and s.team = m.team and
            f in request.features and f.plan = s.plan;""",
        """
Team = { facts = "teams", key = "id", fields = { id = "String" } }
Plan = { facts = "plans", key = "id", fields = { id = "String" } }
Member = { facts = "members", fields = { user = "id of User", team = "id of Team" } }
[records.Subscription]
facts = "subscriptions"
fields = { document = "id of Document", team = "id of Team", plan = "id of Plan" }
[records.Feature]
facts = "features"
fields = { document = "id of Document", plan = "id of Plan" }
""",
        """
members = { of = "Member", by = ["user"] }
subscriptions = { of = "Subscription", by = ["document"] }
features = { of = "Feature", by = ["document"] }
""",
        "\n".join(
            f'{name} = {{ en = "x", nl = "x", add = ["owner"] }}' for name in ("members", "subscriptions", "features")
        ),
    )
    rows: dict[str, list[dict[str, Any]]] = {
        "members": [{"user": "ann", "team": "t"}],
        "subscriptions": [{"document": "d", "team": "t", "plan": "p"}],
        "features": [{"document": "d", "plan": "p"}],
    }
    named = {
        "users": [{"id": "ann"}],
        "documents": [{"id": "d"}],
        "teams": [{"id": "t"}],
        "plans": [{"id": "p"}],
    }
    assert policy.decide(REQUEST, read_facts({**named, **rows}, policy))
    for absent in rows:
        facts = read_facts({**named, **rows, absent: []}, policy)
        smallest = policy.decide(REQUEST, facts).explain().smallest
        assert smallest is not None and smallest.changes is not None
        assert [change.facts for change in smallest.changes] == [absent]
        assert policy.decide(REQUEST, apply_changes(smallest.changes, facts))

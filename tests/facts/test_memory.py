"""Facts in memory: frozen, and replaced row by row without a second validation."""

import dataclasses
from datetime import UTC, datetime

import pytest

from authz import Facts, Policy, read_facts
from authz.facts.changes import Change, ChangeKind, apply_changes

DOCUMENT = {
    "schools": [{"id": "S1"}, {"id": "S2"}],
    "suppliers": [{"id": "X"}],
    "links": [{"school": "S1", "supplier": "X"}],
}


@pytest.fixture
def facts(policy: Policy) -> Facts:
    return read_facts(DOCUMENT, policy)


def test_replaced_rows_are_found_by_id_and_by_key_and_the_rest_stays(policy: Policy, facts: Facts) -> None:
    other = read_facts({**DOCUMENT, "links": [], "schools": [{"id": "S3"}]}, policy)
    changed = facts.with_rows({"links": other.lists["links"], "schools": other.lists["schools"]})
    assert (changed.records, changed.rows, changed.values) == (other.records, other.rows, other.values)
    assert dict(changed.lists) == dict(other.lists)
    assert changed.ids("School") == ("S3",) and changed.ids("Supplier") == ("X",)


def test_the_facts_that_rows_were_replaced_in_do_not_change(policy: Policy, facts: Facts) -> None:
    known = {"school": "S1", "supplier": None}
    before = list(facts.candidates(("school",), {}, set())), list(facts.candidates(("supplier",), known, {"links"}))
    changed = facts.with_rows({"links": (), "schools": ()})
    assert facts == read_facts(DOCUMENT, policy)
    after = list(facts.candidates(("school",), {}, set())), list(facts.candidates(("supplier",), known, {"links"}))
    assert before == after == ([("S1",), ("S2",)], [("X",)])
    assert list(changed.candidates(("school",), {}, set())) == []
    assert list(changed.candidates(("supplier",), known, {"links"})) == []


def test_a_revision_names_the_facts_and_not_the_order_of_rows(facts: Facts) -> None:
    schools, links = facts.lists["schools"], facts.lists["links"]
    assert facts.with_rows({"schools": schools}) is facts
    assert facts.with_rows({"schools": schools[::-1]}).revision == facts.revision
    assert facts.with_rows({}, dict(facts.values)) is facts
    changed = [
        facts.with_rows({"links": ()}),
        facts.with_rows({"links": links * 2}),
        facts.with_rows({"schools": schools[:1]}),
        facts.with_rows({"schools": (dataclasses.replace(schools[0], name="First"), *schools[1:])}),
        facts.with_rows({}, {"enrolments_as_of": schools}),
    ]
    assert len({facts.revision, *(each.revision for each in changed)}) == len(changed) + 1
    assert facts.with_rows({"links": ()}).revision == changed[0].revision


def test_lists_are_read_only_and_facts_are_frozen(facts: Facts) -> None:
    with pytest.raises(TypeError):
        facts.lists["links"] = ()  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        facts.revision = "another"  # type: ignore[misc]


def test_facts_are_a_store_with_one_snapshot(facts: Facts) -> None:
    assert facts.snapshot() is facts and facts.stamp is None


def test_applied_changes_replace_the_rows_that_they_are_about(policy: Policy, facts: Facts) -> None:
    (link,), (first, second) = facts.lists["links"], facts.lists["schools"]
    over = dataclasses.replace(link, valid_until=datetime(2025, 1, 1, tzinfo=UTC))
    named = dataclasses.replace(first, name="First")
    changes = [
        Change(ChangeKind.END, "links", over, link, (), "Link"),
        Change(ChangeKind.FILL, "schools", named, first, (), "School", "name"),
        Change(ChangeKind.ADD, "schools", dataclasses.replace(first, id="S3"), None, (), "School"),
        Change(ChangeKind.SET, "enrolments_as_of", datetime(2025, 3, 1, tzinfo=UTC), None, ()),
    ]
    after = apply_changes(changes, facts)
    assert after.lists["links"] == (over,)
    assert after.lists["schools"] == (second, named, dataclasses.replace(first, id="S3"))
    assert after.values["enrolments_as_of"] == datetime(2025, 3, 1, tzinfo=UTC)
    assert facts == read_facts(DOCUMENT, policy)

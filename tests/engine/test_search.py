"""Search: law 8 in both directions, on generated worlds of both bundles; the order and the narrowing of candidates."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

import pytest

from authz import EvaluationRequest, Facts, Policy, load_bundle, load_facts
from authz.analysis.required_rows import required_rows
from authz.engine.search import Searched, search
from authz.verify.generate import WorldGenerator
from authz.verify.seeds import seeds
from tests.support.effort import effort
from tests.support.paths import AUTHZEN, STUDENT

NOON = datetime(2025, 3, 10, 12, tzinfo=UTC)


def allowed(policy: Policy, facts: Facts, asked: EvaluationRequest, searched: Searched, at: datetime) -> set[object]:
    """Whoever the decision allows, by trying every id there is."""
    vocabulary = policy.bundle.vocabulary
    if searched is Searched.ACTION:
        return {(a,) for a in vocabulary.actions if policy.decide(replace(asked, action=a), facts, at)}
    party = vocabulary.subject if searched is Searched.SUBJECT else vocabulary.resource
    tried = [
        (name, kind.names)
        for name, kind in vocabulary.properties.items()
        if kind.searched and kind.source[0] == searched.value and asked.properties[name] is None
    ]
    found: set[object] = set()
    for id in facts.ids(party.record):
        keys: list[tuple[str, ...]] = [(id,)]
        for _, record in tried:
            keys = [(*key, other) for key in keys for other in facts.ids(record)]
        for key in keys:
            properties = {**asked.properties, **dict(zip([n for n, _ in tried], key[1:], strict=True))}
            about = {"properties": properties, f"{searched.value}_id": id}
            if policy.decide(replace(asked, **about), facts, at):
                found.add(key)
    return found


@pytest.mark.parametrize("folder", [STUDENT, AUTHZEN], ids=["student_data", "authzen"])
def test_a_search_finds_those_whom_the_decision_allows_and_no_others(folder: object) -> None:
    policy = load_bundle(str(folder))
    worlds = WorldGenerator(policy, seeds(policy)[0])
    stream = random.Random(8)
    compared = dict.fromkeys(Searched, 0)
    for _ in range(effort(900)):
        world = worlds.draw(stream.randrange)
        facts, asked, at = world.facts, world.request, world.at
        for searched in Searched:
            for unnamed in ({}, {"institute": None}):
                about = replace(
                    asked, properties={**asked.properties, **unnamed} if folder == STUDENT else asked.properties
                )
                found = [one.key for one in search(policy, facts, about, searched, at) if one.allowed]
                assert found == sorted(set(found)), "in order, and nobody twice"
                assert set(found) == allowed(policy, facts, about, searched, at)
                compared[searched] += len(found)
    assert min(compared.values()) > effort(100), compared


def test_a_permit_needs_a_row_of_each_pillar() -> None:
    assert required_rows(load_bundle(STUDENT).bundle.program) >= {
        "consents",
        "enrolments",
        "agreements",
        "processors",
        "links",
    }
    assert required_rows(load_bundle(AUTHZEN).bundle.program) == set()


def test_candidates_are_narrowed_to_rows_that_a_permit_needs() -> None:
    policy = load_bundle(STUDENT)
    facts = load_facts(STUDENT / "facts.json", policy)
    asked = policy.bundle.requests.read(
        {"supplier": "X", "student": "tim", "action": "read_schedule", "institute": "A", "school": "S2"}
    )
    assert [one.key for one in search(policy, facts, asked, Searched.RESOURCE, NOON)] == []
    here = replace(asked, properties={**asked.properties, "school": "S1"})
    tried = [one.key for one in search(policy, facts, here, Searched.RESOURCE, NOON)]
    assert tried and len(tried) <= len(facts.ids("Student"))


def test_a_search_goes_on_from_any_place_in_its_order() -> None:
    policy = load_bundle(STUDENT)
    facts = load_facts(STUDENT / "facts.json", policy)
    asked = policy.bundle.requests.read({"supplier": "X", "student": "sara", "action": "read_schedule", "school": "S1"})
    for searched in Searched:
        keys = [one.key for one in search(policy, facts, asked, searched, NOON)]
        for place, key in enumerate(keys):
            later = [one.key for one in islice(search(policy, facts, asked, searched, NOON, key), 1000)]
            assert later == keys[place + 1 :]

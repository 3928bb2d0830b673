"""The contract of fact stores, as a test class to derive from."""

import dataclasses
import itertools
import unicodedata
from collections import Counter
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authz.bundle.requests import EvaluationRequest
from authz.bundle.vocabulary import Vocabulary, attribute
from authz.engine.decision import Decision
from authz.engine.loading import read_facts
from authz.engine.policy import Policy
from authz.facts.memory import Facts
from authz.facts.serialize import facts_as_data
from authz.facts.store import FactsSnapshot, FactStore, Key
from authz.testing.strategies import facts, requests, worlds

MAX_KEYS = 200
SIMILAR_IDS = ("Zz1", "zz1", "Zz1 ", " Zz1", "z\u00e9", "ze\u0301", "0077", "077", "77")
"""Ids that must stay apart: they differ in case, spaces, Unicode form or leading zeros."""

# A contract is inherited by one class per store, which Hypothesis takes for a mistake.
CONTRACT = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow]
)


class FactStoreContract:
    """What every fact store must satisfy: a test class to derive from, for pytest.

        class TestMyStore(FactStoreContract):
            policy = load_bundle("policies/student_data")

            def make_store(self, document):
                return MyStore(...)

    `make_store` gives a store with the facts of a parsed document, and `change_to` a store whose facts were those of
    one document and are now those of another.
    """

    policy: Policy

    def make_store(self, document: dict[str, Any]) -> FactStore:
        """A store with the facts of a document."""
        raise NotImplementedError

    def change_to(self, store: FactStore, document: dict[str, Any]) -> FactStore:
        """The store after its facts became those of another document."""
        raise NotImplementedError

    def _document(self, facts: Facts) -> dict[str, Any]:
        return facts_as_data(facts, self.policy.bundle.vocabulary)

    def _facts(self, data: st.DataObject) -> Facts:
        """Drawn facts, read under this very policy: another one of the same digest has other record classes."""
        return read_facts(self._document(data.draw(facts(self.policy))), self.policy)

    def _facts_and_snapshot(self, data: st.DataObject) -> tuple[Facts, FactsSnapshot]:
        """Drawn facts as a document in memory has them, and a snapshot of a store with them."""
        drawn = self._facts(data)
        return drawn, self.make_store(self._document(drawn)).snapshot()

    def _with_similar_ids(self, drawn: Facts) -> Facts:
        """The facts with records of every type that differ in their ids alone."""
        for kind in self.policy.bundle.vocabulary.rows.values():
            if kind.key and (rows := drawn.lists[kind.facts]):
                others = [dataclasses.replace(rows[0], **{attribute(kind.key): id}) for id in SIMILAR_IDS]
                drawn = drawn.with_rows({kind.facts: (*rows, *others)})
        return drawn

    @CONTRACT
    @given(st.data())
    def test_the_rows_under_a_key_are_those_of_a_scan(self, data: st.DataObject) -> None:
        drawn, snapshot = self._facts_and_snapshot(data)
        vocabulary = self.policy.bundle.vocabulary
        for name, collection in vocabulary.collections.items():
            rows = drawn.lists[vocabulary.rows[collection.of].facts]
            ids = [drawn.ids(vocabulary.entities[part]) for part in collection.by]
            for key in itertools.islice(itertools.product(*ids), MAX_KEYS):
                scanned = [row for row in rows if tuple(getattr(row, attribute(part)) for part in collection.by) == key]
                assert Counter(snapshot.rows[name].get(key, ())) == Counter(scanned), (name, key)
                for other in _near_misses(key[0]):
                    if other not in ids[0]:
                        assert snapshot.rows[name].get((other, *key[1:]), ()) == (), (name, other)

    @CONTRACT
    @given(st.data())
    def test_a_record_is_found_by_its_exact_id_alone(self, data: st.DataObject) -> None:
        drawn, snapshot = self._facts_and_snapshot(data)
        for kind in self.policy.bundle.vocabulary.rows.values():
            if kind.key:
                ids = drawn.ids(kind.name)
                for id, row in zip(ids, drawn.lists[kind.facts], strict=True):
                    assert snapshot.records[kind.name].get(id, None) == row
                    for other in _near_misses(id):
                        if other not in ids:
                            assert snapshot.records[kind.name].get(other, None) is None, (kind.name, other)

    @CONTRACT
    @given(st.data())
    def test_ids_that_differ_at_all_are_different_records(self, data: st.DataObject) -> None:
        drawn = self._with_similar_ids(self._facts(data))
        snapshot = self.make_store(self._document(drawn)).snapshot()
        for kind in self.policy.bundle.vocabulary.rows.values():
            if kind.key and drawn.lists[kind.facts]:
                found = [snapshot.records[kind.name].get(id, None) for id in SIMILAR_IDS]
                assert found == list(drawn.lists[kind.facts][-len(SIMILAR_IDS) :])

    @CONTRACT
    @given(st.data())
    def test_single_values_and_the_schema_digest_are_those_of_the_document(self, data: st.DataObject) -> None:
        drawn, snapshot = self._facts_and_snapshot(data)
        names = self.policy.bundle.vocabulary.values
        assert {name: snapshot.values[name] for name in names} == {name: drawn.values[name] for name in names}
        assert snapshot.schema_digest == self.policy.bundle.schema_digest

    @CONTRACT
    @given(st.data())
    def test_a_snapshot_does_not_change_with_its_store(self, data: st.DataObject) -> None:
        before, after = self._facts(data), self._facts(data)
        request = data.draw(requests(self.policy))
        store = self.make_store(self._document(before))
        snapshot = store.snapshot()
        store = self.change_to(store, self._document(after))
        assert _gathered(self.policy, request, snapshot) == _gathered(self.policy, request, before)
        assert _gathered(self.policy, request, store.snapshot()) == _gathered(self.policy, request, after)

    @CONTRACT
    @given(st.data())
    def test_the_revision_changes_when_and_only_when_facts_change(self, data: st.DataObject) -> None:
        before, after = self._facts(data), self._facts(data)
        old, new = self._document(before), self._document(after)
        store = self.make_store(old)
        revision = store.snapshot().revision
        assert store.snapshot().revision == revision
        assert self.change_to(store, old).snapshot().revision == revision
        if _in_one_order(old) != _in_one_order(new):
            assert self.change_to(store, new).snapshot().revision != revision

    @CONTRACT
    @given(st.data())
    def test_candidates_are_complete_and_in_the_order_of_code_points(self, data: st.DataObject) -> None:
        drawn = self._with_similar_ids(self._facts(data))
        snapshot = self.make_store(self._document(drawn)).snapshot()
        vocabulary = self.policy.bundle.vocabulary
        fields = data.draw(st.permutations(list(vocabulary.entities)))
        searched = tuple(fields[: data.draw(st.integers(1, min(2, len(fields))))])
        ids = {name: drawn.ids(record) for name, record in vocabulary.entities.items()}
        known = {name: data.draw(st.sampled_from([None, "", *ids[name]])) for name in fields if name not in searched}
        names = list(vocabulary.collections)
        required = frozenset(data.draw(st.lists(st.sampled_from(names), max_size=2)) if names else ())
        keys = _candidates(snapshot, searched, known, required, data.draw(st.integers(0, 1000)))
        for key in itertools.product(*(ids[name] for name in searched)):
            if _has_required_rows(drawn, vocabulary, required, {**known, **dict(zip(searched, key, strict=True))}):
                assert key in keys, "complete"

    @CONTRACT
    @given(st.data())
    def test_candidates_of_a_required_collection_are_those_that_its_rows_name(self, data: st.DataObject) -> None:
        drawn, vocabulary = self._with_similar_ids(self._facts(data)), self.policy.bundle.vocabulary
        for name, collection in vocabulary.collections.items():
            list_name = vocabulary.rows[collection.of].facts
            if rows := drawn.lists[list_name]:
                searched = data.draw(st.sampled_from(collection.by))
                similar = [dataclasses.replace(rows[0], **{attribute(searched): id}) for id in SIMILAR_IDS]
                facts = drawn.with_rows({list_name: (*rows, *similar)})
                known = {part: getattr(rows[0], attribute(part)) for part in collection.by if part != searched}
                snapshot = self.make_store(self._document(facts)).snapshot()
                place = data.draw(st.integers(0, len(SIMILAR_IDS)))
                keys = _candidates(snapshot, (searched,), known, frozenset({name}), place)
                assert keys >= {(id,) for id in (*SIMILAR_IDS, getattr(rows[0], attribute(searched)))}

    @CONTRACT
    @given(st.data())
    def test_the_order_of_rows_changes_no_decision_and_no_candidate(self, data: st.DataObject) -> None:
        world = data.draw(worlds(self.policy))
        document = self._document(world.facts)
        turned = {name: value[::-1] if name in world.facts.lists else value for name, value in document.items()}
        one, other = self.make_store(document), self.make_store(turned)
        expected = _outcome(self.policy.decide(world.request, world.facts))
        assert _outcome(self.policy.decide(world.request, one)) == expected
        assert _outcome(self.policy.decide(world.request, other)) == expected
        required = self.policy.analyses.required_rows
        for name in self.policy.bundle.vocabulary.entities:
            keys = list(one.snapshot().candidates((name,), {}, required))
            assert list(other.snapshot().candidates((name,), {}, required)) == keys


def _gathered(policy: Policy, request: EvaluationRequest, snapshot: FactsSnapshot) -> Any:
    """The record gathered for a request, with the rows of each collection in one order."""
    assert request.at is not None  # each drawn request has its instant
    record = policy.analyses.gather(request, snapshot, request.at, policy.parameters)
    for name in policy.bundle.vocabulary.collections:
        setattr(record, attribute(name), tuple(sorted(getattr(record, attribute(name)), key=repr)))
    return record


def _in_one_order(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: sorted(map(repr, value)) if isinstance(value, list) else value for name, value in document.items()}


def _outcome(decision: Decision) -> tuple[Any, ...]:
    return decision.effect, decision.reasons, decision.error


def _candidates(
    snapshot: FactsSnapshot, searched: Key, known: Mapping[str, str | None], required: frozenset[str], place: int
) -> set[Key]:
    """The candidates of a search, after it was checked that they come in order and go on from a place."""
    keys = list(snapshot.candidates(searched, known, required))
    assert keys == sorted(set(keys)), "in the order of code points, each once"
    for number in {0, place % (len(keys) + 1), len(keys)} - {0}:
        assert list(snapshot.candidates(searched, known, required, keys[number - 1])) == keys[number:]
    return set(keys)


def _has_required_rows(
    facts: Facts, vocabulary: Vocabulary, required: frozenset[str], ids: Mapping[str, str | None]
) -> bool:
    """Whether a request with these ids has a row in each required collection."""
    return all(tuple(ids[part] for part in vocabulary.collections[name].by) in facts.rows[name] for name in required)


def _near_misses(id: str) -> list[str]:
    """Ids that a sloppy comparison takes for this one."""
    return [id.upper(), id.lower(), f"{id} ", f" {id}", f"0{id}", unicodedata.normalize("NFD", f"{id}é"), ""]

"""The contract of fact stores fails on each of these faulty stores, in the law that the fault breaks."""

import dataclasses
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from authz import Facts, FactsSnapshot, FactStore, load_bundle, read_facts
from authz.testing import FactStoreContract
from tests.support.paths import STUDENT

POLICY = load_bundle(STUDENT)
Break = Callable[[Facts], FactsSnapshot]


class Folded:
    """A lookup that compares keys after folding them, as some databases do."""

    def __init__(self, rows: Mapping[Any, Any], fold: Callable[[str], str]) -> None:
        self.fold = fold
        self.rows = {self.folded(key): value for key, value in rows.items()}

    def folded(self, key: Any) -> Any:
        return tuple(map(self.fold, key)) if isinstance(key, tuple) else key and self.fold(key)

    def get(self, key: Any, default: Any, /) -> Any:
        return self.rows.get(self.folded(key), default)


def folding(fold: Callable[[str], str]) -> Break:
    def broken(facts: Facts) -> FactsSnapshot:
        records = {name: Folded(rows, fold) for name, rows in facts.records.items()}
        rows = {name: Folded(rows, fold) for name, rows in facts.rows.items()}
        return dataclasses.replace(facts, records=records, rows=rows)  # type: ignore[arg-type]

    return broken


def first_rows(facts: Facts) -> FactsSnapshot:
    rows = {name: {key: rows[:1] for key, rows in by_key.items()} for name, by_key in facts.rows.items()}
    return dataclasses.replace(facts, rows=rows)


def without_last_key(facts: Facts) -> FactsSnapshot:
    rows = {name: dict(list(by_key.items())[:-1]) for name, by_key in facts.rows.items()}
    return dataclasses.replace(facts, rows=rows)


def without_values(facts: Facts) -> FactsSnapshot:
    return dataclasses.replace(facts, values=dict.fromkeys(facts.values))


def with_another_digest(facts: Facts) -> FactsSnapshot:
    return dataclasses.replace(facts, schema_digest="another")


def one_revision(facts: Facts) -> FactsSnapshot:
    return dataclasses.replace(facts, revision="always")


class FaultyCandidates:
    """A snapshot whose candidates are altered."""

    def __init__(self, facts: Facts, alter: Callable[[list[Any]], list[Any]], forget_after: bool = False) -> None:
        self.facts, self.alter, self.forget_after = facts, alter, forget_after

    def __getattr__(self, name: str) -> Any:
        return getattr(self.facts, name)

    def candidates(
        self,
        searched: tuple[str, ...],
        known: Mapping[str, str | None],
        required: Set[str],
        after: tuple[str, ...] = (),
    ) -> Iterator[tuple[str, ...]]:
        after = () if self.forget_after else after
        return iter(self.alter(list(self.facts.candidates(searched, known, required, after))))


def candidates(alter: Callable[[list[Any]], list[Any]]) -> Break:
    return lambda facts: FaultyCandidates(facts, alter)  # type: ignore[return-value]


FAULTS: dict[str, tuple[Break, str]] = {
    "case is ignored": (folding(str.casefold), "ids_that_differ_at_all_are_different_records"),
    "trailing spaces are ignored": (folding(str.rstrip), "ids_that_differ_at_all_are_different_records"),
    "Unicode forms are one": (
        folding(lambda text: unicodedata.normalize("NFC", text)),
        "ids_that_differ_at_all_are_different_records",
    ),
    "leading zeros are dropped": (
        folding(lambda text: text.lstrip("0") or text),
        "ids_that_differ_at_all_are_different_records",
    ),
    "case is ignored, by id": (folding(str.casefold), "a_record_is_found_by_its_exact_id_alone"),
    "case is ignored, by key": (folding(str.casefold), "the_rows_under_a_key_are_those_of_a_scan"),
    "one row a key": (first_rows, "the_rows_under_a_key_are_those_of_a_scan"),
    "a key is lost": (without_last_key, "the_rows_under_a_key_are_those_of_a_scan"),
    "values are lost": (without_values, "single_values_and_the_schema_digest_are_those_of_the_document"),
    "another digest": (with_another_digest, "single_values_and_the_schema_digest_are_those_of_the_document"),
    "one revision for all": (one_revision, "the_revision_changes_when_and_only_when_facts_change"),
    "candidates in reverse": (
        candidates(lambda keys: keys[::-1]),
        "candidates_are_complete_and_in_the_order_of_code_points",
    ),
    "candidates in the order of a dictionary": (
        candidates(lambda keys: sorted(keys, key=lambda key: [part.casefold() for part in key])),
        "candidates_are_complete_and_in_the_order_of_code_points",
    ),
    "a candidate is lost": (
        candidates(lambda keys: keys[1:]),
        "candidates_are_complete_and_in_the_order_of_code_points",
    ),
    "a candidate twice": (
        candidates(lambda keys: keys + keys[-1:]),
        "candidates_are_complete_and_in_the_order_of_code_points",
    ),
    "pages begin again": (
        lambda facts: FaultyCandidates(facts, list, forget_after=True),  # type: ignore[dict-item,return-value]
        "candidates_are_complete_and_in_the_order_of_code_points",
    ),
    "a row that is written again loses its candidate": (
        candidates(lambda keys: keys[:-1]),
        "candidates_of_a_required_collection_are_those_that_its_rows_name",
    ),
    "the first row decides": (first_rows, "the_order_of_rows_changes_no_decision_and_no_candidate"),
}


class Store:
    """A store whose facts are replaced."""

    def __init__(self, facts: Facts, broken: Break) -> None:
        self.facts, self.broken = facts, broken

    def snapshot(self) -> FactsSnapshot:
        return self.broken(self.facts)


class StoreContract(FactStoreContract):
    policy = POLICY
    broken: Break = staticmethod(lambda facts: facts)
    __test__ = False

    def make_store(self, document: dict[str, Any]) -> FactStore:
        return Store(read_facts(document, POLICY), type(self).broken)

    def change_to(self, store: FactStore, document: dict[str, Any]) -> FactStore:
        assert isinstance(store, Store)
        changed = read_facts(document, POLICY)
        store.facts = store.facts.with_rows(changed.lists, changed.values)
        return store


class Live(StoreContract):
    """A store whose snapshots show its facts as they are when they are read."""

    def make_store(self, document: dict[str, Any]) -> FactStore:
        store = Store(read_facts(document, POLICY), lambda facts: facts)

        class View:
            def __getattr__(self, name: str) -> Any:
                return getattr(store.facts, name)

        store.broken = lambda facts: View()  # type: ignore[assignment,return-value]
        return store


def hold(contract: FactStoreContract, law: str, examples: int) -> None:
    """Test a law of the contract up to the first example that breaks it, and do not shrink that."""
    test = getattr(type(contract), f"test_{law}").hypothesis.inner_test

    @settings(max_examples=examples, deadline=None, database=None, phases=[Phase.generate])
    @given(st.data())
    def held(data: st.DataObject) -> None:
        test(contract, data)

    held()


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_store_breaks_the_contract(name: str) -> None:
    broken, law = FAULTS[name]
    contract = type(name, (StoreContract,), {"broken": staticmethod(broken)})()
    with pytest.raises((AssertionError, ExceptionGroup)):
        hold(contract, law, 400)


def test_a_snapshot_that_follows_its_store_breaks_the_contract() -> None:
    with pytest.raises((AssertionError, ExceptionGroup)):
        hold(Live(), "a_snapshot_does_not_change_with_its_store", 400)


def test_the_same_store_without_a_fault_keeps_the_contract() -> None:
    contract = StoreContract()
    for law in {law for _, law in FAULTS.values()} | {"a_snapshot_does_not_change_with_its_store"}:
        hold(contract, law, 30)

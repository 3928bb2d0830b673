"""Facts in memory keep the contract of fact stores, for the bundles of the tests."""

from typing import Any

from authz import Facts, FactStore, Policy, load_bundle, read_facts
from authz.testing import FactStoreContract
from tests.support.paths import AUTHZEN, STUDENT


class MemoryStoreContract(FactStoreContract):
    """The contract of a document's facts, changed by replacing rows and values."""

    def make_store(self, document: dict[str, Any]) -> FactStore:
        return read_facts(document, self.policy)

    def change_to(self, store: FactStore, document: dict[str, Any]) -> FactStore:
        assert isinstance(store, Facts)
        changed = read_facts(document, self.policy)
        return store.with_rows(changed.lists, changed.values)


class TestStudentFacts(MemoryStoreContract):
    policy: Policy = load_bundle(STUDENT)


class TestAuthzenFacts(MemoryStoreContract):
    policy: Policy = load_bundle(AUTHZEN)

"""The policy and the facts in use, swapped as one value."""

import gc
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from authz import Facts, Policy, load_bundle, load_facts
from authz.bundle.toml_schema import ReasonTable, SubstituteTable


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A policy, the facts it decides by, and what responses and decision log derive from them.

    `reasons` are the texts of each code, in English and Dutch; `echoed` the properties that a response repeats.
    `actions` and `public_texts` are the texts that may stand in the decision log as they are: `public_texts` holds,
    for each property and each entity type, the texts (words of the bundle, ids of records that are no persons) and
    the kind under which any other text gets its pseudonym. `persons` are the entity types whose records are persons.
    """

    policy: Policy
    facts: Facts = field(repr=False)
    reasons: Mapping[str, Mapping[str, str]] = field(repr=False)
    echoed: tuple[str, ...]
    actions: frozenset[str]
    public_texts: Mapping[str, tuple[Container[str], str]] = field(repr=False)
    persons: frozenset[str]

    @property
    def versions(self) -> tuple[str, str]:
        """The digest of the policy and the revision of the facts."""
        return self.policy.digest, self.facts.revision


@dataclass(slots=True)
class State:
    """The mutable part of the service: each call reads `snapshot` once and keeps to it."""

    snapshot: Snapshot


def load_snapshot(policy: Path, facts: Path) -> Snapshot:
    """Load a bundle and a facts document.

    Raises:
        DiagnosticError: with every diagnostic of the bundle or of the facts.
    """
    loaded = load_bundle(policy)
    return snapshot_of(loaded, load_facts(facts, loaded))


def snapshot_of(policy: Policy, facts: Facts) -> Snapshot:
    """The snapshot of a policy and of facts that were read under it."""
    bundle = policy.bundle
    vocabulary = bundle.vocabulary
    words = frozenset(word for kind in vocabulary.enumerations.values() for word in kind.values)
    tables: list[ReasonTable | SubstituteTable] = [*bundle.reasons.values(), bundle.substitute]
    persons = frozenset(name for name, record in vocabulary.entities.items() if vocabulary.rows[record].person)
    return Snapshot(
        policy,
        facts,
        {table.code: {"code": table.code, "en": table.en, "nl": table.nl} for table in tables},
        tuple(name for name, kind in vocabulary.properties.items() if kind.echoed),
        frozenset(vocabulary.actions),
        {
            **{name: (words, name) for name in vocabulary.properties},
            **{
                name: (() if name in persons else frozenset(facts.ids(record)), record)
                for name, record in vocabulary.entities.items()
            },
        },
        persons,
    )


def freeze() -> None:
    """Exempt loaded facts from garbage collection, after collecting the facts that they replaced."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()

"""The policy and the facts in use, swapped as one value."""

import gc
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from authz import Facts, Policy, load_bundle, load_facts
from authz.bundle.requests import ReadBody
from authz.bundle.toml_schema import ReasonTable, SubstituteTable
from authz.bundle.vocabulary import Vocabulary
from authz.engine.evaluation import require_same_bundle


class LoggedProperty(NamedTuple):
    """A property of a request in the decision log: a text that is not in `public` gets a pseudonym of its `kind`."""

    name: str
    member: str
    public: Container[str]
    kind: str


class LoggedObject(NamedTuple):
    """An object of a request that holds properties: the path to its holder, and its name there."""

    place: tuple[str, ...]
    name: str
    properties: tuple[LoggedProperty, ...]


YOUNG_OBJECTS = 20_000
"""The number of new objects after which the garbage collector looks for cycles among them."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A policy, the facts it decides by, and what responses and decision log derive from them.

    `read_request` reads the body of an evaluation. `reasons` are the texts of each code, in English and Dutch; `echoed`
    the properties that a response repeats.
    The decision log may hold these texts as they are: the `actions`, for each entity type its `public_ids` (the ids of
    records that are no persons), and the words of the bundle. `public_ids` also holds the record class of each entity
    type, which is the kind of its pseudonyms.
    `logged_properties` are the properties by the object of a request that holds them.
    `persons` are the entity types whose records are persons. `versions` are the digest of the policy and the revision
    of the facts.
    """

    policy: Policy
    facts: Facts = field(repr=False)
    read_request: ReadBody = field(repr=False)
    reasons: Mapping[str, Mapping[str, str]] = field(repr=False)
    echoed: tuple[str, ...]
    actions: frozenset[str]
    public_ids: Mapping[str, tuple[Container[str], str]] = field(repr=False)
    logged_properties: tuple[LoggedObject, ...] = field(repr=False)
    persons: frozenset[str]
    versions: tuple[str, str]


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
    """The snapshot of a policy and of facts that were read under it.

    Raises:
        FactsOfAnotherBundleError: the facts were read under another bundle. No call checks it again.
    """
    require_same_bundle(policy, facts)
    bundle = policy.bundle
    vocabulary = bundle.vocabulary
    tables: list[ReasonTable | SubstituteTable] = [*bundle.reasons.values(), bundle.substitute]
    persons = frozenset(name for name, record in vocabulary.entities.items() if vocabulary.rows[record].person)
    public_ids: Mapping[str, tuple[Container[str], str]] = {
        name: (() if name in persons else frozenset(facts.ids(record)), record)
        for name, record in vocabulary.entities.items()
    }
    return Snapshot(
        policy,
        facts,
        bundle.requests.live[""],
        {table.code: {"code": table.code, "en": table.en, "nl": table.nl} for table in tables},
        tuple(name for name, kind in vocabulary.properties.items() if kind.echoed),
        frozenset(vocabulary.actions),
        public_ids,
        _logged_properties(vocabulary, public_ids),
        persons,
        (policy.digest, facts.revision),
    )


def _logged_properties(
    vocabulary: Vocabulary, public_ids: Mapping[str, tuple[Container[str], str]]
) -> tuple[LoggedObject, ...]:
    words = frozenset(word for kind in vocabulary.enumerations.values() for word in kind.values)
    places: dict[tuple[str, ...], list[LoggedProperty]] = {}
    for name, kind in vocabulary.properties.items():
        public, pseudonym_kind = public_ids.get(name, (words, name))
        logged = LoggedProperty(name, kind.source[-1], public, pseudonym_kind)
        places.setdefault(kind.source[:-1], []).append(logged)
    return tuple(LoggedObject(place[:-1], place[-1], tuple(properties)) for place, properties in places.items())


def freeze() -> None:
    """Exempt loaded facts from garbage collection, after collecting the facts that they replaced.

    Objects of calls are collected less often than Python would: a call leaves hardly any cycle, and a batch makes
    thousands of objects that a collection would look through while they are in use.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)

"""What the service decides with: a policy and its facts, swapped as one."""

import asyncio
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from authz import Facts, Policy, load_bundle, load_facts
from authz.bundle.toml_schema import ReasonTable, SubstituteTable


@dataclass(frozen=True, slots=True)
class Loaded:
    """A policy, the facts it decides by, and what each answer and each record needs of them.

    `reasons` are the texts of each code, in English and Dutch; `echoed` the properties that an answer repeats.
    A record may hold `actions` as they are, and of each property, and of the parties by their types, what `known` says:
    the bundle's own words, or the ids of known records that are no person's, beside what such a text is.
    """

    policy: Policy
    facts: Facts = field(repr=False)
    reasons: Mapping[str, Mapping[str, str]] = field(repr=False)
    echoed: tuple[str, ...]
    actions: frozenset[str]
    known: Mapping[str, tuple[Container[str], str]] = field(repr=False)


@dataclass(slots=True)
class Node:
    """The one thing in the service that changes: each call takes `loaded` once, and keeps to it."""

    loaded: Loaded
    loading: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)


def load(policy: Path, facts: Path) -> Loaded:
    """A bundle and a facts document, admitted whole.

    Raises:
        DiagnosticError: with every fault of the one or the other.
    """
    admitted = load_bundle(policy)
    return with_facts(admitted, load_facts(facts, admitted))


def with_facts(policy: Policy, facts: Facts) -> Loaded:
    """A policy and facts that were read under it."""
    bundle = policy.bundle
    vocabulary = bundle.vocabulary
    words = frozenset(word for kind in vocabulary.enumerations.values() for word in kind.values)
    said: list[ReasonTable | SubstituteTable] = [*bundle.reasons.values(), bundle.substitute]
    return Loaded(
        policy,
        facts,
        {one.code: {"code": one.code, "en": one.en, "nl": one.nl} for one in said},
        tuple(name for name, kind in vocabulary.properties.items() if kind.echoed),
        frozenset(vocabulary.actions),
        {
            **{name: (words, name) for name in vocabulary.properties},
            **{name: (_plain_ids(policy, facts, record), record) for name, record in vocabulary.entities.items()},
        },
    )


def _plain_ids(policy: Policy, facts: Facts, record: str) -> Container[str]:
    return () if policy.bundle.vocabulary.rows[record].person else frozenset(facts.ids(record))

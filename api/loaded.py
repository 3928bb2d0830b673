"""What the service decides with: a policy and its facts, swapped as one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from authz import Facts, Policy, load_bundle, load_facts


@dataclass(frozen=True, slots=True)
class Loaded:
    """A policy, the facts it decides by, and those facts without any data subject's."""

    policy: Policy
    facts: Facts = field(repr=False)
    public: Facts = field(repr=False)


@dataclass(slots=True)
class Node:
    """The one thing in the service that changes: each call takes `loaded` once, and keeps to it."""

    loaded: Loaded


def load(policy: Path, facts: Path) -> Loaded:
    """A bundle and a facts document, admitted whole.

    Raises:
        Faulty: with every fault of the one or the other.
    """
    admitted = load_bundle(policy)
    return with_facts(admitted, load_facts(facts, admitted))


def with_facts(policy: Policy, facts: Facts) -> Loaded:
    """A policy and facts that were read under it."""
    return Loaded(policy, facts, policy.public(facts))


def reason_texts(loaded: Loaded, code: str) -> Mapping[str, str]:
    """A reason code as the catalogue words it, in English and Dutch."""
    bundle = loaded.policy.bundle
    said = bundle.catalogue.get(code, bundle.substitute)
    return {"code": said.code, "en": said.en, "nl": said.nl}

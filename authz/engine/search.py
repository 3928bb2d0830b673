"""Search: who may do this, to what may they do it, and what may they do (AuthZEN 1.0, section 8).

A search is a walk over candidates, each decided as a single request would be; so every result would be allowed,
and whoever is allowed is found. Candidates come in the order of their ids, so that pages stay stable while facts
change: nobody comes twice, and nobody is skipped who was there throughout.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from authz.bundle.requests import EvaluationRequest
from authz.engine.evaluation import CompiledPolicy, permits, require_same_bundle
from authz.facts.store import FactsSnapshot, FactStore, Key


class Searched(StrEnum):
    """What a search asks for."""

    SUBJECT = "subject"
    RESOURCE = "resource"
    ACTION = "action"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate of a search: its place in the order, the request about it, and whether that is allowed.

    `named` are the ids, by the request's field, that the search tried because the request names none.
    """

    key: Key
    request: EvaluationRequest
    named: Mapping[str, str]
    allowed: bool


def search(
    policy: CompiledPolicy,
    facts: FactStore,
    asked: EvaluationRequest,
    searched: Searched,
    at: datetime,
    after: Key = (),
) -> Iterator[Candidate]:
    """Every candidate behind `after`, in order, those refused included, so that a caller can pause between them.

    `asked` is the request without the searched id (its id or action is ignored); `at` is an instant in UTC.

    Raises:
        FactsOfAnotherBundleError: the facts were read under another manifest or vocabulary.
    """
    snapshot = require_same_bundle(policy, facts)
    vocabulary = policy.bundle.vocabulary
    subject, resource = vocabulary.parties
    if (asked.subject_type, asked.resource_type) != (subject.type, resource.type):
        return iter(())
    if searched is Searched.ACTION:
        return _decided(policy, snapshot, at, _actions(asked, vocabulary.actions, after))
    party = subject if searched is Searched.SUBJECT else resource
    tried = tuple(
        name
        for name, kind in vocabulary.properties.items()
        if kind.searched and kind.source[0] == searched.value and asked.properties[name] is None
    )
    known = {subject.type: asked.subject_id, resource.type: asked.resource_id}
    known |= {name: asked.properties[name] for name, kind in vocabulary.properties.items() if kind.names}
    names = (party.type, *tried)
    others = {name: id for name, id in known.items() if name not in names}
    keys = snapshot.candidates(names, others, policy.analyses.required_rows, after)
    return _decided(policy, snapshot, at, (_about(asked, searched, tried, key) for key in keys))


Tried = tuple[Key, EvaluationRequest, dict[str, str]]


def _actions(asked: EvaluationRequest, actions: tuple[str, ...], after: Key) -> Iterator[Tried]:
    return (((name,), replace(asked, action=name), {}) for name in sorted(actions) if not after or (name,) > after)


def _about(asked: EvaluationRequest, searched: Searched, tried: tuple[str, ...], key: Key) -> Tried:
    named = dict(zip(tried, key[1:], strict=True))
    change: dict[str, Any] = {f"{searched.value}_id": key[0], "properties": {**asked.properties, **named}}
    return key, replace(asked, **change), named


def _decided(policy: CompiledPolicy, facts: FactsSnapshot, at: datetime, tried: Iterator[Tried]) -> Iterator[Candidate]:
    gather, parameters = policy.analyses.gather, policy.parameters
    for key, request, named in tried:
        yield Candidate(key, request, named, permits(policy, gather(request, facts, at, parameters)))

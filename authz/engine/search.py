"""Subject, resource and action search (AuthZEN 1.0, section 8).

A search decides one candidate after another, each as a single evaluation would be. Every result is therefore permitted,
and whatever is permitted is found. Candidates come in the order of their ids, so that pages stay stable while facts
change: no candidate comes twice, and none that was there throughout is skipped.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from authz.bundle.requests import EvaluationRequest
from authz.engine.evaluation import CompiledPolicy, evaluate_permit, require_same_bundle
from authz.facts.store import FactsSnapshot, FactStore, Key


class Searched(StrEnum):
    """The part of a request that a search leaves open."""

    SUBJECT = "subject"
    RESOURCE = "resource"
    ACTION = "action"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate of a search, permitted or refused.

    `key` is its place in the order, `request` the request that it completes. `named` are the ids, by property, that the
    search filled in because the request leaves them out. `error` is the type of the exception if deciding broke.
    """

    key: Key
    request: EvaluationRequest
    named: Mapping[str, str]
    allowed: bool
    error: str = ""


def search(
    policy: CompiledPolicy,
    facts: FactStore,
    request: EvaluationRequest,
    searched: Searched,
    at: datetime,
    after: Key = (),
) -> Iterator[Candidate]:
    """Every candidate behind `after`, in order, refused ones included, so that a caller can pause between them.

    The searched id, or action, of `request` is ignored; `at` is an instant in UTC. One snapshot serves the search.

    Raises:
        FactsOfAnotherBundleError: the facts were validated under another manifest or vocabulary.
    """
    snapshot = require_same_bundle(policy, facts)
    vocabulary = policy.bundle.vocabulary
    subject, resource = vocabulary.parties
    if (request.subject_type, request.resource_type) != (subject.type, resource.type):
        return iter(())
    if searched is Searched.ACTION:
        return _decided(policy, snapshot, at, _each_action(request, vocabulary.actions, after))
    left_out = tuple(
        name
        for name, kind in vocabulary.properties.items()
        if kind.searched and kind.source[0] == searched.value and request.properties[name] is None
    )
    party = subject if searched is Searched.SUBJECT else resource
    fields = (party.type, *left_out)
    known = {subject.type: request.subject_id, resource.type: request.resource_id}
    known |= {name: request.properties[name] for name, kind in vocabulary.properties.items() if kind.names}
    others = {name: id for name, id in known.items() if name not in fields}
    keys = snapshot.candidates(fields, others, policy.analyses.required_rows, after)
    return _decided(policy, snapshot, at, (_completed(request, searched, left_out, key) for key in keys))


Completed = tuple[Key, EvaluationRequest, dict[str, str]]
"""The key, request and named ids of a candidate that is not decided yet."""


def _each_action(request: EvaluationRequest, actions: tuple[str, ...], after: Key) -> Iterator[Completed]:
    return (((name,), replace(request, action=name), {}) for name in sorted(actions) if not after or (name,) > after)


def _completed(request: EvaluationRequest, searched: Searched, left_out: tuple[str, ...], key: Key) -> Completed:
    named = dict(zip(left_out, key[1:], strict=True))
    change: dict[str, Any] = {f"{searched.value}_id": key[0], "properties": {**request.properties, **named}}
    return key, replace(request, **change), named


def _decided(
    policy: CompiledPolicy, snapshot: FactsSnapshot, at: datetime, candidates: Iterator[Completed]
) -> Iterator[Candidate]:
    gather, parameters = policy.analyses.gather, policy.parameters
    for key, request, named in candidates:
        yield Candidate(key, request, named, *evaluate_permit(policy, gather(request, snapshot, at, parameters)))

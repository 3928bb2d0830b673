"""A decision as an answer, by audience: what everybody who asks may see, and what an administrator may."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from authz import Decision, EvaluationRequest
from authz.engine.evaluation import EvaluationInputs
from authz.engine.expiry import expires_at
from authz.engine.public_reason import public_reason
from authz_api.authn.callers import Caller
from authz_api.problems import Problem, error
from authz_api.state import Loaded

BROKEN = "the request could not be judged"
NOT_ITSELF = "this caller asks only as itself"
ID_BYTES, DRAWN = 16, 256


@dataclass(slots=True)
class Answer:
    """One answer, beside what its record needs: the request, unless it was malformed, and the decision on it."""

    body: Mapping[str, Any]
    evaluation_id: str
    asked: EvaluationRequest | None = None
    decision: Decision | None = None
    undecided: str = ""
    """Why there is no decision: it was malformed, or is forbidden to its caller."""


def answer(
    loaded: Loaded,
    inputs: EvaluationInputs,
    decision: Decision,
    admin: bool,
    explained: Mapping[str, Any] | None = None,
) -> Answer:
    """The answer to one request (AuthZEN 1.0, section 5.5).

    `admin` if the caller may see every code; `explained` is the explanation, as data, that such a caller asked for.
    """
    id = evaluation_id()
    asked = inputs.request
    context: dict[str, Any] = {}
    permitted = bool(decision)
    if decision.error:
        context.update(error(500, BROKEN))
    elif not permitted:
        code = public_reason(inputs, decision)
        context["reason_user"] = loaded.reasons[code]
        if admin:
            context["reason_admin"] = {"codes": list(decision.reasons)}
    if admin and explained is not None:
        context["reason_admin"] = {**context.get("reason_admin", {}), **explained}
    context["evaluation_id"] = id
    context["evaluated_at"] = decision.at
    for name in loaded.echoed:
        if (value := asked.properties[name]) is not None:
            context[name] = value
    if permitted and (end := expires_at(inputs)) is not None:
        context["expires_at"] = end
    context["policy"], context["facts"] = decision.policy_digest, decision.facts_revision
    return Answer({"decision": permitted, "context": context}, id, asked, decision)


def own(caller: Caller, loaded: Loaded, asked: EvaluationRequest) -> bool:
    """Whether a caller may ask this: one that is bound to a subject asks only as itself."""
    if caller.subject is None:
        return True
    type = loaded.policy.bundle.vocabulary.subject.type
    return (asked.subject_type, asked.subject_id) == (type, caller.subject)


def undecided(problem: Problem) -> Answer:
    """The answer to an item of a batch that is malformed, or that its caller may not ask."""
    id = evaluation_id()
    context = {**error(problem.status, problem.message), "evaluation_id": id}
    why = "forbidden" if problem.status == 403 else "malformed"
    return Answer({"decision": False, "context": context}, id, undecided=why)


def echoed(loaded: Loaded, asked: EvaluationRequest) -> dict[str, Any]:
    """What an answer repeats of its request, by the bundle's word: such as the purpose, defaults filled in."""
    return {name: asked.properties[name] for name in loaded.echoed if asked.properties[name] is not None}


def _ids() -> Iterator[str]:
    while True:
        # The kernel is asked for many at once.
        drawn = os.urandom(ID_BYTES * DRAWN).hex()
        for start in range(0, len(drawn), 2 * ID_BYTES):
            yield drawn[start : start + 2 * ID_BYTES]


evaluation_id = _ids().__next__
"""An id for one evaluation: 128 random bits."""

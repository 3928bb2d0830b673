"""A decision as an answer, by audience: what everybody who asks may see, and what an administrator may."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.callers import Caller
from api.loaded import Loaded, reason_texts
from api.problems import Problem, error
from authz import Decision, EvaluationRequest
from authz.instants import format_instant

BROKEN = "the request could not be judged"
NOT_ITSELF = "this caller asks only as itself"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, beside what its record needs: the request, unless it was malformed, and the decision on it."""

    body: Mapping[str, Any]
    evaluation_id: str
    asked: EvaluationRequest | None = None
    decision: Decision | None = None


def answer(
    loaded: Loaded,
    asked: EvaluationRequest,
    decision: Decision,
    admin: bool,
    explained: Mapping[str, Any] | None = None,
) -> Answer:
    """The answer to one request (AuthZEN 1.0, section 5.5).

    `admin` if the caller may see every code; `explained` is the explanation, as data, that such a caller asked for.
    """
    id = evaluation_id()
    context: dict[str, Any] = {}
    if decision.error:
        context |= error(500, BROKEN)
    elif not decision:
        code = loaded.policy.public_reason(decision, asked, loaded.facts, loaded.public)
        context["reason_user"] = reason_texts(loaded, code)
        if admin:
            context["reason_admin"] = {"codes": list(decision.reasons)}
    if admin and explained is not None:
        context["reason_admin"] = {**context.get("reason_admin", {}), **explained}
    context["evaluation_id"] = id
    context["evaluated_at"] = format_instant(decision.at)
    context |= echoed(loaded, asked)
    if (expires_at := decision.expires_at) is not None:
        context["expires_at"] = format_instant(expires_at)
    context |= {"policy": decision.policy, "facts": decision.facts}
    return Answer({"decision": decision.effect == "allow", "context": context}, id, asked, decision)


def own(caller: Caller, loaded: Loaded, asked: EvaluationRequest) -> bool:
    """Whether a caller may ask this: one that is bound to a subject asks only as itself."""
    if caller.subject is None:
        return True
    type = loaded.policy.bundle.vocabulary.subject.type
    return (asked.subject_type, asked.subject_id) == (type, caller.subject)


def undecided(problem: Problem) -> Answer:
    """The answer to an item of a batch that is malformed, or that its caller may not ask."""
    id = evaluation_id()
    return Answer({"decision": False, "context": {**error(problem.status, problem.message), "evaluation_id": id}}, id)


def echoed(loaded: Loaded, asked: EvaluationRequest) -> dict[str, Any]:
    """What an answer repeats of its request, by the bundle's word: such as the purpose, defaults filled in."""
    properties = loaded.policy.bundle.vocabulary.properties
    return {
        name: asked.properties[name]
        for name, kind in properties.items()
        if kind.echoed and asked.properties[name] is not None
    }


def evaluation_id() -> str:
    """An id for one evaluation: 128 random bits."""
    return secrets.token_hex(16)

"""Evaluations: many requests in one body, with defaults, answered in order (AuthZEN 1.0, section 7)."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from authz import EvaluationRequest, MalformedRequestError
from authz.engine.evaluation import EvaluationInputs, decide, gather_batch
from authz_api.authn.callers import Caller, Right
from authz_api.authzen.request_body import told
from authz_api.authzen.responses import NOT_ITSELF, Answer, answer, own, undecided
from authz_api.problems import Problem
from authz_api.state import Loaded

MOST_ITEMS = 1000
AT_ONCE = 50
"""How many items are decided before others get a turn."""
ENTITIES = ("subject", "action", "resource", "context")
# Which decision, once made, ends a batch; None ends none.
SEMANTICS = {"execute_all": None, "deny_on_first_deny": False, "permit_on_first_permit": True}


def items_of(given: Mapping[str, Any]) -> list[Any]:
    """The items of a batch; none if the body is a single evaluation.

    Raises:
        Problem: 400 if they are no list, or too many.
    """
    items = given.get("evaluations", [])
    if not isinstance(items, list):
        raise Problem(400, "evaluations: is not a list")
    if len(items) > MOST_ITEMS:
        raise Problem(400, f"evaluations: has {len(items)} items, and {MOST_ITEMS} is the most")
    return items


def ending(given: Mapping[str, Any]) -> bool | None:
    """Which decision ends the batch.

    Raises:
        Problem: 400 if the options are no object, or name a semantic that is not known.
    """
    options = given.get("options", {})
    if not isinstance(options, dict):
        raise Problem(400, "options: is not an object")
    semantic = options.get("evaluations_semantic", "execute_all")
    if not isinstance(semantic, str) or semantic not in SEMANTICS:
        listed = ", ".join(f"`{name}`" for name in SEMANTICS)
        raise Problem(400, f"options.evaluations_semantic: is not one of {listed}")
    return SEMANTICS[semantic]


def answers(
    caller: Caller, loaded: Loaded, given: Mapping[str, Any], items: list[Any], last: bool | None, at: datetime
) -> Iterator[Answer]:
    """The answers to the items, in order, up to and with the one that ends the batch."""
    defaults = {name: given[name] for name in ENTITIES if name in given}
    parsed = [_parse(caller, loaded, defaults, item, index) for index, item in enumerate(items)]
    sound = [asked for asked in parsed if isinstance(asked, EvaluationRequest)]
    gathered = iter(gather_batch(loaded.policy, sound, loaded.facts, at))
    admin = Right.EXPLAIN in caller.rights
    for asked in parsed:
        one = undecided(asked) if isinstance(asked, Problem) else _decided(loaded, next(gathered), admin)
        yield one
        if last is not None and one.body["decision"] is last:
            return


def _decided(loaded: Loaded, inputs: EvaluationInputs, admin: bool) -> Answer:
    return answer(loaded, inputs, decide(inputs), admin)


def _parse(
    caller: Caller, loaded: Loaded, defaults: Mapping[str, Any], item: object, index: int
) -> EvaluationRequest | Problem:
    """The request that an item asks with the defaults, or what is wrong with it; an item's entity stands as a whole."""
    if not isinstance(item, dict):
        return Problem(400, f"evaluations[{index}]: is not an object")
    try:
        asked = loaded.policy.bundle.requests.read_live(
            {**defaults, **item} if defaults else item, "body", ("evaluations", index)
        )
    except MalformedRequestError as wrong:
        return Problem(400, told(wrong))
    if caller.subject is None or own(caller, loaded, asked):
        return asked
    return Problem(403, f"evaluations[{index}]: {NOT_ITSELF}")

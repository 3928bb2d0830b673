"""A decision as text for people and as data for programs."""

from collections.abc import Iterator
from typing import Any

from authz.bundle.loading import Bundle
from authz.engine.policy import ExplainableDecision
from authz.explain.explanation import Explanation
from authz.explain.render import CHANGE_FOUND, NO_CHANGE, change_in_words, row_in_words
from authz.explain.tree import Condition, ConditionKind
from authz.instants import format_instant
from authz.language.ir import Constant


def as_data(decision: ExplainableDecision, bundle: Bundle, explain: bool = False) -> dict[str, Any]:
    """The decision for programs; its form is stable."""
    explained = {"explanation": decision.explain().as_data(bundle)} if explain and not decision.error else {}
    return {
        "decision": decision.effect.value,
        "reason": decision.reason or None,
        "reasons": list(decision.reasons),
        "texts": {code: {"en": bundle.reasons[code].en, "nl": bundle.reasons[code].nl} for code in decision.reasons},
        "error": decision.error or None,
        "at": format_instant(decision.at),
        "expires_at": None if (expires_at := decision.expires_at) is None else format_instant(expires_at),
        "bundle": bundle.name,
        "policy": decision.policy_digest,
        "facts": decision.facts_revision,
        **explained,
    }


def as_text(decision: ExplainableDecision, bundle: Bundle, explain: bool = False) -> Iterator[str]:
    """The decision for people: the request, every reason, and the policy and facts that it was made by."""
    request = decision.inputs.request
    verb = "may" if decision else "may not"
    properties = [f"{name} {value}" for name, value in request.properties.items() if value is not None]
    details = f" ({', '.join(properties)})" if properties else ""
    yield f"{decision.effect.value}  {request.subject_id} {verb} {request.action} of {request.resource_id}{details}"
    width = max(map(len, decision.reasons), default=0)
    for code in decision.reasons:
        reason = bundle.reasons[code]
        yield f"  {code:<{width}}  {reason.en}"
        if explain:
            yield f"  {'':<{width}}  {reason.nl}"
            yield from (f"  {'':<{width}}  {place}" for place in _places(bundle, code))
    if explain and not decision.error:
        yield from explanation_lines(decision.explain(), bundle)
    if decision.error:
        yield f"  error while deciding: {decision.error}"
    if (expires_at := decision.expires_at) is not None:
        yield f"  the same facts permit until {format_instant(expires_at)}"
    digest, revision = decision.policy_digest[:8], decision.facts_revision[:8]
    made_by = f"bundle {bundle.name}   policy {digest}   facts {revision}"
    yield f"judged at {format_instant(decision.at)}   {made_by}"


def explanation_lines(explanation: Explanation, bundle: Bundle) -> Iterator[str]:
    """An explanation for people: the tree of conditions, and the smallest change that would allow."""
    yield ""
    yield from _tree(explanation.conditions, True, 0, bundle)
    smallest = explanation.smallest
    if smallest is None:
        return
    yield ""
    if smallest.changes is None:
        yield from (f"  {NO_CHANGE[smallest.outcome][language]}" for language in ("en", "nl"))
        return
    count = len(smallest.changes)
    yield f"  {CHANGE_FOUND[smallest.outcome]['en']}: {count} {'fact' if count == 1 else 'facts'}"
    for change in smallest.changes:
        yield f"    {change_in_words(change, bundle, 'en')}"
        yield f"    {change_in_words(change, bundle, 'nl')}"
    yield ""


def _tree(condition: Condition, wanted: bool, depth: int, bundle: Bundle) -> Iterator[str]:
    """A condition on one line, starred if it has another value than a permit needs, and the conditions below it.

    The conditions below it are shown where it is starred, or where they name the row that makes it hold.
    """
    path = condition.span.path.removeprefix(f"{bundle.path}/")
    star = "  " if condition.holds is wanted else "* "
    lead = f"{star}{'yes' if condition.holds else 'no '}  {'  ' * depth}"
    yield f"{lead}{condition.text}  {path}:{condition.span.line}"
    if condition.kind is ConditionKind.SOME:
        yield f"{star}     {'  ' * depth}{_row(condition, bundle)}"
    below = wanted is not (condition.kind is ConditionKind.NOT)
    for part in condition.conditions:
        if condition.holds is not wanted:
            yield from _tree(part, below, depth + 1, bundle)
        elif part.kind is ConditionKind.SOME and part.holds:
            yield from _tree(part, part.holds, depth + 1, bundle)


def _row(condition: Condition, bundle: Bundle) -> str:
    """The row that makes a condition on rows hold, or that comes nearest; without the ids that the request names."""
    if condition.row is None:
        return "there is none"
    collection = bundle.vocabulary.collections.get(condition.collection)
    row = row_in_words(condition.row, collection.by if collection else ()) or "a row without other fields"
    if condition.holds:
        return f"by {row}"
    return f"nearest of {condition.rows}: {row}" if condition.rows > 1 else f"the only one: {row}"


def _places(bundle: Bundle, code: str) -> Iterator[str]:
    """The places of the rules of a reason code."""
    for rule in bundle.program.rules["reason"]:
        if rule.parameters[1] == Constant(code):
            yield f"{rule.span.path}:{rule.span.line}"

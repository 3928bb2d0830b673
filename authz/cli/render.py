"""A decision as text for people and as data for programs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from authz.bundle.loading import Bundle
from authz.engine.policy import ExplainableDecision
from authz.explain.explanation import Explanation
from authz.explain.render import CHANGE_FOUND, NO_CHANGE, change_in_words, comparison_in_words, row_in_words
from authz.explain.tree import Condition, ConditionKind
from authz.instants import format_instant
from authz.language.ir import CheckedRule


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
    explanation = decision.explain() if explain and not decision.error else None
    width = max(map(len, decision.reasons), default=0)
    for code in decision.reasons:
        reason = bundle.reasons[code]
        yield f"  {code:<{width}}  {reason.en}"
        if explanation is not None:
            yield f"  {'':<{width}}  {reason.nl}"
            yield from (f"  {'':<{width}}  {line}" for line in _rule_lines(explanation.reason_rules[code]))
    if explanation is not None:
        yield from explanation_lines(explanation, bundle)
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
    conditions = explanation.conditions
    yield from _ConditionTree(bundle, whole=conditions.holds).lines(conditions, True, 0)
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


@dataclass(slots=True)
class _ConditionTree:
    """Prints a condition tree. Conditions that stand twice are printed once."""

    bundle: Bundle
    whole: bool
    """Whether to print all conditions, as for a permit, and not those alone that decide a refusal."""
    printed: set[int] = field(default_factory=set)

    def lines(self, condition: Condition, wanted: bool, depth: int) -> Iterator[str]:
        """A condition on one line, starred if it has another value than a permit needs, and the conditions below it.

        The conditions below it are shown where it is starred, or where they name the row that makes it hold.
        """
        path = condition.span.path.removeprefix(f"{self.bundle.path}/")
        star = "  " if condition.holds is wanted else "* "
        lead = f"{star}{'yes' if condition.holds else 'no '}  {'  ' * depth}"
        below = f"{star}     {'  ' * depth}"
        parts = self._shown(condition, wanted)
        repeated = id(condition.conditions) in self.printed and bool(parts)
        yield f"{lead}{condition.text}  {path}:{condition.span.line}{'  (as above)' if repeated else ''}"
        if condition.operands and (condition.holds is not wanted or not condition.holds):
            yield f"{below}{comparison_in_words(condition, self.bundle.vocabulary.bare_date_zone)}"
        if condition.kind is ConditionKind.SOME:
            yield f"{below}{_row(condition, self.bundle)}"
        if not parts or repeated:
            return
        self.printed.add(id(condition.conditions))
        if condition.comment:
            yield f"{below}# {condition.comment}"
        for part in parts:
            wanted_of_part = wanted is not (condition.kind is ConditionKind.NOT)
            as_it_is = condition.holds is wanted or self.whole
            yield from self.lines(part, part.holds if as_it_is else wanted_of_part, depth + 1)

    def _shown(self, condition: Condition, wanted: bool) -> tuple[Condition, ...]:
        if self.whole or condition.holds is not wanted:
            return condition.conditions
        return tuple(part for part in condition.conditions if part.kind is ConditionKind.SOME and part.holds)


def _row(condition: Condition, bundle: Bundle) -> str:
    """The row that makes a condition on rows hold, or that comes nearest; without the ids that the request names."""
    if condition.row is None:
        return "there is none"
    collection = bundle.vocabulary.collections.get(condition.collection)
    zone_name = bundle.vocabulary.bare_date_zone
    row = row_in_words(condition.row, zone_name, collection.by if collection else ()) or "a row without other fields"
    if condition.holds:
        return f"by {row}"
    return f"nearest of {condition.rows}: {row}" if condition.rows > 1 else f"the only one: {row}"


def _rule_lines(rules: Iterable[CheckedRule]) -> Iterator[str]:
    """The places of rules, each with the comment above it."""
    for rule in rules:
        yield f"{rule.span.path}:{rule.span.line}" + (f"  # {rule.comment}" if rule.comment else "")

"""A decision as text for people and as data for programs."""

from collections.abc import Iterator
from typing import Any

from authz.bundles.bundle import Bundle
from authz.bundles.requests import EvaluationRequest
from authz.deciding.decision import Decision
from authz.instants import format_instant
from authz.language.formula import Constant


def as_data(decision: Decision, bundle: Bundle) -> dict[str, Any]:
    """The decision for programs; the form is stable."""
    return {
        "decision": decision.effect.value,
        "reason": decision.reason or None,
        "reasons": list(decision.reasons),
        "texts": {
            code: {"en": bundle.catalogue[code].en, "nl": bundle.catalogue[code].nl} for code in decision.reasons
        },
        "error": decision.error or None,
        "at": format_instant(decision.at),
        "policy": decision.policy,
        "facts": decision.facts,
    }


def as_text(decision: Decision, asked: EvaluationRequest, bundle: Bundle, explain: bool = False) -> Iterator[str]:
    """The decision for people: what was asked, every reason, and by what it was judged."""
    verb = "may" if decision else "may not"
    properties = [f"{name} {value}" for name, value in asked.properties.items() if value is not None]
    details = f" ({', '.join(properties)})" if properties else ""
    yield f"{decision.effect.value}  {asked.subject_id} {verb} {asked.action} of {asked.resource_id}{details}"
    width = max(map(len, decision.reasons), default=0)
    for code in decision.reasons:
        reason = bundle.catalogue[code]
        yield f"  {code:<{width}}  {reason.en}"
        if explain:
            yield f"  {'':<{width}}  {reason.nl}"
            yield from (f"  {'':<{width}}  {place}" for place in _places(bundle, code))
    if decision.error:
        yield f"  broke while deciding: {decision.error}"
    yield f"judged at {format_instant(decision.at)}   policy {decision.policy[:8]}   facts {decision.facts[:8]}"


def _places(bundle: Bundle, code: str) -> Iterator[str]:
    """Where the rules of a code stand."""
    for rule in bundle.program.rules["reason"]:
        if rule.parameters[1] == Constant(code):
            yield f"{rule.span.path}:{rule.span.line}"

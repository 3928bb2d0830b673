"""Poort: policy as code that is checked, compiled, and says why.

    from authz import load_bundle, load_facts
    policy = load_bundle("policies/student_data")
    facts = load_facts("policies/student_data/facts.json", policy)
    decision = policy.decide(request, facts, at=instant)     # truthy for a permit alone

Errors:

    DiagnosticError             a ValueError with a tuple of `diagnostics`
     +- PolicyError             a bundle is not admitted
     +- MalformedRequestError   a request cannot be read
    FactsOfAnotherBundleError   a TypeError: the facts were validated under another bundle than the policy's
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from authz.bundle.loading import Bundle, PolicyError
    from authz.bundle.requests import EvaluationRequest, MalformedRequestError
    from authz.engine.decision import Decision, Effect, Evaluator
    from authz.engine.evaluation import FactsOfAnotherBundleError
    from authz.engine.loading import load_bundle, load_facts, read_facts
    from authz.engine.policy import ExplainableDecision, Policy
    from authz.explain.explanation import Explanation
    from authz.facts.memory import Facts
    from authz.facts.store import FactsSnapshot, FactStore
    from authz.language.diagnostics import Diagnostic, DiagnosticError, Span

__version__ = "0.1.0"

__all__ = [
    "Bundle",
    "Decision",
    "Diagnostic",
    "DiagnosticError",
    "Effect",
    "EvaluationRequest",
    "Evaluator",
    "ExplainableDecision",
    "Explanation",
    "FactStore",
    "Facts",
    "FactsOfAnotherBundleError",
    "FactsSnapshot",
    "MalformedRequestError",
    "Policy",
    "PolicyError",
    "Span",
    "__version__",
    "load_bundle",
    "load_facts",
    "read_facts",
]

_MODULES = {
    "Bundle": "authz.bundle.loading",
    "Decision": "authz.engine.decision",
    "Diagnostic": "authz.language.diagnostics",
    "DiagnosticError": "authz.language.diagnostics",
    "Effect": "authz.engine.decision",
    "EvaluationRequest": "authz.bundle.requests",
    "Evaluator": "authz.engine.decision",
    "ExplainableDecision": "authz.engine.policy",
    "Explanation": "authz.explain.explanation",
    "FactStore": "authz.facts.store",
    "Facts": "authz.facts.memory",
    "FactsOfAnotherBundleError": "authz.engine.evaluation",
    "FactsSnapshot": "authz.facts.store",
    "MalformedRequestError": "authz.bundle.requests",
    "Policy": "authz.engine.policy",
    "PolicyError": "authz.bundle.loading",
    "Span": "authz.language.diagnostics",
    "load_bundle": "authz.engine.loading",
    "load_facts": "authz.engine.loading",
    "read_facts": "authz.engine.loading",
}


def __getattr__(name: str) -> Any:
    """A public name, imported at its first use: the client and `authz --help` need no engine."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value

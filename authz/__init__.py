"""Poort: policy as code that is checked, compiled, and says why.

    from authz import load_bundle, load_facts
    policy = load_bundle("policies/student_data")
    facts = load_facts("policies/student_data/facts.json", policy)
    decision = policy.decide(request, facts, at=instant)     # truthy for a permit alone

Errors, all of them `ValueError`s with a `faults` tuple:

    DiagnosticError
     +- PolicyError         a bundle is not admitted
     +- MalformedRequestError    a request says nothing that could be decided
    FactsOfAnotherBundleError    a TypeError: facts were read under another bundle than the policy's
"""

from authz.bundle.loading import Bundle, PolicyError
from authz.bundle.requests import EvaluationRequest, MalformedRequestError
from authz.engine.decision import Decision, Effect, Evaluator
from authz.engine.policy import FactsOfAnotherBundleError, Policy, load_bundle, load_facts
from authz.explain.explanation import Explanation
from authz.facts.memory import Facts
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
    "Explanation",
    "Facts",
    "FactsOfAnotherBundleError",
    "MalformedRequestError",
    "Policy",
    "PolicyError",
    "Span",
    "__version__",
    "load_bundle",
    "load_facts",
]

"""Poort: policy as code that is checked, compiled, and says why.

    from authz import load_bundle, load_facts
    policy = load_bundle("policies/student_data")
    facts = load_facts("policies/student_data/facts.json", policy)
    decision = policy.decide(request, facts, at=instant)     # truthy for a permit alone

Errors, all of them `ValueError`s with a `faults` tuple:

    Faulty
     +- PolicyError         a bundle is not admitted
     +- MalformedRequest    a request says nothing that could be decided
    FactsOfAnotherBundle    a TypeError: facts were read under another bundle than the policy's
"""

from authz.bundles.bundle import Bundle, PolicyError
from authz.bundles.requests import EvaluationRequest, MalformedRequest
from authz.deciding.decision import Decision, Effect, Evaluator
from authz.explaining.explanation import Explanation
from authz.facts.document import Facts
from authz.language.faults import Fault, Faulty, Span
from authz.policy import FactsOfAnotherBundle, Policy, load_bundle, load_facts

__all__ = [
    "Bundle",
    "Decision",
    "Effect",
    "EvaluationRequest",
    "Evaluator",
    "Explanation",
    "Facts",
    "FactsOfAnotherBundle",
    "Fault",
    "Faulty",
    "MalformedRequest",
    "Policy",
    "PolicyError",
    "Span",
    "load_bundle",
    "load_facts",
]

"""The verdicts of evaluators on generated policies, to compare."""

from typing import Any

from tests.support.generated_policies import GeneratedPolicy
from tests.support.generated_vocabularies import CODES
from tests.support.naive_evaluator import holds

Verdict = tuple[bool, tuple[str, ...]]
"""Whether a request is permitted, and the reason codes that hold."""


def verdict(evaluator: Any, subject: Any, request: Any) -> Verdict:
    """The verdict of an evaluator."""
    return evaluator.allow(subject, "read", request), evaluator.reasons(request)


def expected_verdict(drawn: GeneratedPolicy, subject: Any, request: Any) -> Verdict:
    """The verdict of the naive evaluator."""
    codes = tuple(code for code in CODES if holds(drawn.program, "reason", request, code))
    return holds(drawn.program, "allow", subject, "read", request), codes

"""The reason code of a refusal that every caller may see."""

from typing import Any

from authz.bundle.requests import EvaluationRequest
from authz.engine.evaluation import CompiledPolicy


def public_reason(policy: CompiledPolicy, request: EvaluationRequest, gathered: Any, reasons: tuple[str, ...]) -> str:
    """The first code for the audience `user` of a refusal with these reasons, or the substitute of `reasons.toml`.

    Where the resource is a person, codes are those that would hold if the store had no fact about it, so that the code
    cannot tell a known person from an unknown one. Only codes that may depend on such facts are evaluated again.
    """
    analyses = policy.analyses
    order = analyses.public_order
    if analyses.redacted_reasons is None:
        return next((code for code in reasons if code in order), policy.bundle.substitute.code)
    hidden = analyses.redacted_codes
    codes = [code for code in reasons if code in order and code not in hidden]
    codes += analyses.redacted_reasons(analyses.redact(request, gathered))
    return min(codes, key=order.__getitem__) if codes else policy.bundle.substitute.code

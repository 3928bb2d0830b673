"""The reason code of a refusal that every caller may see."""

from authz.engine.decision import Decision
from authz.engine.evaluation import EvaluationInputs


def public_reason(inputs: EvaluationInputs, decision: Decision) -> str:
    """The first code for the audience `user`, or the substitute code of `reasons.toml`.

    Where the resource is a person, codes are computed as if the store had no fact about it, so that the code cannot
    tell a known person from an unknown one.
    """
    policy, codes = inputs.policy, decision.reasons
    if policy.analyses.data_subject_fields:
        codes = policy.evaluator.reasons(policy.analyses.redact(inputs.request, inputs.gathered))
    reasons = policy.bundle.reasons
    for code in codes:
        if reasons[code].audience == "user":
            return code
    return policy.bundle.substitute.code

"""Decide one request: a rule must permit it, silence refuses, and an error while deciding refuses too."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class Effect(StrEnum):
    """What a decision does."""

    ALLOW = "allow"
    DENY = "deny"


class Case(Protocol):
    """What a decision was made on, kept so that it can still be asked about."""

    @property
    def asked(self) -> Any:
        """The request."""

    def expires_at(self) -> datetime | None:
        """When the permit ends."""

    def explain(self) -> Any:
        """Why it was decided so."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one request, with what settled it.

    `reasons` are the codes of a refusal in the catalogue's order; `error` is why a refusal was not decided but broke;
    `policy` is the digest of the bundle and `facts` the revision that it was decided by.
    """

    effect: Effect
    at: datetime
    reasons: tuple[str, ...] = ()
    error: str = ""
    policy: str = ""
    facts: str = ""
    case: Case | None = field(default=None, repr=False, compare=False)

    def __bool__(self) -> bool:
        """True for a permit alone, so that `if policy.decide(...)` fails closed."""
        return self.effect is Effect.ALLOW

    @property
    def reason(self) -> str:
        """The primary code of a refusal: the first in the catalogue's order; empty for a permit."""
        return self.reasons[0] if self.reasons else ""

    @property
    def expires_at(self) -> datetime | None:
        """The first instant after `at` at which the same facts refuse; None if there is none, and for a refusal.

        A hint, never a lease: facts change before it comes. It is found when it is asked for.
        """
        return self.case.expires_at() if self and self.case else None

    def explain(self) -> Any:
        """Why it was decided so: an `authz.Explanation`, found when it is asked for.

        Raises:
            ValueError: the decision broke, or was not made by a policy.
        """
        if self.case is None or self.error:
            raise ValueError("there is nothing to explain: the decision broke, or was not made by a policy")
        return self.case.explain()


class Evaluator(Protocol):
    """Something that decides: the compiled form, or the reference."""

    def allow(self, subject: Any, action: str, request: Any) -> bool:
        """Whether some `allow` rule permits."""

    def reasons(self, request: Any) -> tuple[str, ...]:
        """All reason codes that hold, in the catalogue's order."""


def permits(evaluator: Evaluator, subject: Any | None, action: str, request: Any) -> bool:
    """Whether a rule permits a gathered request; what breaks permits nothing."""
    try:
        return subject is not None and evaluator.allow(subject, action, request) is True
    except Exception:  # noqa: BLE001 - whatever breaks while deciding is no permit
        return False


def judge(
    evaluator: Evaluator,
    subject: Any | None,
    action: str,
    request: Any,
    at: datetime,
    policy: str,
    facts: str,
    case: Case | None = None,
) -> Decision:
    """The decision on a gathered request; without a subject there is nobody to permit."""
    try:
        # Nothing but True permits.
        if subject is not None and evaluator.allow(subject, action, request) is True:
            return Decision(Effect.ALLOW, at, policy=policy, facts=facts, case=case)
        return Decision(Effect.DENY, at, evaluator.reasons(request), policy=policy, facts=facts, case=case)
    except Exception as error:  # noqa: BLE001 - whatever breaks while deciding is a refusal, and says so
        return Decision(
            Effect.DENY, at, error=f"{type(error).__name__}: {error}", policy=policy, facts=facts, case=case
        )

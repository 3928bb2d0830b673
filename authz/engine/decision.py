"""A decision: the answer to one request, as a value that holds no facts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class Effect(StrEnum):
    """What a decision answers."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one request, what settled it, and what it was decided by.

    `reasons` are the reason codes of a refusal, in the order of the bundle's `reasons.toml`. `error` is empty unless
    an error occurred while deciding; then the effect is deny and there are no reasons. `at` is the instant decided at,
    in UTC. A decision can be pickled and compared, and all its fields are JSON values but for `at`.
    """

    effect: Effect
    at: datetime
    reasons: tuple[str, ...] = ()
    error: str = ""
    policy_digest: str = ""
    facts_revision: str = ""

    def __bool__(self) -> bool:
        """True for a permit alone, so that `if policy.decide(...)` fails closed."""
        return self.effect is Effect.ALLOW

    @property
    def reason(self) -> str:
        """The primary reason code, which is the first; empty for a permit."""
        return self.reasons[0] if self.reasons else ""


class Evaluator(Protocol):
    """Decides requests by the rules of one bundle: the compiled form, or the reference."""

    def allow(self, subject: Any, action: str, request: Any) -> bool:
        """Whether some `allow` rule permits."""

    def reasons(self, request: Any) -> tuple[str, ...]:
        """All reason codes that hold, in the order of the bundle's `reasons.toml`."""

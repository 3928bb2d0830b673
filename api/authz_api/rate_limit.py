"""Limits on load: calls at once in a process, calls at once and evaluations a second of one caller.

A call over a limit is refused at once, before its body is read, so that the calls within the limit are answered.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from authz_api.problems import ProblemError

MAX_CALLS = 512
"""The default number of calls that a process handles at once."""
RETRY = {"retry-after": "1"}


@dataclass(slots=True)
class Quota:
    """One caller's calls in progress, and the evaluations that its rate still allows (`left`, as of `since`)."""

    in_progress: int = 0
    left: float = 0.0
    since: float = 0.0


@dataclass(slots=True)
class RateLimiter:
    """Admits the calls of one process: `calls` at once, half of them one caller's; `rate` evaluations a second each."""

    calls: int = MAX_CALLS
    rate: float = 0.0
    clock: Callable[[], float] = time.monotonic
    in_progress: int = field(init=False, default=0)
    waiting_for_keys: int = field(init=False, default=0)
    quotas: dict[str, Quota] = field(init=False, default_factory=dict)

    def enter(self, caller: str) -> Quota:
        """Admit one call of a caller; call `leave` when it is finished.

        Raises:
            ProblemError: 503 if the process is full; 429 if the caller has its share in progress, or is over its rate.
        """
        quota = self.quotas.get(caller) or self._open(caller)
        if self.in_progress >= self.calls:
            raise ProblemError(503, "too many calls are in progress", RETRY)
        if quota.in_progress >= self.share or quota.in_progress >= self._free_for(caller):
            raise ProblemError(429, "too many calls of this caller are in progress", RETRY)
        if self.rate and not self._within_rate(quota):
            wait = math.floor(-quota.left / self.rate) + 1
            over = f"this caller is over its rate of {self.rate:g} evaluations a second"
            raise ProblemError(429, over, {"retry-after": str(wait)})
        self.in_progress += 1
        quota.in_progress += 1
        return quota

    def leave(self, quota: Quota) -> None:
        """Finish one call."""
        self.in_progress -= 1
        quota.in_progress -= 1

    @contextmanager
    def wait_for_keys(self) -> Iterator[None]:
        """Count a call of an unknown caller that waits for an issuer's keys; a quarter of the calls may do so.

        Raises:
            ProblemError: 503 if too many wait, or the process is full.
        """
        if self.in_progress >= self.calls or self.waiting_for_keys >= max(1, self.calls // 4):
            raise ProblemError(503, "too many calls wait for the issuer's keys", RETRY)
        self.in_progress += 1
        self.waiting_for_keys += 1
        try:
            yield
        finally:
            self.in_progress -= 1
            self.waiting_for_keys -= 1

    @property
    def share(self) -> int:
        """The calls that one caller may have in progress: half of all, or all if no callers are configured."""
        return self.calls if "" in self.quotas else max(1, self.calls // 2)

    def _free_for(self, caller: str) -> int:
        """A known caller may hold no more calls than are still free, so that a new caller always finds a place."""
        return self.calls - self.in_progress if caller else self.calls

    def _open(self, caller: str) -> Quota:
        quota = self.quotas[caller] = Quota(0, self.rate, self.clock())
        return quota

    def _within_rate(self, quota: Quota) -> bool:
        now = self.clock()
        quota.left = min(self.rate, quota.left + (now - quota.since) * self.rate)
        quota.since = now
        return quota.left > 0

"""Overload: how many calls are answered at once, how much one caller may ask, and how long a call may take.

What is over a bound is told so at once, before its body is read, so that what is within it is still answered.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from authz_api.problems import Problem

CALLS = 512
"""How many calls a process answers at once."""
SECONDS = 10.0
"""How long a call may take, its body included."""


@dataclass(slots=True)
class Account:
    """What one caller has under way, and what it may still ask: evaluations, which come back with time."""

    under_way: int = 0
    left: float = 0.0
    since: float = 0.0


@dataclass(slots=True)
class Admission:
    """Admits a process's calls: `calls` at once, half of them one caller's; `rate` evaluations a second of each."""

    calls: int = CALLS
    rate: float = 0.0
    clock: Callable[[], float] = time.monotonic
    under_way: int = field(init=False, default=0)
    accounts: dict[str, Account] = field(init=False, default_factory=dict)

    def enter(self, caller: str) -> Account:
        """Take a place for one call; whoever takes it gives it back with `leave`.

        Raises:
            Problem: 503 if the process has no place left, 429 if the caller has none, or has asked its rate.
        """
        account = self.accounts.get(caller) or self._open(caller)
        if self.under_way >= self.calls:
            raise Problem(503, "too many calls are under way", {"retry-after": "1"})
        if account.under_way >= self.share or account.under_way >= self._left(caller):
            raise Problem(429, "too many calls of this caller are under way", {"retry-after": "1"})
        if self.rate and not self._within(account):
            # What it asked too much takes that long to come back.
            wait = math.floor(-account.left / self.rate) + 1
            over = f"this caller asked more than {self.rate:g} evaluations a second"
            raise Problem(429, over, {"retry-after": str(wait)})
        self.under_way += 1
        account.under_way += 1
        return account

    def leave(self, account: Account) -> None:
        """Give a place back."""
        self.under_way -= 1
        account.under_way -= 1

    @property
    def share(self) -> int:
        """How many calls at once are one caller's: half, where callers can be told apart."""
        return self.calls if "" in self.accounts else max(1, self.calls // 2)

    def _left(self, caller: str) -> int:
        """How many places are left; of no more than that each caller may have, so that a newcomer finds one."""
        return self.calls - self.under_way if caller else self.calls

    def _open(self, caller: str) -> Account:
        account = self.accounts[caller] = Account(0, self.rate, self.clock())
        return account

    def _within(self, account: Account) -> bool:
        now = self.clock()
        account.left = min(self.rate, account.left + (now - account.since) * self.rate)
        account.since = now
        return account.left > 0

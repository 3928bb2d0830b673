"""When a permit ends: the first later instant at which the same records refuse (`domain.md` section 4).

Rules only compare instants, so between two consecutive instants that they read an answer cannot change. It is
therefore enough to decide at each of those, and at the first instant after it.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from authz.instants import END

STEP = timedelta(microseconds=1)
"""Instants are whole microseconds."""


def expiry(permits: Callable[[datetime], bool], at: datetime, instants: Iterable[datetime]) -> datetime | None:
    """The first instant after `at` at which nothing permits any more; None if there is none."""
    for instant in sorted(instants):
        for moment in (instant, instant + STEP):
            if at < moment < END and not permits(moment):
                return moment
    return None

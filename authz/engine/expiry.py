"""When a permit ends: the first later instant at which the same facts refuse (`docs/domain.md`).

Rules only compare instants, so between two consecutive instants that they read, a decision cannot change. It is
therefore enough to decide at each of those instants, and one microsecond after it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from authz.engine.evaluation import CompiledPolicy, permits
from authz.facts.gather import follow
from authz.instants import END, hours_after

STEP = timedelta(microseconds=1)
"""The distance of two consecutive instants."""


def expires_at(policy: CompiledPolicy, gathered: Any) -> datetime | None:
    """The first instant after a permit's own at which the same facts refuse, in UTC; None if there is none.

    A hint, never a lease: the facts may change earlier. The record must be that of a permit, and no other thread may
    use it meanwhile: its instant is moved, and set back.
    """
    at = gathered.at
    hours = _moving_hours(policy, gathered) if policy.analyses.moving_hours else ()
    instants = _instants(policy, gathered, hours) if hours else policy.analyses.instants_read(gathered, at)
    if not instants:
        return None
    if not hours:
        return _first_refusal(policy, gathered, sorted(instants))
    move_to = policy.analyses.move_to
    for moment in _moments(sorted(instants), at):
        if not permits(policy, move_to(gathered, moment)):
            return moment
    return None


def _first_refusal(policy: CompiledPolicy, record: Any, instants: list[datetime]) -> datetime | None:
    """The first refusal, for rules whose derived fields do not depend on the instant: `at` alone moves."""
    at = record.at
    try:
        for moment in _moments(instants, at):
            record.at = moment
            if not permits(policy, record):
                return moment
    finally:
        record.at = at
    return None


def _moments(instants: list[datetime], at: datetime) -> Iterator[datetime]:
    """Each instant and the microsecond after it, where they lie after `at`."""
    for instant in instants:
        if at < instant < END:
            yield instant
        if at < (after := instant + STEP) < END:
            yield after


def _moving_hours(policy: CompiledPolicy, gathered: Any) -> tuple[int, ...]:
    """The hours by which derived fields lie after the instant decided at."""
    hours = {follow(gathered, path) for path in policy.analyses.moving_hours}
    return tuple(hours - {None})


def _instants(policy: CompiledPolicy, gathered: Any, hours: tuple[int, ...]) -> set[datetime]:
    """The instants at which a decision may change, for rules that read fields some hours after the instant decided at.

    Such a field meets an instant that many hours before it. With negative hours it meets instants that have passed.
    """
    at = gathered.at
    earliest = min(at, *(hours_after(at, each) for each in hours))
    instants = policy.analyses.instants_read(gathered, earliest)
    return instants | {hours_after(instant, -each) for instant in instants for each in hours}

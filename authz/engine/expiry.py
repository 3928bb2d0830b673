"""When a permit ends: the first later instant at which the same facts refuse (`docs/domain.md`).

Rules only compare instants, so between two consecutive instants that they read, a decision cannot change. It is
therefore enough to decide at each of those instants, and one microsecond after it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from authz.engine.evaluation import EvaluationInputs, permits
from authz.facts.gather import follow
from authz.instants import END, hours_after

STEP = timedelta(microseconds=1)
"""The distance of two consecutive instants."""


def expires_at(inputs: EvaluationInputs) -> datetime | None:
    """The first instant after a permit's own at which the same facts refuse, in UTC; None if there is none.

    A hint, never a lease: the facts may change earlier. The inputs must be those of a permit.
    """
    policy, at = inputs.policy, inputs.gathered.at
    hours = _moving_hours(inputs) if policy.analyses.moving_hours else ()
    instants = _instants(inputs, hours) if hours else policy.analyses.instants_read(inputs.gathered, at)
    if not instants:
        return None
    at_instant = _moved(inputs) if hours else _set_instant(inputs)
    for instant in sorted(instants):
        for moment in (instant, instant + STEP):
            if at < moment < END and not permits(policy, at_instant(moment)):
                return moment
    return None


def _moving_hours(inputs: EvaluationInputs) -> tuple[int, ...]:
    """The hours by which derived fields lie after the instant decided at."""
    hours = {follow(inputs.gathered, path) for path in inputs.policy.analyses.moving_hours}
    return tuple(hours - {None})


def _instants(inputs: EvaluationInputs, hours: tuple[int, ...]) -> set[datetime]:
    """The instants at which a decision may change, for rules that read fields some hours after the instant decided at.

    Such a field meets an instant that many hours before it. With negative hours it meets instants that have passed.
    """
    at = inputs.gathered.at
    earliest = min(at, *(hours_after(at, each) for each in hours))
    instants = inputs.policy.analyses.instants_read(inputs.gathered, earliest)
    return instants | {hours_after(instant, -each) for instant in instants for each in hours}


def _moved(inputs: EvaluationInputs) -> Callable[[datetime], Any]:
    """The gathered record at other instants, its derived fields derived again."""
    return lambda moment: inputs.policy.analyses.move_to(inputs.gathered, moment)


def _set_instant(inputs: EvaluationInputs) -> Callable[[datetime], Any]:
    """The gathered record at other instants, for rules whose derived fields do not depend on the instant.

    One copy serves all instants, because only its `at` changes and no two are decided at once.
    """
    record = inputs.policy.analyses.move_to(inputs.gathered, inputs.gathered.at)

    def set_instant(moment: datetime) -> Any:
        record.at = moment
        return record

    return set_instant

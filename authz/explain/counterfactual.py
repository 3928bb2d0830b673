"""The smallest change that would allow: the fewest facts to write, exact among all changes that are tried.

The search is iterative deepening. A set of changes that permits must touch, for each unmet condition of `allow`, some
field that the condition reads. So the search branches on the unmet condition that the fewest changes touch, and unmet
conditions that no single change touches together bound the number of changes from below.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from authz.analysis.fields_read import Fields
from authz.bundle.vocabulary import attribute
from authz.deadline import Deadline
from authz.explain.change_pool import ChangePool
from authz.explain.proof import open_proof
from authz.explain.pruning import open_change
from authz.explain.request import RefusedRequest
from authz.explain.unmet import unmet_conditions
from authz.facts.changes import Change, fields_changed_by
from authz.facts.possible_changes import PossibleChanges
from authz.interpreter.evaluate import two_valued

MOST_TRIED = 2_000
"""The number of sets of changes after which the search gives up."""
MOST_STEPS = 300_000
"""The number of formulas that the search evaluates, and the proofs each, before they give up: some seconds."""


class SearchOutcome(StrEnum):
    """What a search for the smallest change established.

    PROVED: whatever values are written, fewer changes do not allow (where none was found: no changes at all).
    EXHAUSTED: so it is among all changes that were tried, but others may exist.
    CUT_OFF: the search gave up before it had tried all of them.
    NONE_DECLARED: the vocabulary declares no changes.
    """

    PROVED = "proved"
    EXHAUSTED = "exhausted"
    CUT_OFF = "cut_off"
    NONE_DECLARED = "none_declared"


@dataclass(frozen=True, slots=True)
class SmallestChange:
    """The fewest changes that would allow, None if none was found, and what the search established.

    `tried` is the number of sets of changes that were tried.
    """

    changes: tuple[Change, ...] | None
    outcome: SearchOutcome
    tried: int = 0


class _GaveUpError(Exception):
    """The search has tried `MOST_TRIED` sets, or taken `MOST_STEPS` steps."""


class _Steps:
    """Counts the formulas that are evaluated, up to `MOST_STEPS` and to a deadline."""

    def __init__(self, deadline: Deadline | None) -> None:
        self._deadline = deadline
        self._left = MOST_STEPS

    def __call__(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise _GaveUpError
        if self._deadline is not None:
            self._deadline.step()


def smallest_change(request: RefusedRequest, possible: PossibleChanges) -> SmallestChange:
    """The smallest set of changes, among the possible ones, that would allow a refused request.

    Raises:
        DeadlineError: the deadline of the request has passed.
    """
    if not request.vocabulary.changes:
        return SmallestChange(None, SearchOutcome.NONE_DECLARED)
    if _is_proved_impossible(request):
        return SmallestChange(None, SearchOutcome.PROVED)
    changes, tried, gave_up = _search(request, possible.changes)
    if changes is not None and _is_proved_smallest(request, len(changes)):
        return SmallestChange(changes, SearchOutcome.PROVED, tried)
    cut_off = gave_up or possible.cut_off
    return SmallestChange(changes, SearchOutcome.CUT_OFF if cut_off else SearchOutcome.EXHAUSTED, tried)


def _is_proved_impossible(request: RefusedRequest) -> bool:
    try:
        return open_proof(request, _Steps(request.deadline)).nothing_permits()
    except _GaveUpError:
        return False


def _is_proved_smallest(request: RefusedRequest, size: int) -> bool:
    try:
        return open_proof(request, _Steps(request.deadline)).needs_at_least(size)
    except _GaveUpError:
        return False


def _search(request: RefusedRequest, candidates: Sequence[Change]) -> tuple[tuple[Change, ...] | None, int, bool]:
    """The fewest changes that would allow, the number of sets tried, and whether the search gave up."""
    search = _Search(request)
    try:
        return search.run(candidates), search.tried, False
    except _GaveUpError:
        return None, search.tried, True


class _Search:
    def __init__(self, request: RefusedRequest) -> None:
        self._request = request
        self._steps = _Steps(request.deadline)
        self._pool: ChangePool
        self.tried = 0
        self.next_bound: int | None = None
        """The least number of changes that a set beyond the current bound may have; None if there is no such set."""

    def run(self, candidates: Sequence[Change]) -> tuple[Change, ...] | None:
        """The fewest of some changes that would allow; None if no set of them does."""
        request, vocabulary = self._request, self._request.vocabulary
        open_changes = [open_change(c, fields_changed_by(c, vocabulary), vocabulary.collections) for c in candidates]
        helpful = request.question(request.gathered, open_changes, self._steps).helpful()
        self._pool = ChangePool(
            [open_changes[index] for index in helpful], vocabulary, request.gathered, request.regather
        )
        bound: int | None = 1
        while bound is not None and bound <= len(helpful):
            self.next_bound = None
            changes = self.deepen((), frozenset(), bound)
            if changes is not None:
                return changes
            bound = self.next_bound
        return None

    def deepen(self, chosen: tuple[int, ...], excluded: frozenset[int], bound: int) -> tuple[Change, ...] | None:
        """A set of at most `bound` changes that has all those chosen and none excluded, and would allow."""
        self.tried += 1
        if self.tried > MOST_TRIED:
            raise _GaveUpError
        if self._request.deadline is not None:
            self._request.deadline.check()
        pool = self._pool
        records = pool.records_after(chosen)
        missing = pool.missing_entities(chosen)
        if not missing and self._request.permits(records):
            return pool.changes(chosen)
        if len(chosen) == bound:
            self._try_later(bound + 1)
            return None
        free = pool.free(chosen, excluded)
        if (bound - len(chosen) > 1 or not chosen) and not self._may_permit(records, free):
            return None
        needs = [pool.touching(fields, free) for fields in self._unmet(records)]
        needs += [pool.creating(entity, free) for entity in missing]
        needs.sort(key=len)
        if not needs or not needs[0]:
            return None
        least = len(chosen) + disjoint_needs(needs)
        if least > bound:
            self._try_later(least)
            return None
        for index in needs[0]:
            changes = self.deepen((*chosen, index), excluded, bound)
            if changes is not None:
                return changes
            excluded |= {index}
        return None

    def _may_permit(self, records: Any, free: list[int]) -> bool:
        """Whether some choice of the free changes may permit. With one change to go, trying each of them is cheaper."""
        return self._request.question(records, [self._pool.open[index] for index in free], self._steps).may_permit()

    def _try_later(self, bound: int) -> None:
        self.next_bound = bound if self.next_bound is None else min(self.next_bound, bound)

    def _unmet(self, records: Any) -> Iterator[Fields]:
        """The fields that each unmet condition reads."""
        request = self._request
        subject = request.subject(records)
        if subject is not None:
            interpreter = two_valued(request.program, attribute, step=self._steps)
            yield from unmet_conditions(interpreter, request.fields_read, (subject, request.action, records))
        else:
            yield frozenset({request.vocabulary.subject.type} if request.has_decidable_types else ())


def disjoint_needs(needs: Sequence[Sequence[int]]) -> int:
    """A lower bound of the number of changes that meet all needs: needs that share no change, chosen greedily."""
    seen: set[int] = set()
    count = 0
    for changes in needs:
        if seen.isdisjoint(changes):
            seen.update(changes)
            count += 1
    return count

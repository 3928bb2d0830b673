"""The smallest change that would allow: the fewest facts to write, exact among all changes that may be written.

The search is iterative deepening. A set of changes that permits must touch, for each unmet condition of `allow`, some
field that the condition reads. So the search branches on the unmet condition that the fewest changes touch, and unmet
conditions that no single change touches together bound the number of changes from below.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from authz.analysis.fields_read import Fields
from authz.bundle.vocabulary import Vocabulary, attribute
from authz.explain.change_pool import ChangePool
from authz.explain.pruning import OpenChange, PartialQuestion, open_change
from authz.explain.unmet import unmet_conditions
from authz.facts.changes import Change, fields_changed_by
from authz.interpreter.evaluate import two_valued
from authz.language.ir import Program

MOST_TRIED = 2_000
"""The number of sets of changes after which the search gives up."""


@dataclass(frozen=True, slots=True)
class SmallestChange:
    """The fewest changes that would allow; `changes` is None where there are none, or none was found.

    `exhausted`: no set of changes that anybody may write would allow. Otherwise the search gave up at `tried` sets.
    """

    changes: tuple[Change, ...] | None
    exhausted: bool = False
    tried: int = 0


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """The request to find the smallest change for."""

    program: Program
    fields_read: Mapping[str, Fields]
    """By rule: the fields of the request that it reads."""
    vocabulary: Vocabulary
    gathered: Any
    """The request's records."""
    action: str
    regather: Callable[[Sequence[Change]], Any]
    """The request's records after some changes."""
    permits: Callable[[Any], bool]
    """Whether a request's records permit it."""
    subject: Callable[[Any], Any]
    """The subject in a request's records, or None."""

    def question(self, records: Any, open: Sequence[OpenChange]) -> PartialQuestion:
        """The question to `allow` where `records` are settled and some changes open."""
        return PartialQuestion(self.program, self.subject(records), self.action, records, open)


class _GaveUpError(Exception):
    """The search has tried `MOST_TRIED` sets."""


def smallest_change(request: RefusedRequest, candidates: Sequence[Change]) -> SmallestChange:
    """The smallest set of changes, among some candidates, that would allow a refused request."""
    search = _Search(request, candidates)
    bound: int | None = 1
    try:
        while bound is not None and bound <= len(candidates):
            search.next_bound = None
            changes = search.deepen((), frozenset(), bound)
            if changes is not None:
                return SmallestChange(changes, tried=search.tried)
            bound = search.next_bound
    except _GaveUpError:
        return SmallestChange(None, tried=search.tried)
    return SmallestChange(None, True, search.tried)


class _Search:
    def __init__(self, request: RefusedRequest, candidates: Sequence[Change]) -> None:
        vocabulary = request.vocabulary
        open_changes = [open_change(c, fields_changed_by(c, vocabulary), vocabulary.collections) for c in candidates]
        helpful = request.question(request.gathered, open_changes).helpful()
        self._request = request
        self._pool = ChangePool(
            [open_changes[index] for index in helpful], vocabulary, request.gathered, request.regather
        )
        self.tried = 0
        self.next_bound: int | None = None
        """The least number of changes that a set beyond the current bound may have; None if there is no such set."""

    def deepen(self, chosen: tuple[int, ...], excluded: frozenset[int], bound: int) -> tuple[Change, ...] | None:
        """A set of at most `bound` changes that has all those chosen and none excluded, and would allow."""
        self.tried += 1
        if self.tried > MOST_TRIED:
            raise _GaveUpError
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
        return self._request.question(records, [self._pool.open[index] for index in free]).may_permit()

    def _try_later(self, bound: int) -> None:
        self.next_bound = bound if self.next_bound is None else min(self.next_bound, bound)

    def _unmet(self, records: Any) -> Iterator[Fields]:
        """The fields that each unmet condition reads."""
        request = self._request
        subject = request.subject(records)
        if subject is not None:
            arguments = (subject, request.action, records)
            yield from unmet_conditions(two_valued(request.program, attribute), request.fields_read, arguments)
            return
        # Only a known subject of the right type, with a resource of the right type, can be permitted.
        subject_type, resource_type = request.vocabulary.subject.type, request.vocabulary.resource.type
        right_types = (records.subject_type, records.resource_type) == (subject_type, resource_type)
        yield frozenset({subject_type} if right_types else ())


def disjoint_needs(needs: Sequence[Sequence[int]]) -> int:
    """A lower bound of the number of changes that meet all needs: needs that share no change, chosen greedily."""
    seen: set[int] = set()
    count = 0
    for changes in needs:
        if seen.isdisjoint(changes):
            seen.update(changes)
            count += 1
    return count

"""The smallest change that would allow: a search for the fewest facts to write, exact among all that may be written.

Iterative deepening: whatever allows must touch something that a failing condition reads, so only such changes are
tried; failing conditions that share no possible change each need one, which bounds the number from below.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from authz.bundle.vocabulary import Vocabulary, attribute
from authz.facts.changes import Change, ChangeKind, touched
from authz.interpreter.evaluate import Known, Reading, Unasked
from authz.interpreter.partial import Scope
from authz.language.ir import Access, And, Exists, Formula, Invoke, Not, Or, Program, values
from authz.language.types import Type

MOST_TRIED = 2_000
"""How many sets of changes are tried before the search gives up."""


@dataclass(frozen=True, slots=True)
class Smallest:
    """The fewest changes that would allow; `changes` is None if there are none, or none was found.

    `exhausted` says that no set of changes that anybody may make would allow; else the search gave up at `tried` sets.
    """

    changes: tuple[Change, ...] | None
    exhausted: bool = False
    tried: int = 0


@dataclass(frozen=True, slots=True)
class Situation:
    """What the search works on: `regather` gives the records after some changes, `permits` whether they permit."""

    program: Program
    vocabulary: Vocabulary
    gathered: Any
    action: str
    regather: Callable[[Sequence[Change]], Any]
    permits: Callable[[Any], bool]
    subject: Callable[[Any], Any]


class _GaveUp(Exception):
    pass


def smallest(situation: Situation, pool: Sequence[Change]) -> Smallest:
    """The smallest set of changes among `pool` that would allow."""
    search = _Search(situation, pool)
    try:
        bound = 1
        while bound <= len(pool):
            found = search.deepen((), frozenset(), bound)
            if found is not None:
                return Smallest(found, tried=search.tried)
            if search.beyond is None:
                break
            bound, search.beyond = search.beyond, None
    except _GaveUp:
        return Smallest(None, tried=search.tried)
    return Smallest(None, True, search.tried)


class _Search:
    def __init__(self, situation: Situation, pool: Sequence[Change]) -> None:
        touches = [touched(change, situation.vocabulary) for change in pool]
        helpful = self.scope(situation, situation.gathered, list(zip(pool, touches, strict=True))).useful()
        pool = [pool[index] for index in helpful]
        self.at, self.pool, self.tried = situation, pool, 0
        self.touches = [touches[index] for index in helpful]
        self.reads = _reads(situation.program)
        self.beyond: int | None = None
        # What a row names must be there.
        rows = situation.vocabulary.rows
        self.names = [
            [
                (kind.names, getattr(change.row, attribute(name)))
                for name, kind in rows[change.record].fields.items()
                if kind.names
            ]
            if change.record
            else []
            for change in pool
        ]
        self.absent = {
            (record, getattr(situation.gathered, attribute(f"{name}_id")))
            for name, record in situation.vocabulary.entities.items()
            if getattr(situation.gathered, attribute(name)) is None
        }

    @staticmethod
    def scope(situation: Situation, record: Any, open: list[tuple[Change, frozenset[str]]]) -> Scope:
        subject = situation.subject(record)
        return Scope(situation.program, attribute, subject, situation.action, record, open)

    def deepen(self, chosen: tuple[int, ...], left_out: frozenset[int], bound: int) -> tuple[Change, ...] | None:
        """A set of at most `bound` changes that holds those chosen and none left out, and would allow."""
        self.tried += 1
        if self.tried > MOST_TRIED:
            raise _GaveUp
        changes = tuple(self.pool[index] for index in chosen)
        record = self.record(changes)
        missing = self.missing(chosen)
        if not missing and self.at.permits(record):
            return changes
        if len(chosen) == bound and bound > 0:
            # Whether more would help is for the next bound to see.
            self.further(bound + 1)
            return None
        if bound - len(chosen) > 1 or not chosen:
            free = [index for index in range(len(self.pool)) if self.free(index, chosen, left_out)]
            if self.scope(self.at, record, [(self.pool[i], self.touches[i]) for i in free]).hopeless():
                return None
        wanting = [self.helping(reads, chosen, left_out) for reads in self.failing(record)]
        wanting += [self.adding(entity, chosen, left_out) for entity in missing]
        wanting.sort(key=len)
        if not wanting or not wanting[0]:
            return None
        apart: set[int] = set()
        least = 0
        for helping in wanting:
            if apart.isdisjoint(helping):
                apart.update(helping)
                least += 1
        if len(chosen) + least > bound:
            self.further(len(chosen) + least)
            return None
        for index in wanting[0]:
            found = self.deepen((*chosen, index), left_out, bound)
            if found is not None:
                return found
            left_out |= {index}
        return None

    def further(self, bound: int) -> None:
        self.beyond = bound if self.beyond is None else min(self.beyond, bound)

    def record(self, changes: tuple[Change, ...]) -> Any:
        """The records after some changes; where only rows change, nothing else is put together anew."""
        vocabulary = self.at.vocabulary
        if any(change.kind is ChangeKind.SET or vocabulary.rows[change.record].key for change in changes):
            return self.at.regather(changes)
        record = copy.copy(self.at.gathered)
        for change in changes:
            for name, kind in vocabulary.collections.items():
                if kind.of == change.record:
                    rows = tuple(row for row in getattr(record, attribute(name)) if row != change.before)
                    object.__setattr__(record, attribute(name), (*rows, change.row))
        return record

    def missing(self, chosen: tuple[int, ...]) -> set[tuple[str, Any]]:
        """What rows that were chosen name and is not there."""
        there = {
            (change.record, getattr(change.row, attribute(kind.key)))
            for change in (self.pool[index] for index in chosen)
            if change.record and (kind := self.at.vocabulary.rows[change.record]).key
        }
        return {named for index in chosen for named in self.names[index] if named in self.absent - there}

    def free(self, index: int, chosen: tuple[int, ...], left_out: frozenset[int]) -> bool:
        slot = self.pool[index].slot
        return (
            index not in left_out
            and index not in chosen
            and not (slot and any(self.pool[other].slot == slot for other in chosen))
        )

    def helping(self, reads: frozenset[str], chosen: tuple[int, ...], left_out: frozenset[int]) -> list[int]:
        """The changes that touch what a condition reads."""
        return [
            index
            for index, touches in enumerate(self.touches)
            if not touches.isdisjoint(reads) and self.free(index, chosen, left_out)
        ]

    def adding(self, entity: tuple[str, Any], chosen: tuple[int, ...], left_out: frozenset[int]) -> list[int]:
        record, id = entity
        key = self.at.vocabulary.rows[record].key
        return [
            index
            for index, change in enumerate(self.pool)
            if change.record == record
            and getattr(change.row, attribute(key)) == id
            and self.free(index, chosen, left_out)
        ]

    def failing(self, record: Any) -> Iterator[frozenset[str]]:
        """What each failing condition of `allow` reads: all of them must come to hold."""
        subject = self.at.subject(record)
        vocabulary = self.at.vocabulary
        if subject is None:
            types = record.subject_type, record.resource_type
            sound = types == (vocabulary.subject.type, vocabulary.resource.type)
            yield frozenset({vocabulary.subject.type} if sound else ())
            return
        reading = Reading(self.at.program, attribute)
        arguments = (subject, self.at.action, record)
        rules = list(reading.matching("allow", arguments))
        if len(rules) != 1:
            if not any(reading.holds(rule.body, own) for rule, own in rules):
                yield self.reads["allow"] if rules else frozenset()
            return
        ((rule, first),) = rules
        yield from self.parts(reading, rule.body, first, True, frozenset())

    def parts(
        self, reading: Reading, formula: Formula, known: Known, wanted: bool, given: frozenset[str]
    ) -> Iterator[frozenset[str]]:
        try:
            if reading.holds(formula, known) is wanted:
                return
        except Unasked:
            return
        match formula:
            case And(parts=parts) | Or(parts=parts) if isinstance(formula, And) is wanted:
                for part in parts:
                    yield from self.parts(reading, part, known, wanted, given)
            case Not(operand=operand):
                yield from self.parts(reading, operand, known, not wanted, given)
            case Invoke(name=name, arguments=arguments):
                values_given = tuple(reading.value(argument, known) for argument in arguments)
                rules = list(reading.matching(name, values_given))
                more = given | _fields(arguments, self.at.program.schema.request)
                if wanted and len(rules) != 1:
                    yield (self.reads[name] if rules else frozenset()) | more
                    return
                for rule, own in rules:
                    yield from self.parts(reading, rule.body, own, wanted, more)
            case _:
                yield given | _formula_reads(formula, self.reads, self.at.program.schema.request)


def _reads(program: Program) -> Mapping[str, frozenset[str]]:
    """The request's fields that each rule reads, by its own or through others."""
    found: dict[str, frozenset[str]] = {}
    for name, rules in program.rules.items():  # callees come before callers
        found[name] = frozenset().union(*(_formula_reads(rule.body, found, program.schema.request) for rule in rules))
    return found


def _formula_reads(formula: Formula, rules: Mapping[str, frozenset[str]], request: Type) -> frozenset[str]:
    found = set(_fields(values(formula), request))
    pending = [formula]
    while pending:
        part = pending.pop()
        match part:
            case Invoke(name=name):
                found |= rules[name]
            case And(parts=parts) | Or(parts=parts):
                pending += parts
            case Not(operand=operand):
                pending.append(operand)
            case Exists(body=body):
                pending.append(body)
    return frozenset(found)


def _fields(given: Iterable[Any], request: Type) -> frozenset[str]:
    return frozenset(value.fields[0] for value in given if isinstance(value, Access) and value.root.type == request)

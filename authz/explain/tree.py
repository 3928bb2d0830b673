"""The condition tree of a decision: each condition of `allow`, whether it holds, and the row that shows it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from authz.interpreter.evaluate import Known, Reading, Unasked
from authz.language.diagnostics import Span
from authz.language.ir import Absent, And, CheckedRule, Exists, Formula, Invoke, Not, Or
from authz.language.printer import to_polar, value_to_polar


class Kind(StrEnum):
    """What a condition asks."""

    ALL = "all"
    ANY = "any"
    NOT = "not"
    SOME = "some"
    RULE = "rule"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, and whether it holds.

    Of a condition on some row (`SOME`), `row` is a witness or else the nearest miss, the row that fails least,
    `conditions` are what is asked of it, and `collection` and `rows` tell where it was found among how many.
    """

    kind: Kind
    formula: Formula
    holds: bool
    span: Span
    conditions: "tuple[Condition, ...]" = ()
    row: Any = field(default=None, repr=False)
    collection: str = ""
    rows: int = 0

    @property
    def text(self) -> str:
        """The condition as its author would write it on one line; of a condition on rows, what it ranges over."""
        if isinstance(self.formula, Exists):
            return f"{self.formula.variable.name} in {value_to_polar(self.formula.collection)}"
        return to_polar(self.formula)


def tree(reading: Reading, subject: Any, action: str, request: Any) -> Condition:
    """The condition tree of `allow` on a request; without a subject nothing was asked of it."""
    alternatives = [
        _rule(reading, rule, known) for rule, known in reading.matching("allow", (subject, action, request))
    ]
    if len(alternatives) == 1:
        return alternatives[0]
    rules = reading.program.rules["allow"]
    holds = any(each.holds for each in alternatives)
    return Condition(Kind.ANY, Or(tuple(rule.body for rule in rules)), holds, rules[0].span, tuple(alternatives))


def faults(condition: Condition, wanted: bool = True) -> Iterator[Condition]:
    """The conditions at the ends of the tree that are not as they should be."""
    if condition.holds is wanted:
        return
    below = not wanted if condition.kind is Kind.NOT else wanted
    parts = [part for part in condition.conditions if part.holds is not below]
    if not parts:
        yield condition
    for part in parts:
        yield from faults(part, below)


def _rule(reading: Reading, rule: CheckedRule, known: Known) -> Condition:
    parts = _parts(reading, rule.body, known, rule.span)
    arguments = Invoke(rule.name, rule.parameters, rule.span)
    return Condition(Kind.RULE, arguments, _all(parts), rule.span, parts)


def _all(parts: tuple[Condition, ...]) -> bool:
    return all(part.holds for part in parts)


def _parts(reading: Reading, formula: Formula, known: Known, span: Span) -> tuple[Condition, ...]:
    """The conditions of a body: those it joins, or it alone."""
    if isinstance(formula, And):
        return _asked(reading, formula.parts, known, span, True)
    return (_condition(reading, formula, known, span),)


def _asked(
    reading: Reading, parts: tuple[Formula, ...], known: Known, span: Span, wanted: bool
) -> tuple[Condition, ...]:
    """The conditions among these that can be judged: not those behind a guard that settles the whole otherwise.

    Raises:
        Unasked: none does, and so the whole stands behind a guard.
    """
    found: list[Condition] = []
    for part in parts:
        try:
            found.append(_condition(reading, part, known, span))
        except Unasked:
            if all(one.holds is wanted for one in found):
                raise
    return tuple(found)


def _condition(reading: Reading, formula: Formula, known: Known, span: Span) -> Condition:
    match formula:
        case Exists():
            return _some(reading, formula, known)
        case Invoke(name=name, arguments=arguments):
            given = tuple(reading.operand(argument, known) for argument in arguments)
            alternatives = tuple(_rule(reading, rule, own) for rule, own in reading.matching(name, given))
            holds = any(each.holds for each in alternatives)
            if len(alternatives) == 1:
                alternatives = alternatives[0].conditions
            return Condition(Kind.RULE, formula, holds, formula.span, alternatives)
        case And(parts=parts):
            asked = _asked(reading, parts, known, span, True)
            return Condition(Kind.ALL, formula, _all(asked), _first(asked, span), asked)
        case Or(parts=parts):
            asked = _asked(reading, parts, known, span, False)
            return Condition(Kind.ANY, formula, any(each.holds for each in asked), _first(asked, span), asked)
        case Not(operand=Absent() as absent):
            # An absence under a `not` is one test, and its place is the absence's.
            return Condition(Kind.TEST, formula, reading.holds(formula, known), absent.span)
        case Not(operand=operand):
            below = _condition(reading, operand, known, span)
            return Condition(Kind.NOT, formula, not below.holds, below.span, (below,))
        case _:
            return Condition(Kind.TEST, formula, reading.holds(formula, known), formula.span)


def _first(conditions: tuple[Condition, ...], span: Span) -> Span:
    return conditions[0].span if conditions else span


def _some(reading: Reading, formula: Exists, known: Known) -> Condition:
    name, rows = formula.variable.name, reading.value(formula.collection, known)
    collection = formula.collection.fields[-1]
    if not rows:
        return Condition(Kind.SOME, formula, False, formula.span, collection=collection)

    def far(row: Any) -> int:
        return reading.far(formula.body, {**known, name: row})

    # The first of the nearest: a witness is at no distance.
    nearest = rows[0] if len(rows) == 1 else min(rows, key=far)
    conditions = _parts(reading, formula.body, {**known, name: nearest}, formula.span)
    return Condition(Kind.SOME, formula, _all(conditions), formula.span, conditions, nearest, collection, len(rows))

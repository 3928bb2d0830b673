"""The condition tree of a decision: each condition of `allow`, whether it holds, and the row that shows it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from authz.interpreter.distance import Distances
from authz.interpreter.evaluate import Environment, Interpreter, identity
from authz.interpreter.truth import AbsentValueError
from authz.language.diagnostics import Span
from authz.language.ir import (
    Absent,
    Access,
    And,
    CheckedRule,
    Compare,
    Exists,
    Formula,
    Holds,
    Invoke,
    Member,
    Not,
    Or,
    Value,
)
from authz.language.printer import to_polar, value_to_polar


class ConditionKind(StrEnum):
    """The form of a condition."""

    ALL = "all"
    ANY = "any"
    NOT = "not"
    SOME = "some"
    RULE = "rule"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, whether it holds, and the conditions that it consists of.

    Only a condition on some row (`SOME`) has `row`, `collection` and `rows`. `row` is a witness, or else the nearest
    miss: the first row whose conditions are nearest to holding. `rows` is the number of rows in the field `collection`.
    A `TEST` has the values that it compares in `operands`. A `RULE` has the comment above the rule in `comment`.
    Calls of one rule with the same arguments share one tuple of `conditions`.
    """

    kind: ConditionKind
    formula: Formula
    holds: bool
    span: Span
    conditions: "tuple[Condition, ...]" = ()
    row: Any = field(default=None, repr=False)
    collection: str = ""
    rows: int = 0
    operands: tuple[Any, ...] = field(default=(), repr=False)
    comment: str = ""

    @property
    def text(self) -> str:
        """The condition in Polar, on one line; of a condition on some row, the variable and the collection."""
        if isinstance(self.formula, Exists):
            return f"{self.formula.variable.name} in {value_to_polar(self.formula.collection)}"
        return to_polar(self.formula)


def condition_tree(interpreter: Interpreter[bool], subject: Any, action: str, request: Any) -> Condition:
    """The condition tree of `allow` on a request. `subject` is None where the subject is unknown."""
    builder = _TreeBuilder(interpreter)
    alternatives = tuple(
        builder.clause(clause.rule, clause.environment)
        for clause in interpreter.clauses("allow", (subject, action, request))
    )
    if len(alternatives) == 1:
        return alternatives[0]
    rules = interpreter.program.rules["allow"]
    formula = Or(tuple(rule.body for rule in rules))
    return Condition(ConditionKind.ANY, formula, _any(alternatives), rules[0].span, alternatives)


def operands_of(formula: Formula) -> tuple[Value, ...]:
    """The values that a test compares, as the rule names them; none for the forms that consist of other conditions."""
    match formula:
        case Compare(left=left, right=right):
            return left, right
        case Member(value=value, collection=Access() as collection):
            return value, collection
        case Member(value=value) | Holds(value=value):
            return (value,)
        case _:
            return ()


def deciding_leaves(condition: Condition, wanted: bool = True) -> Iterator[Condition]:
    """The leaves of the tree that keep a condition from the truth that is wanted of it; each shared part once."""
    yield from _deciding_leaves(condition, wanted, set())


def _deciding_leaves(condition: Condition, wanted: bool, visited: set[tuple[int, bool]]) -> Iterator[Condition]:
    if condition.holds is wanted:
        return
    wanted_below = not wanted if condition.kind is ConditionKind.NOT else wanted
    parts = [part for part in condition.conditions if part.holds is not wanted_below]
    if not parts:
        yield condition
    elif (key := (id(condition.conditions), wanted_below)) not in visited:
        visited.add(key)
        for part in parts:
            yield from _deciding_leaves(part, wanted_below, visited)


class _TreeBuilder:
    """Builds conditions from formulas over the records of one request."""

    def __init__(self, interpreter: Interpreter[bool]) -> None:
        self._interpreter = interpreter
        self._distances = Distances(interpreter)
        self._calls: dict[tuple[Any, ...], tuple[Condition, ...]] = {}
        # INVARIANT: `_calls` identifies records by `id`, so every argument must live as long as the builder.
        self._arguments: list[tuple[Any, ...]] = []

    def clause(self, rule: CheckedRule, environment: Environment) -> Condition:
        """The condition of one alternative of a rule."""
        parts = self._body(rule.body, environment, rule.span)
        head = Invoke(rule.name, rule.parameters, rule.span)
        return Condition(ConditionKind.RULE, head, _all(parts), rule.span, parts, comment=rule.comment)

    def _body(self, formula: Formula, environment: Environment, span: Span) -> tuple[Condition, ...]:
        """The conditions of a body: those of its conjuncts."""
        if isinstance(formula, And):
            return self._parts(formula, environment, span)
        return (self._condition(formula, environment, span),)

    def _parts(self, formula: And | Or, environment: Environment, span: Span) -> tuple[Condition, ...]:
        """The conditions of a conjunction or disjunction, but those behind a guard that decides it.

        Raises:
            AbsentValueError: no guard among the parts decides the formula, so it stands behind a guard itself.
        """
        undecided = isinstance(formula, And)
        conditions: list[Condition] = []
        for part in formula.parts:
            try:
                conditions.append(self._condition(part, environment, span))
            except AbsentValueError:
                if all(condition.holds is undecided for condition in conditions):
                    raise
        return tuple(conditions)

    def _condition(self, formula: Formula, environment: Environment, span: Span) -> Condition:
        match formula:
            case Exists():
                return self._some(formula, environment)
            case Invoke():
                return self._call(formula, environment)
            case And():
                parts = self._parts(formula, environment, span)
                return Condition(ConditionKind.ALL, formula, _all(parts), _first_span(parts, span), parts)
            case Or():
                parts = self._parts(formula, environment, span)
                return Condition(ConditionKind.ANY, formula, _any(parts), _first_span(parts, span), parts)
            case Not(operand=Absent() as absent):
                # `x != nil` is one test to its author.
                holds = self._interpreter.evaluate(formula, environment)
                return Condition(ConditionKind.TEST, formula, holds, absent.span)
            case Not(operand=operand):
                negated = self._condition(operand, environment, span)
                return Condition(ConditionKind.NOT, formula, not negated.holds, negated.span, (negated,))
            case _:
                holds = self._interpreter.evaluate(formula, environment)
                operands = tuple(self._interpreter.value(each, environment) for each in operands_of(formula))
                return Condition(ConditionKind.TEST, formula, holds, formula.span, operands=operands)

    def _call(self, call: Invoke, environment: Environment) -> Condition:
        arguments = self._interpreter.arguments(call, environment)
        key = (call.name, *map(identity, arguments))
        if key not in self._calls:
            self._arguments.append(arguments)
            self._calls[key] = tuple(
                self.clause(clause.rule, clause.environment)
                for clause in self._interpreter.clauses(call.name, arguments)
            )
        alternatives = self._calls[key]
        single = len(alternatives) == 1
        parts = alternatives[0].conditions if single else alternatives
        comment = alternatives[0].comment if single else ""
        return Condition(ConditionKind.RULE, call, _any(alternatives), call.span, parts, comment=comment)

    def _some(self, formula: Exists, environment: Environment) -> Condition:
        name = formula.variable.name
        rows = self._interpreter.value(formula.collection, environment)
        collection = formula.collection.fields[-1]
        if not rows:
            return Condition(ConditionKind.SOME, formula, False, formula.span, collection=collection)

        def distance(row: Any) -> int:
            return self._distances.distance(formula.body, {**environment, name: row})

        # A witness has distance 0, so it is nearest; `min` gives the first of the nearest.
        nearest = rows[0] if len(rows) == 1 else min(rows, key=distance)
        parts = self._body(formula.body, {**environment, name: nearest}, formula.span)
        return Condition(ConditionKind.SOME, formula, _all(parts), formula.span, parts, nearest, collection, len(rows))


def _all(conditions: tuple[Condition, ...]) -> bool:
    return all(condition.holds for condition in conditions)


def _any(conditions: tuple[Condition, ...]) -> bool:
    return any(condition.holds for condition in conditions)


def _first_span(conditions: tuple[Condition, ...], default: Span) -> Span:
    return conditions[0].span if conditions else default

"""The evaluator: a naive interpreter of checked rules over one request's records, in either truth algebra.

It is slower than the compiled form, and gives the truth of single conditions, which the compiled form cannot.
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, NamedTuple

from authz.interpreter.partial import PartialRecord
from authz.interpreter.truth import Algebra, ThreeValued, Truth, TwoValued
from authz.language.diagnostics import Span
from authz.language.ir import (
    Absent,
    Access,
    And,
    CheckedRule,
    Compare,
    Constant,
    Exists,
    Formula,
    Holds,
    Invoke,
    Member,
    Not,
    Or,
    Program,
    Value,
    Variable,
)

Environment = Mapping[str, Any]
"""The values of a rule's variables, by name."""

Step = Callable[[], None]
"""Called once for each formula that is evaluated. It may raise to end an evaluation that takes too long."""

RELATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Clause(NamedTuple, Generic[Truth]):
    """One alternative of a rule whose head some arguments match, or may match."""

    rule: CheckedRule
    environment: Environment
    matches: Truth


class Interpreter(Generic[Truth]):
    """Evaluates the rules of a program over the records of one request, and remembers the truth of every call.

    `trace` is called with each clause that is evaluated, and its truth. `step` is called for each formula that is
    evaluated; what it raises ends the evaluation.
    """

    def __init__(
        self,
        program: Program,
        attribute: Callable[[str], str],
        algebra: Algebra[Truth],
        trace: Callable[[CheckedRule, Truth], None] | None = None,
        step: Step | None = None,
    ) -> None:
        self.program = program
        self.algebra = algebra
        self._attribute = attribute
        self._trace = trace
        self._step = step
        self._calls: dict[tuple[Any, ...], Truth] = {}
        # INVARIANT: `_calls` identifies records by `id`, so every argument must live as long as the interpreter.
        self._arguments: list[tuple[Any, ...]] = []

    def value(self, value: Value, environment: Environment) -> Any:
        """The value of a constant, a variable or a path.

        Raises:
            AbsentValueError: with two truth values, where the path passes through an absent value.
        """
        if isinstance(value, Variable):
            return environment[value.name]
        if isinstance(value, Constant):
            return value.value
        result = environment[value.root.name]
        for field in value.fields:
            result = self.algebra.read(result, self._attribute(field))
        return result

    def arguments(self, call: Invoke, environment: Environment) -> tuple[Any, ...]:
        """The values of a call's arguments.

        Raises:
            AbsentValueError: with two truth values, where an argument is absent.
        """
        argument, value = self.algebra.argument, self.value
        return tuple([argument(value(each, environment)) for each in call.arguments])

    def clauses(self, name: str, arguments: tuple[Any, ...]) -> Iterator[Clause[Truth]]:
        """The alternatives of a rule, but those whose head the arguments do not match."""
        for rule in self.program.rules[name]:
            environment: dict[str, Any] = {}
            literals: list[Truth] = []
            for parameter, argument in zip(rule.parameters, arguments, strict=True):
                if isinstance(parameter, Variable):
                    environment[parameter.name] = argument
                else:
                    literals.append(self.algebra.matches(argument, parameter.value))
            matches = self.algebra.conjunction(literals)
            if matches is not False:
                yield Clause(rule, environment, matches)

    def call(self, name: str, *arguments: Any) -> Truth:
        """Whether some alternative of a rule holds of some arguments."""
        key = (name, *map(identity, arguments))
        if key not in self._calls:
            self._arguments.append(arguments)
            self._calls[key] = self.algebra.disjunction(map(self._clause, self.clauses(name, arguments)))
        return self._calls[key]

    def _clause(self, clause: Clause[Truth]) -> Truth:
        truth = self.evaluate(clause.rule.body, clause.environment)
        if clause.matches is not True:
            truth = self.algebra.conjunction((clause.matches, truth))
        if self._trace is not None:
            self._trace(clause.rule, truth)
        return truth

    def evaluate(self, formula: Formula, environment: Environment) -> Truth:
        """The truth of a formula.

        Raises:
            AbsentValueError: with two truth values, where the formula stands behind a guard that does not hold.
        """
        if self._step is not None:
            self._step()
        algebra = self.algebra
        match formula:
            case Compare(operator=relation, left=left, right=right):
                operands = self.value(left, environment), self.value(right, environment)
                return algebra.test(RELATIONS[relation], *operands)
            case And(parts=parts):
                return algebra.conjunction(self.evaluate(part, environment) for part in parts)
            case Invoke(name=name):
                return self.call(name, *self.arguments(formula, environment))
            case Exists(variable=variable, collection=collection, body=body):
                rows = self.value(collection, environment)
                return algebra.exists(rows, lambda row: self.evaluate(body, {**environment, variable.name: row}))
            case Not(operand=operand):
                return algebra.negation(self.evaluate(operand, environment))
            case Absent(value=value):
                return algebra.is_absent(self.value(value, environment))
            case Holds(value=value):
                return algebra.test(_is_true, self.value(value, environment))
            case Member(value=value, collection=collection):
                return algebra.test(_is_in, self.value(value, environment), self._members(collection, environment))
            case Or(parts=parts):
                return algebra.disjunction(self.evaluate(part, environment) for part in parts)

    def _members(self, collection: Access | tuple[Constant, ...], environment: Environment) -> Any:
        if isinstance(collection, tuple):
            return [constant.value for constant in collection]
        return self.value(collection, environment)


def two_valued(
    program: Program,
    attribute: Callable[[str], str],
    trace: Callable[[CheckedRule, bool], None] | None = None,
    step: Step | None = None,
) -> Interpreter[bool]:
    """An evaluator over records that are wholly known. `attribute` gives the attribute that holds a field."""
    return Interpreter(program, attribute, TwoValued(), trace, step)


def three_valued(
    program: Program, attribute: Callable[[str], str], request: PartialRecord, step: Step | None = None
) -> Interpreter[bool | None]:
    """An evaluator over a request that is known in part. `attribute` gives the attribute that holds a field."""
    return Interpreter(program, attribute, ThreeValued(request), step=step)


def record_holding(spans: set[Span]) -> Callable[[CheckedRule, bool], None]:
    """A trace that adds the span of each clause that holds."""

    def trace(rule: CheckedRule, holds: bool) -> None:
        if holds:
            spans.add(rule.span)

    return trace


def _is_true(value: Any) -> bool:
    return value is True


def _is_in(value: Any, members: Any) -> bool:
    return value in members


def identity(value: Any) -> Any:
    """A key for a value: records by `id`, plain values by themselves. The pair keeps an integer apart from an `id`."""
    return (type(value), value) if isinstance(value, str | int | None) else id(value)

"""Rules read plainly over one request's records: what holds, and how far from holding the rest is.

Slower than the compiled form and made for looking at single conditions; agrees with it on every answer.
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

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

Known = Mapping[str, Any]
"""The values of a rule's variables, by name."""
RELATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
FAR = 1
"""How far a condition is that no row could meet yet: one row."""


class Unasked(Exception):
    """A condition stands behind a guard that fails: it asks something of what is absent."""


class Reading:
    """The rules of a program, read over the records of one request; remembers what it has read."""

    def __init__(self, program: Program, attribute: Callable[[str], str]) -> None:
        self.program, self.attribute = program, attribute
        self.held: set[Span] = set()
        """Where the clauses stand that were found to hold."""
        self._held: dict[tuple[Any, ...], bool] = {}
        self._far: dict[tuple[Any, ...], int] = {}
        # What is remembered is remembered by identity: nothing may be collected meanwhile.
        self._kept: list[Any] = []

    def value(self, value: Value, known: Known) -> Any:
        """What a value is.

        Raises:
            Unasked: it hangs on something absent.
        """
        match value:
            case Constant(value=constant):
                return constant
            case Variable(name=name):
                return known[name]
            case Access(root=root, fields=fields):
                found = known[root.name]
                for field in fields:
                    found = getattr(self.present(found), self.attribute(field))
                return found

    def present(self, found: Any) -> Any:
        """What was found, unless it is absent."""
        if found is None:
            raise Unasked
        return found

    def operand(self, value: Value, known: Known) -> Any:
        """What a value is that is compared: never absent."""
        return self.present(self.value(value, known))

    def matching(self, name: str, arguments: tuple[Any, ...]) -> Iterator[tuple[CheckedRule, dict[str, Any]]]:
        """The rules of a name whose head these arguments match, with what their parameters are."""
        for rule in self.program.rules[name]:
            known: dict[str, Any] = {}
            for parameter, argument in zip(rule.parameters, arguments, strict=True):
                if isinstance(parameter, Variable):
                    known[parameter.name] = argument
                elif parameter.value != argument:
                    break
            else:
                yield rule, known

    def rule(self, name: str, *arguments: Any) -> bool:
        """Whether some rule of this name holds of these arguments."""
        key = (name, *map(identity, arguments))
        if key not in self._held:
            self._kept.append(arguments)
            self._held[key] = any(self._clause(rule, known) for rule, known in self.matching(name, arguments))
        return self._held[key]

    def _clause(self, rule: CheckedRule, known: Known) -> bool:
        holds = self.holds(rule.body, known)
        if holds:
            self.held.add(rule.span)
        return holds

    def holds(self, formula: Formula, known: Known) -> bool:
        """Whether a condition holds.

        Raises:
            Unasked: it stands behind a guard, and that fails.
        """
        match formula:
            case And(parts=parts):
                return all(self.holds(part, known) for part in parts)
            case Or(parts=parts):
                return any(self.holds(part, known) for part in parts)
            case Not(operand=operand):
                return not self.holds(operand, known)
            case Exists(variable=variable, collection=collection, body=body):
                rows = self.value(collection, known)
                return any(self.holds(body, {**known, variable.name: row}) for row in rows)
            case Invoke(name=name, arguments=arguments):
                return self.rule(name, *(self.operand(argument, known) for argument in arguments))
            case Compare(operator=relation, left=left, right=right):
                return bool(RELATIONS[relation](self.operand(left, known), self.operand(right, known)))
            case Absent(value=value):
                return self.value(value, known) is None
            case Holds(value=value):
                return self.operand(value, known) is True
            case Member(value=value, collection=collection):
                among = (
                    [constant.value for constant in collection]
                    if isinstance(collection, tuple)
                    else self.value(collection, known)
                )
                return self.operand(value, known) in among

    def far(self, formula: Formula, known: Known, wanted: bool = True) -> int:
        """How many conditions at least stand between a formula and what is wanted of it; 0 if it is so."""
        try:
            if self.holds(formula, known) is wanted:
                return 0
        except Unasked:
            return 1
        match formula:
            case Not(operand=operand):
                return self.far(operand, known, not wanted)
            case And(parts=parts) | Or(parts=parts):
                apart = [self.far(part, known, wanted) for part in parts]
                if isinstance(formula, And) is wanted:
                    return sum(apart) or FAR
                return min(apart, default=FAR)
            case Exists(variable=variable, collection=collection, body=body):
                apart = [self.far(body, {**known, variable.name: row}, wanted) for row in self.value(collection, known)]
                return min(apart, default=FAR) if wanted else sum(apart)
            case Invoke(name=name, arguments=arguments):
                return self._rule_far(name, tuple(self.operand(argument, known) for argument in arguments), wanted)
            case _:
                return 1

    def _rule_far(self, name: str, arguments: tuple[Any, ...], wanted: bool) -> int:
        key = (name, wanted, *map(identity, arguments))
        if key not in self._far:
            apart = [self.far(rule.body, known, wanted) for rule, known in self.matching(name, arguments)]
            self._far[key] = min(apart, default=FAR) if wanted else sum(apart)
        return self._far[key]


def identity(value: Any) -> Any:
    """What tells a value apart: plain ones by what they are, records by which they are."""
    return (type(value), value) if isinstance(value, str | int | None) else id(value)

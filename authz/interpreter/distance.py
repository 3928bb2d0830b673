"""How far a condition is from holding: a lower bound of the number of tests that would have to turn out otherwise."""

from typing import Any

from authz.interpreter.evaluate import Environment, Interpreter, identity
from authz.interpreter.truth import AbsentValueError
from authz.language.ir import And, Exists, Formula, Invoke, Not, Or

NO_ROW = 1
"""The distance of a condition for which there is no row, and of a rule of which no alternative matches."""


class Distances:
    """The distances of conditions over the records of one request; remembers those of calls."""

    def __init__(self, interpreter: Interpreter[bool]) -> None:
        self._interpreter = interpreter
        self._calls: dict[tuple[Any, ...], int] = {}

    def distance(self, formula: Formula, environment: Environment, wanted: bool = True) -> int:
        """The number of tests between a formula and the truth that is wanted of it; 0 where it has that truth."""
        try:
            if self._interpreter.evaluate(formula, environment) is wanted:
                return 0
        except AbsentValueError:
            return 1
        match formula:
            case Not(operand=operand):
                return self.distance(operand, environment, not wanted)
            case And(parts=parts) | Or(parts=parts):
                distances = [self.distance(part, environment, wanted) for part in parts]
                if isinstance(formula, And) is wanted:
                    return sum(distances) or NO_ROW
                return min(distances, default=NO_ROW)
            case Exists(variable=variable, collection=collection, body=body):
                rows = self._interpreter.value(collection, environment)
                distances = [self.distance(body, {**environment, variable.name: row}, wanted) for row in rows]
                return min(distances, default=NO_ROW) if wanted else sum(distances)
            case Invoke(name=name):
                return self._call(name, self._interpreter.arguments(formula, environment), wanted)
            case _:
                return 1

    def _call(self, name: str, arguments: tuple[Any, ...], wanted: bool) -> int:
        # The interpreter has evaluated this call, and keeps its arguments alive.
        key = (name, wanted, *map(identity, arguments))
        if key not in self._calls:
            distances = [
                self.distance(clause.rule.body, clause.environment, wanted)
                for clause in self._interpreter.clauses(name, arguments)
            ]
            self._calls[key] = min(distances, default=NO_ROW) if wanted else sum(distances)
        return self._calls[key]

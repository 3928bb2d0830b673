"""The unmet conditions of `allow`, by the fields of the request that they read: a change must touch one of each."""

from collections.abc import Iterator, Mapping
from typing import Any

from authz.analysis.fields_read import Fields, fields_of, fields_read_by
from authz.interpreter.evaluate import Environment, Interpreter, identity
from authz.interpreter.truth import AbsentValueError
from authz.language.ir import And, Formula, Invoke, Not, Or


def unmet_conditions(
    interpreter: Interpreter[bool], fields_by_rule: Mapping[str, Fields], arguments: tuple[Any, Any, Any]
) -> Iterator[Fields]:
    """The fields that each unmet condition of `allow` reads; the call permits only once all conditions are met.

    Several alternatives of a rule are one condition: any one of them may come to hold.
    """
    finder = _UnmetConditions(interpreter, fields_by_rule)
    clauses = list(interpreter.clauses("allow", arguments))
    if len(clauses) == 1:
        yield from finder.of_formula(clauses[0].rule.body, clauses[0].environment, True, frozenset())
    elif not any(interpreter.evaluate(clause.rule.body, clause.environment) for clause in clauses):
        yield fields_by_rule["allow"] if clauses else frozenset()


class _UnmetConditions:
    def __init__(self, interpreter: Interpreter[bool], fields_by_rule: Mapping[str, Fields]) -> None:
        self._interpreter = interpreter
        self._fields_by_rule = fields_by_rule
        self._request_type = interpreter.program.schema.request
        self._visited: set[tuple[Any, ...]] = set()

    def of_formula(self, formula: Formula, environment: Environment, wanted: bool, outer: Fields) -> Iterator[Fields]:
        """The unmet conditions of a formula that should have the truth `wanted`.

        `outer` are the fields that the calls around the formula pass as arguments.
        """
        try:
            if self._interpreter.evaluate(formula, environment) is wanted:
                return
        except AbsentValueError:
            return
        match formula:
            case And(parts=parts) | Or(parts=parts) if isinstance(formula, And) is wanted:
                for part in parts:
                    yield from self.of_formula(part, environment, wanted, outer)
            case Not(operand=operand):
                yield from self.of_formula(operand, environment, not wanted, outer)
            case Invoke():
                yield from self._of_call(formula, environment, wanted, outer)
            case _:
                yield outer | fields_read_by(formula, self._fields_by_rule, self._request_type)

    def _of_call(self, call: Invoke, environment: Environment, wanted: bool, outer: Fields) -> Iterator[Fields]:
        arguments = self._interpreter.arguments(call, environment)
        outer = outer | fields_of(call.arguments, self._request_type)
        # The interpreter has evaluated this call, and keeps its arguments alive.
        key = (call.name, wanted, outer, *map(identity, arguments))
        if key in self._visited:
            return
        self._visited.add(key)
        clauses = list(self._interpreter.clauses(call.name, arguments))
        if wanted and len(clauses) != 1:
            yield outer | (self._fields_by_rule[call.name] if clauses else frozenset())
            return
        for clause in clauses:
            yield from self.of_formula(clause.rule.body, clause.environment, wanted, outer)

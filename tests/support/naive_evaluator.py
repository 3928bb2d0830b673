"""A naive evaluator of checked rules: an oracle that shares no code with the generated Python or the interpreter."""

from collections.abc import Mapping
from typing import Any

from authz.bundle.vocabulary import attribute
from authz.language.ir import (
    Absent,
    Access,
    And,
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

_OPERATORS: Mapping[str, Any] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def holds(program: Program, name: str, *arguments: Any) -> bool:
    """Whether some rule of this name holds of these arguments."""
    return any(
        all(isinstance(p, Variable) or p.value == a for p, a in zip(rule.parameters, arguments, strict=True))
        and formula_holds(
            rule.body,
            {p.name: a for p, a in zip(rule.parameters, arguments, strict=True) if isinstance(p, Variable)},
            program,
        )
        for rule in program.rules.get(name, ())
    )


def formula_holds(formula: Formula, known: Mapping[str, Any], program: Program) -> bool:
    """Whether a formula holds of these values of its variables."""

    def read(value: Value) -> Any:
        match value:
            case Constant(value=constant):
                return constant
            case Variable(name=name):
                return known[name]
            case Access(root=root, fields=fields):
                current = known[root.name]
                for field in fields:
                    current = getattr(current, attribute(field))
                return current

    match formula:
        case And(parts=parts):
            return all(formula_holds(part, known, program) for part in parts)
        case Or(parts=parts):
            return any(formula_holds(part, known, program) for part in parts)
        case Not(operand=operand):
            return not formula_holds(operand, known, program)
        case Compare(operator=operator, left=left, right=right):
            return bool(_OPERATORS[operator](read(left), read(right)))
        case Absent(value=value):
            return read(value) is None
        case Holds(value=value):
            return read(value) is True
        case Member(value=value, collection=collection):
            return read(value) in ([read(c) for c in collection] if isinstance(collection, tuple) else read(collection))
        case Invoke(name=name, arguments=arguments):
            return holds(program, name, *map(read, arguments))
        case Exists(variable=variable, collection=collection, body=body):
            return any(formula_holds(body, {**known, variable.name: row}, program) for row in read(collection))

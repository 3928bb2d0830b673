"""A checked condition written as Polar again."""

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
    Value,
    Variable,
)


def written(formula: Formula) -> str:
    """A condition on one line, as an author would write it."""
    match formula:
        case And(parts=parts):
            return " and ".join(_within(part) for part in parts) or "true"
        case Or(parts=parts):
            return " or ".join(_within(part) for part in parts) or "false"
        case Not(operand=Absent(value=value)):
            return f"{value_of(value)} != nil"
        case Not(operand=operand):
            return f"not {_within(operand)}"
        case Exists(variable=variable, collection=collection, body=body):
            return " and ".join([f"{variable.name} in {value_of(collection)}", *([_within(body)] if body else [])])
        case Invoke(name=name, arguments=arguments):
            return f"{name}({', '.join(map(value_of, arguments))})"
        case Compare(operator=relation, left=left, right=right):
            return f"{value_of(left)} {relation} {value_of(right)}"
        case Absent(value=value):
            return f"{value_of(value)} = nil"
        case Holds(value=value):
            return value_of(value)
        case Member(value=value, collection=collection):
            among = (
                f"[{', '.join(map(value_of, collection))}]" if isinstance(collection, tuple) else value_of(collection)
            )
            return f"{value_of(value)} in {among}"


def _within(formula: Formula) -> str:
    text = written(formula)
    return f"({text})" if isinstance(formula, And | Or | Exists) else text


def value_of(value: Value) -> str:
    """A value as an author would write it."""
    match value:
        case Constant(value=bool() as truth):
            return "true" if truth else "false"
        case Constant(value=int() as number):
            return str(number)
        case Constant(value=text):
            escaped = str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            return f'"{escaped}"'
        case Variable(name=name):
            return name
        case Access(root=root, fields=fields):
            return ".".join((root.name, *fields))

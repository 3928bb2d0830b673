"""Print conditions of the IR, and terms of the syntax tree, as Polar."""

from authz.language import ast
from authz.language.ir import (
    TRUE,
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


def to_polar(formula: Formula) -> str:
    """A checked condition on one line, as an author would write it."""
    match formula:
        case And(parts=parts):
            return " and ".join(_bracketed(part) for part in parts) or "true"
        case Or(parts=parts):
            return " or ".join(_bracketed(part) for part in parts) or "false"
        case Not(operand=Absent(value=value)):
            return f"{value_to_polar(value)} != nil"
        case Not(operand=Not(operand=operand) as negation) if not isinstance(operand, Absent):
            # `not not` is refused, so that the brackets are needed.
            return f"not ({to_polar(negation)})"
        case Not(operand=operand):
            return f"not {_bracketed(operand)}"
        case Exists(variable=variable, collection=collection, body=body):
            binding = f"{variable.name} in {value_to_polar(collection)}"
            return " and ".join([binding, *([] if body == TRUE else [_bracketed(body)])])
        case Invoke(name=name, arguments=arguments):
            return f"{name}({', '.join(map(value_to_polar, arguments))})"
        case Compare(operator=operator, left=left, right=right):
            return f"{value_to_polar(left)} {operator} {value_to_polar(right)}"
        case Absent(value=value):
            return f"{value_to_polar(value)} = nil"
        case Holds(value=value):
            return value_to_polar(value)
        case Member(value=value, collection=collection):
            if isinstance(collection, Access):
                return f"{value_to_polar(value)} in {value_to_polar(collection)}"
            return f"{value_to_polar(value)} in [{', '.join(map(value_to_polar, collection))}]"


def _bracketed(formula: Formula) -> str:
    text = to_polar(formula)
    return f"({text})" if isinstance(formula, And | Or | Exists) else text


def value_to_polar(value: Value) -> str:
    """A value of the IR, as an author would write it."""
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


def quote_term(term: ast.Term) -> str:
    """A term of the syntax tree as a message names it: short, without the items of a list."""
    match term:
        case ast.Name(name=name):
            return name
        case ast.Path(root=root, fields=fields):
            return ".".join([root.name, *(field.name for field in fields)])
        case ast.Literal(value=None):
            return "nil"
        case ast.Literal(value=bool(value)):
            return str(value).lower()
        case ast.Literal(value=str(value)):
            return f'"{value}"'
        case ast.Literal(value=value):
            return str(value)
        case ast.ListLiteral():
            return "[...]"
    return "this"

"""Find rules that stand twice: the same head and the same body, up to the names of their variables."""

from collections.abc import Iterable

from authz.language import ast
from authz.language.catalogue.heads import DUPLICATE_RULE
from authz.language.diagnostics import Diagnostic
from authz.language.sources import Sources

Shape = tuple[object, ...]
"""The content of a rule or a term without its places, brackets and names of variables, for comparison."""


def check_duplicates(files: Iterable[ast.File], sources: Sources) -> list[Diagnostic]:
    """The diagnostics of rules that stand earlier in the bundle too, in the order of the files."""
    first: dict[Shape, ast.Rule] = {}
    diagnostics: list[Diagnostic] = []
    for rule in (rule for file in files for rule in file.rules):
        earlier = first.setdefault(_rule_shape(rule), rule)
        if earlier is not rule:
            problem = f"this rule `{rule.name.name}` stands already at {earlier.span.path}:{earlier.span.line}"
            help = "remove one of the two, or the file that is a copy"
            diagnostics.append(sources.diagnostic(DUPLICATE_RULE, rule.span, problem, help))
    return diagnostics


def _rule_shape(rule: ast.Rule) -> Shape:
    numbers: dict[str, int] = {}
    parameters = tuple(_parameter_shape(parameter, numbers) for parameter in rule.parameters)
    return rule.name.name, parameters, ("literal", bool, True) if rule.body is None else _shape(rule.body, numbers)


def _parameter_shape(parameter: ast.Parameter, numbers: dict[str, int]) -> Shape:
    if parameter.literal is not None:
        return _shape(parameter.literal, numbers)
    assert parameter.name is not None  # a parameter is a literal or a name
    return _variable(parameter.name, numbers), parameter.type.name if parameter.type else ""


def _shape(term: ast.Term, numbers: dict[str, int]) -> Shape:
    match term:
        case ast.Name():
            return ("variable", _variable(term, numbers))
        case ast.Literal(value=value):
            # True equals 1 in Python, and differs from it in Polar.
            return ("literal", type(value), value)
        case ast.Path(root=root, fields=fields):
            return ("path", _variable(root, numbers), *(field.name for field in fields))
        case ast.ListLiteral(items=items):
            return ("list", *(_shape(item, numbers) for item in items))
        case ast.Call(name=name, arguments=arguments):
            return ("call", name.name, *(_shape(argument, numbers) for argument in arguments))
        case ast.Binary(operator=operator, left=left, right=right):
            shared = "=" if operator == "==" else operator
            return ("binary", shared, _shape(left, numbers), _shape(right, numbers))
        case ast.Not(operand=operand):
            return ("not", _shape(operand, numbers))
        case ast.And() | ast.Or():
            return (type(term), *(_shape(part, numbers) for part in _parts(term)))


def _parts(term: ast.And | ast.Or) -> Iterable[ast.Term]:
    """The parts of a junction, with those of the same kind within it: brackets do not count."""
    for part in term.parts:
        if isinstance(part, ast.And | ast.Or) and type(part) is type(term):
            yield from _parts(part)
        else:
            yield part


def _variable(name: ast.Name, numbers: dict[str, int]) -> int:
    """The number of a variable, in the order in which a rule names them; each `_` is a variable of its own."""
    key = name.name if name.name != "_" else f"_ {len(numbers)}"
    return numbers.setdefault(key, len(numbers))

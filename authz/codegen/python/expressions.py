"""The expression printer: values and formulas as Python expressions, and lines of conditions."""

from authz.analysis.definitions import Definition
from authz.analysis.substitute import free_variables, root_of
from authz.codegen.python.function import WIDEST, EmitScope, Function, LoopFunction
from authz.codegen.python.inline import expand
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
    values,
)

OPERATORS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

ALONE, IN_OR, IN_AND, IN_NOT = range(4)
"""How tightly the surroundings of an expression bind; it gets brackets where it binds less."""


def value_text(function: Function, value: Value, scope: EmitScope) -> str:
    """The expression for a value; it begins at the longest prefix that has a local name."""
    if isinstance(value, Constant):
        return repr(value.value)
    if isinstance(value, Variable):
        return function.variable_name(value.name)
    if value in scope.locals:
        return scope.locals[value]
    attribute = function.plan.attribute
    for length in range(len(value.fields) - 1, 0, -1):
        for known, name in scope.locals.items():
            if known.root == value.root and known.fields == value.fields[:length]:
                return ".".join([name, *map(attribute, value.fields[length:])])
    return ".".join([function.variable_name(value.root.name), *map(attribute, value.fields)])


def members_text(function: Function, collection: Access | tuple[Constant, ...], scope: EmitScope) -> str:
    """The expression for what stands on the right of `in`."""
    if isinstance(collection, Access):
        return value_text(function, collection, scope)
    return "(" + "".join(f"{constant.value!r}, " for constant in collection).rstrip() + ")"


def expression(function: Function, formula: Formula, scope: EmitScope, surroundings: int = IN_AND) -> str:
    """The expression for a formula."""
    match formula:
        case And(parts=()):
            return "True"
        case Or(parts=()):
            return "False"
        case And():
            return _joined(function, formula, scope, IN_AND, surroundings)
        case Or():
            return _joined(function, formula, scope, IN_OR, surroundings)
        case Not(operand=operand):
            return _negation(function, operand, scope)
        case Compare(operator=operator, left=left, right=right):
            return f"{value_text(function, left, scope)} {OPERATORS[operator]} {value_text(function, right, scope)}"
        case Absent(value=value):
            return f"{value_text(function, value, scope)} is None"
        case Holds(value=value):
            return value_text(function, value, scope)
        case Member(value=value, collection=collection):
            return f"{value_text(function, value, scope)} in {members_text(function, collection, scope)}"
        case Invoke(name=name) if name in function.form.inlined:
            return expression(function, expand(function, formula), scope, surroundings)
        case Invoke(name=name, arguments=arguments):
            return function.call(name, [value_text(function, argument, scope) for argument in arguments])
        case Exists():
            return _loop_call(function, formula, scope)


def _joined(function: Function, formula: And | Or, scope: EmitScope, operator: int, surroundings: int) -> str:
    """A conjunction or a disjunction, cheap parts first."""
    parts = drop_guards(sorted(formula.parts, key=function.plan.cost), isinstance(formula, Or))
    word = " and " if operator == IN_AND else " or "
    text = word.join(expression(function, expand(function, part), scope, operator) for part in parts)
    return f"({text})" if surroundings > operator else text


def _negation(function: Function, operand: Formula, scope: EmitScope) -> str:
    match operand:
        case Absent(value=value):
            return f"{value_text(function, value, scope)} is not None"
        case Member(value=value, collection=collection):
            return f"{value_text(function, value, scope)} not in {members_text(function, collection, scope)}"
    return f"not {expression(function, operand, scope, IN_NOT)}"


def _loop_call(function: Function, loop: Exists, scope: EmitScope) -> str:
    """Call a function for a loop that stands inside an expression."""
    variables = {root.name: root for value in values(loop) if (root := root_of(value)) is not None}
    parameters = tuple(variables[name] for name in sorted(free_variables(loop)))
    name = function.nested_name()
    function.nested.append(LoopFunction(name, Definition(name, parameters, loop, (loop.span,))))
    arguments = [value_text(function, parameter, scope) for parameter in parameters]
    return f"{name}({', '.join([*arguments, *function.form.memo])})"


def write_condition(
    function: Function, depth: int, keyword: str, parts: list[Formula], joint: str, scope: EmitScope
) -> None:
    """Write `if a and b:` or `return a or b`, on several lines where one would be too long."""
    disjuncts = joint == " or "
    parts = drop_guards(parts, disjuncts)
    surroundings = ALONE if len(parts) == 1 else IN_OR if disjuncts else IN_AND
    texts = [expression(function, expand(function, part), scope, surroundings) for part in parts]
    end = ":" if keyword == "if " else ""
    line = f"{keyword}{joint.join(texts)}{end}"
    if len(line) + 4 * depth <= WIDEST or len(texts) == 1:
        function.write(depth, line)
        return
    function.write(depth, f"{keyword}(")
    for index, text in enumerate(texts):
        function.write(depth + 1, text if index == 0 else f"{joint.lstrip()}{text}")
    function.write(depth, f"){end}")


def drop_guards(parts: list[Formula], disjuncts: bool) -> list[Formula]:
    """Conjuncts without `x != nil`, or disjuncts without `x = nil`, where the next test of `x` gives the same for None.

    `None` equals no constant and is in no collection: such a test fails, or negated holds, where its guard would have.
    """
    kept: list[Formula] = []
    for index, part in enumerate(parts):
        guarded = _guarded_value(part, disjuncts)
        if guarded is not None:
            next_test = next((other for other in parts[index + 1 :] if guarded in set(values(other))), None)
            if next_test is not None and _accepts_none(next_test, guarded, disjuncts):
                continue
        kept.append(part)
    return kept


def _guarded_value(part: Formula, disjunct: bool) -> Value | None:
    """The value that a guard is about: `x != nil` among conjuncts, `x = nil` among disjuncts."""
    if disjunct:
        return part.value if isinstance(part, Absent) else None
    return part.operand.value if isinstance(part, Not) and isinstance(part.operand, Absent) else None


def _accepts_none(part: Formula, value: Value, negated: bool) -> bool:
    """Whether a test of a value is false for None, or true for None where it is negated, as with its guard."""
    if isinstance(part, Compare):
        return part.left == value and isinstance(part.right, Constant) and part.operator == ("!=" if negated else "=")
    if negated:
        return isinstance(part, Not) and isinstance(part.operand, Member) and part.operand.value == value
    return isinstance(part, Member) and part.value == value

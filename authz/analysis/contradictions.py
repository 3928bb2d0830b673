"""Contradictions: formulas that no request and no facts can satisfy.

The analysis compares the conjuncts of a conjunction pairwise. It finds no contradiction that takes three conjuncts, or
the body of another rule.
"""

from itertools import combinations

from authz.analysis.simplify import conjuncts_of, negate, normalize
from authz.language.ir import Absent, And, Compare, Constant, Exists, Formula, Holds, Member, Not, Or, Value

_REVERSED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_EXCLUDES = {
    "=": frozenset({"!=", "<", ">"}),
    "<": frozenset({"=", ">", ">="}),
    ">": frozenset({"=", "<", "<="}),
    "<=": frozenset({">"}),
    ">=": frozenset({"<"}),
    "!=": frozenset({"="}),
}
"""By operator: those that cannot hold of the same two values."""


def never_holds(formula: Formula) -> bool:
    """Whether a formula is a contradiction by two of its conjuncts."""
    return _contradictory(normalize(formula), ())


def _contradictory(formula: Formula, known: tuple[Formula, ...]) -> bool:
    """Whether a normal formula contradicts itself, or the conjuncts around it."""
    match formula:
        case Or(parts=parts):
            return all(_contradictory(part, known) for part in parts)
        case Exists(body=body):
            return _contradictory(body, known)
    parts = conjuncts_of(formula)
    plain = tuple(part for part in parts if not isinstance(part, Or | Exists))
    around = (*known, *plain)
    return (
        any(_exclude(left, right) for left, right in combinations(around, 2))
        or any(_contradictory(part, around) for part in parts if isinstance(part, Or | Exists))
        if isinstance(formula, And)
        else any(_exclude(other, formula) for other in known)
    )


def _exclude(left: Formula, right: Formula) -> bool:
    """Whether two formulas cannot both hold."""
    if negate(left) == right or negate(right) == left:
        return True
    match left, right:
        case Compare(), Compare():
            return _compared_apart(left, right)
        case (Absent(value=absent), Not(operand=Absent())) | (Not(operand=Absent()), Absent(value=absent)):
            return False
        case (Absent(value=absent), other) | (other, Absent(value=absent)):
            return absent in _operands(other)
    one, two = _possible_constants(left), _possible_constants(right)
    return one is not None and two is not None and one[0] == two[0] and not one[1] & two[1]


def _operands(formula: Formula) -> tuple[Value, ...]:
    """The values without which a test cannot hold."""
    match formula:
        case Compare(left=left, right=right):
            return left, right
        case Holds(value=value) | Member(value=value):
            return (value,)
    return ()


def _compared_apart(left: Compare, right: Compare) -> bool:
    for other in (right, Compare(_REVERSED[right.operator], right.right, right.left, right.span)):
        if (left.left, left.right) == (other.left, other.right) and other.operator in _EXCLUDES[left.operator]:
            return True
    first, second = _bounded(left), _bounded(right)
    if first is None or second is None or first[0] != second[0]:
        return False
    (_, one, low), (_, two, high) = first, second
    if one == "=" or two == "=":
        known, operator, bound = (low, two, high) if one == "=" else (high, one, low)
        return type(known) is type(bound) and not _HOLDS[operator](known, bound)
    if one in (">", ">=") and two in ("<", "<="):
        return _gap(low, one, high, two)
    return two in (">", ">=") and one in ("<", "<=") and _gap(high, two, low, one)


_HOLDS = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _gap(low: object, above: str, high: object, below: str) -> bool:
    """Whether no integer lies above one bound and below another."""
    if not isinstance(low, int) or not isinstance(high, int):
        return False
    return low + (above == ">") > high - (below == "<")


def _bounded(formula: Compare) -> tuple[Value, str, str | int | bool] | None:
    """A comparison with a constant, as the value, the operator and the constant."""
    if isinstance(formula.right, Constant):
        return formula.left, formula.operator, formula.right.value
    if isinstance(formula.left, Constant):
        return formula.right, _REVERSED[formula.operator], formula.left.value
    return None


def _possible_constants(formula: Formula) -> tuple[Value, frozenset[object]] | None:
    """The value that a formula holds to one of some constants, and these constants."""
    match formula:
        case Member(value=value, collection=tuple(constants)):
            return value, frozenset(constant.value for constant in constants)
        case Compare(operator="=") if (bounded := _bounded(formula)) is not None:
            return bounded[0], frozenset({bounded[2]})
    return None

"""Check comparisons: equality, order, and tests for `nil`."""

from authz.language import ast
from authz.language.catalogue.names import EQUALITY_DOES_NOT_BIND
from authz.language.catalogue.types import (
    MISMATCHED_TYPES,
    NEVER_NIL,
    NIL_COMPARED_WITH_NIL,
    SELF_COMPARISON,
    UNORDERED_TYPE,
)
from authz.language.ir import Absent, Compare, Constant, Formula, Not, Value
from authz.language.printer import quote_term
from authz.language.typecheck.scope import FOREIGN_CONSTANTS, Scope, TermError, resolve_variable
from authz.language.typecheck.values import check_comparable, check_constant, check_value, parameter_help, type_not_nil
from authz.language.types import ORDERED, STRING, UNKNOWN, Optional, Type

EQUALITY = {"=": "=", "==": "=", "!=": "!="}
"""The operators of equality, and the operator that each is in the IR."""


def check_comparison(term: ast.Binary, scope: Scope) -> Formula:
    """The formula of a comparison; `x != nil` narrows the scope.

    Raises:
        TermError: the two sides cannot be compared.
    """
    for side in (term.left, term.right):
        if isinstance(side, ast.Name) and side.name in FOREIGN_CONSTANTS:
            resolve_variable(side, scope)
    _refuse_binding(term, scope)
    if is_nil(term.left) or is_nil(term.right):
        return _check_nil_test(term, scope)
    left, right = _check_sides(term, scope)
    if term.operator in EQUALITY:
        _check_equality(term, left, right, scope)
    else:
        _check_order(term, left, right, scope)
    if left == right and not isinstance(left, Constant):
        problem = f"`{quote_term(term.left)}` is compared with itself"
        raise scope.error(SELF_COMPARISON, term.span, problem, "compare it with another value")
    return Compare(EQUALITY.get(term.operator, term.operator), left, right, term.span)


def is_nil(term: ast.Term) -> bool:
    """Whether a term is the literal `nil`."""
    return isinstance(term, ast.Literal) and term.value is None


def _refuse_binding(term: ast.Binary, scope: Scope) -> None:
    if term.operator not in ("=", "=="):
        return
    for side in (term.left, term.right):
        if isinstance(side, ast.Name) and not scope.is_visible(side.name) and side.name not in scope.ended:
            problem = f"`{term.operator}` compares and never binds, and `{side.name}` is not bound"
            help = f'name a value with `{side.name} := ...`, or write the constant "{side.name}"'
            raise scope.error(EQUALITY_DOES_NOT_BIND, side.span, problem, help)


def _check_sides(term: ast.Binary, scope: Scope) -> tuple[Value, Value]:
    """Both sides of a comparison, so that the diagnostics of both are reported."""
    sides: list[Value] = []
    for side in (term.left, term.right):
        try:
            value = check_value(side, scope)
            type_not_nil(value, side, scope)
            sides.append(value)
        except TermError:
            continue
    if len(sides) < 2:
        raise TermError
    return sides[0], sides[1]


def _check_equality(term: ast.Binary, left: Value, right: Value, scope: Scope) -> None:
    left_type, right_type = type_not_nil(left, term.left, scope), type_not_nil(right, term.right, scope)
    check_comparable(left_type, term.left, scope)
    check_comparable(right_type, term.right, scope)
    if isinstance(right, Constant):
        check_constant(term.right, right, left_type, scope)
    elif isinstance(left, Constant):
        check_constant(term.left, left, right_type, scope)
    elif left_type != right_type:
        raise _mismatch(term, left_type, right_type, "they are never equal", scope)


def _check_order(term: ast.Binary, left: Value, right: Value, scope: Scope) -> None:
    types = [type_not_nil(left, term.left, scope), type_not_nil(right, term.right, scope)]
    for kind, side, other in zip(types, (term.left, term.right), reversed(types), strict=True):
        if kind not in ORDERED:
            why = "strings have no order here" if kind == STRING else f"a `{kind}` has no order"
            problem = f"`{term.operator}` compares integers, instants and dates: {why}"
            help = parameter_help(other) if isinstance(side, ast.Literal) else ""
            raise scope.error(UNORDERED_TYPE, side.span, problem, help)
    if types[0] != types[1]:
        raise _mismatch(term, types[0], types[1], "neither comes before the other", scope)


def _mismatch(term: ast.Binary, left: Type, right: Type, consequence: str, scope: Scope) -> TermError:
    sides = f"`{quote_term(term.left)}` is of type `{left}` and `{quote_term(term.right)}` of type `{right}`"
    return scope.error(MISMATCHED_TYPES, term.span, f"{sides}: {consequence}")


def _check_nil_test(term: ast.Binary, scope: Scope) -> Formula:
    if term.operator not in EQUALITY:
        problem = f"`{term.operator}` compares integers, instants and dates: `nil` has no order"
        raise scope.error(UNORDERED_TYPE, term.span, problem)
    side = term.right if is_nil(term.left) else term.left
    if is_nil(side):
        raise scope.error(NIL_COMPARED_WITH_NIL, term.span, "`nil` is compared with `nil`")
    value = check_value(side, scope)
    kind = value.type if not isinstance(value, Constant) else None
    if kind == UNKNOWN:
        raise TermError
    if not isinstance(kind, Optional):
        problem = f"`{quote_term(side)}` is never `nil`: it is not optional"
        raise scope.error(NEVER_NIL, side.span, problem, "leave the condition out")
    if EQUALITY[term.operator] == "=":
        return Absent(value, term.span)
    scope.not_nil |= {value}
    return Not(Absent(value, term.span))

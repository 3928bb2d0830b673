"""Check conditions: `and`, `or`, `not`, and whatever they join; typed formulas come out.

Scope and narrowing follow the author's order within a conjunction: see `scope.py`.
"""

from authz.language import ast
from authz.language.catalogue.names import ALREADY_BOUND, INVALID_ASSIGNMENT
from authz.language.catalogue.types import NIL_AS_VALUE, NOT_A_CONDITION
from authz.language.ir import (
    FALSE,
    TRUE,
    Absent,
    Exists,
    Formula,
    Holds,
    Not,
    Value,
    conjunction,
    disjunction,
)
from authz.language.printer import quote_term
from authz.language.typecheck.calls import check_call
from authz.language.typecheck.comparisons import check_comparison, is_nil
from authz.language.typecheck.membership import bind_element, binds_element, check_membership
from authz.language.typecheck.scope import Scope, TermError, check_bindable
from authz.language.typecheck.values import check_value, type_not_nil
from authz.language.types import BOOLEAN


def check_conjunction(terms: list[ast.Term], scope: Scope) -> Formula:
    """The formula of terms joined by `and`, in order; a binding is visible in the terms after it.

    Terms with diagnostics are left out of the formula. Adds bindings and narrowings to `scope`.
    """
    pending = _flatten(terms)
    formulas: list[Formula] = []
    while pending:
        term = pending.pop(0)
        try:
            if isinstance(term, ast.Binary) and term.operator == ":=":
                _check_assignment(term, scope)
            elif isinstance(term, ast.Binary) and binds_element(term, scope):
                variable, collection = bind_element(term, scope)
                rest = check_conjunction(pending, scope)
                return conjunction([*formulas, Exists(variable, collection, rest, term.span)])
            else:
                formulas.append(check_condition(term, scope))
        except TermError:
            scope.recover(term)
    return conjunction(formulas)


def check_condition(term: ast.Term, scope: Scope) -> Formula:
    """The formula of one condition.

    Raises:
        TermError: it has a diagnostic, which is reported.
    """
    match term:
        case ast.And():
            return check_conjunction([term], scope)
        case ast.Or():
            return check_disjunction(term, scope)
        case ast.Not():
            return check_negation(term, scope)
        case ast.Call():
            return check_call(term, scope)
        case ast.Binary(operator="in"):
            return check_membership(term, scope)
        case ast.Binary():
            return check_comparison(term, scope)
        case ast.Literal(value=bool(value)):
            return TRUE if value else FALSE
    return _check_boolean(term, scope)


def check_negation(term: ast.Not, scope: Scope) -> Formula:
    """The formula of a `not`; nothing bound or narrowed inside it is visible after it."""
    nested = scope.nested()
    formula = check_conjunction([term.operand], nested)
    scope.end_nested(nested, "not")
    return Not(formula)


def check_disjunction(term: ast.Or, scope: Scope) -> Formula:
    """The formula of an `or`; nothing bound or narrowed in a branch is visible in another branch or after it."""
    branches: list[Formula] = []
    absent: frozenset[Value] = scope.nil_in_earlier_branch
    nested_scopes: list[Scope] = []
    for part in term.parts:
        nested = scope.nested()
        nested.nil_in_earlier_branch = absent
        branch = check_conjunction([part], nested)
        branches.append(branch)
        nested_scopes.append(nested)
        if isinstance(branch, Absent):
            absent |= {branch.value}
    for nested in nested_scopes:
        scope.end_nested(nested, "or")
    return disjunction(branches)


def _check_boolean(term: ast.Term, scope: Scope) -> Formula:
    value = check_value(term, scope)
    kind = type_not_nil(value, term, scope)
    if kind != BOOLEAN:
        problem = f"`{quote_term(term)}` is of type `{kind}`, and is not a condition"
        raise scope.error(NOT_A_CONDITION, term.span, problem, "compare it with something")
    return Holds(value, term.span)


def _check_assignment(term: ast.Binary, scope: Scope) -> None:
    """Bind the name to the left of `:=`; the formula has the value wherever the name stands."""
    name = term.left
    if not isinstance(name, ast.Name):
        problem = "the left side of `:=` must be a name"
        raise scope.error(INVALID_ASSIGNMENT, name.span, problem, "write `name := value`")
    if scope.is_visible(name.name):
        problem = f"`{name.name}` has a value already"
        raise scope.error(ALREADY_BOUND, name.span, problem, "`:=` binds once; `=` compares")
    check_bindable(name, scope)
    if is_nil(term.right):
        problem = "`nil` cannot be named"
        raise scope.error(NIL_AS_VALUE, term.right.span, problem, "compare with `nil` where absence is meant")
    value = check_value(term.right, scope)
    scope.bind(name, scope.rule.fresh_name(name.name), value)


def _flatten(terms: list[ast.Term]) -> list[ast.Term]:
    flat: list[ast.Term] = []
    for term in terms:
        flat += _flatten(list(term.parts)) if isinstance(term, ast.And) else [term]
    return flat

"""Check `in`: membership of a known value, and the binding of a new variable to the elements of a collection."""

from authz.language import ast
from authz.language.catalogue.types import (
    ELEMENT_OF_LIST_LITERAL,
    EMPTY_LIST,
    LIST_ITEM_NOT_CONSTANT,
    MISMATCHED_TYPES,
    NOT_A_COLLECTION,
    TOO_MANY_ELEMENTS,
)
from authz.language.ir import Access, Constant, Formula, Member, Variable
from authz.language.printer import quote_term
from authz.language.typecheck.scope import Scope, check_bindable
from authz.language.typecheck.signatures import constant_type
from authz.language.typecheck.values import check_comparable, check_constant, check_value, type_not_nil
from authz.language.types import Collection, Type

MAX_LOOPS = 12
"""How many elements one condition may pick: Python nests twenty loops, and rules that are inlined add theirs."""


def binds_element(term: ast.Binary, scope: Scope) -> bool:
    """Whether a term is `x in xs` with an `x` that has no value yet."""
    name = term.left
    return term.operator == "in" and isinstance(name, ast.Name) and not scope.is_visible(name.name)


def bind_element(term: ast.Binary, scope: Scope) -> tuple[Variable, Access]:
    """The new variable and the collection that it ranges over; binds the variable in the scope.

    Raises:
        TermError: the name cannot be bound, the right side is no collection, or the loops nest too deep.
    """
    assert isinstance(term.left, ast.Name)  # `binds_element` saw it
    name = term.left
    check_bindable(name, scope)
    if isinstance(term.right, ast.ListLiteral):
        problem = f"`{name.name}` is not bound: `in` picks elements from a collection, not from a list"
        raise scope.error(ELEMENT_OF_LIST_LITERAL, name.span, problem, "write the cases out with `or`")
    collection, element_type = _check_collection(term, scope)
    scope.loops += 1
    if scope.loops == MAX_LOOPS + 1:
        problem = f"one condition picks more than {MAX_LOOPS} elements"
        help = "give a part of the condition a rule of its own"
        raise scope.error(TOO_MANY_ELEMENTS, term.span, problem, help)
    variable = Variable(scope.rule.fresh_name(name.name), element_type)
    scope.bind(name, variable.name, variable)
    return variable, collection


def check_membership(term: ast.Binary, scope: Scope) -> Formula:
    """The formula of a test that a known value is in a collection, or among constants.

    Raises:
        TermError: the types do not fit.
    """
    value = check_value(term.left, scope)
    kind = type_not_nil(value, term.left, scope)
    check_comparable(kind, term.left, scope)
    if isinstance(term.right, ast.ListLiteral):
        expected = constant_type(value.value) if isinstance(value, Constant) else kind
        return Member(value, _check_constants(term.right, expected, scope), term.span)
    collection, element_type = _check_collection(term, scope)
    if isinstance(value, Constant):
        check_constant(term.left, value, element_type, scope)
    elif kind != element_type:
        left, right = quote_term(term.left), quote_term(term.right)
        problem = f"`{left}` is of type `{kind}`, and the elements of `{right}` are of type `{element_type}`"
        raise scope.error(MISMATCHED_TYPES, term.span, problem)
    return Member(value, collection, term.span)


def _check_constants(items: ast.ListLiteral, expected: Type, scope: Scope) -> tuple[Constant, ...]:
    constants: list[Constant] = []
    for item in items.items:
        if not isinstance(item, ast.Literal) or item.value is None:
            problem = f"`{quote_term(item)}` in a list: a list holds constants"
            raise scope.error(LIST_ITEM_NOT_CONSTANT, item.span, problem, 'write `in ["a", "b"]`')
        constants.append(Constant(item.value))
        check_constant(item, constants[-1], expected, scope)
    if not constants:
        raise scope.error(EMPTY_LIST, items.span, "nothing is in an empty list", "name the values")
    return tuple(constants)


def _check_collection(term: ast.Binary, scope: Scope) -> tuple[Access, Type]:
    """The collection to the right of `in`, and the type of its elements."""
    if not isinstance(term.right, ast.Path | ast.Name):
        problem = "the right side of `in` must be a collection of the vocabulary, or a list of constants"
        raise scope.error(NOT_A_COLLECTION, term.right.span, problem)
    value = check_value(term.right, scope)
    kind = type_not_nil(value, term.right, scope)
    if not isinstance(kind, Collection):
        problem = f"the right side of `in` must be a collection: `{quote_term(term.right)}` is of type `{kind}`"
        raise scope.error(NOT_A_COLLECTION, term.right.span, problem)
    assert isinstance(value, Access)  # only a field is a collection
    return value, kind.of

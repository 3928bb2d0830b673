"""The IR: walking formulas, reading their values, joining them; equality ignores where a formula stands."""

import pytest

from authz.language.ir import (
    FALSE,
    TRUE,
    Access,
    And,
    Compare,
    Exists,
    Formula,
    Holds,
    Invoke,
    Not,
    Or,
    conjunction,
    disjunction,
    invocations,
    subformulas,
    values,
)
from authz.language.printer import value_to_polar
from authz.language.types import STRING, Collection, Record, Type
from tests.support.small_schema import EVENT, SCHEMA, checked, condition

BODY = (
    'request.open and not (g in request.grants and (g.level < 3 or f(g, "a")) and request.limit != nil)'
    ' and request.name in request.names and "b" in ["b", "c"];\n'
    'f(g: Grant, n: String) if g.open and n = "a"'
)


def formula(body: str) -> Formula:
    (rule,) = checked(condition(body)).rules["rule"]
    return rule.body


def test_subformulas_come_in_preorder() -> None:
    kinds = [type(part).__name__ for part in subformulas(formula(BODY))]
    assert kinds == [
        *("And", "Holds", "Not", "Exists", "And", "Or", "Compare", "Invoke", "Not", "Absent"),
        *("Member", "Member"),
    ]


def test_calls_are_found_wherever_they_stand() -> None:
    assert [call.name for call in invocations(formula(BODY))] == ["f"]


def test_values_are_read_from_left_to_right() -> None:
    assert [value_to_polar(value) for value in values(formula(BODY))] == [
        *("request.open", "request.grants", "g.level", "3", "g", '"a"', "request.limit"),
        *("request.name", "request.names", '"b"', '"b"', '"c"'),
    ]


@pytest.mark.parametrize(("join", "kind", "empty"), [(conjunction, And, TRUE), (disjunction, Or, FALSE)])
def test_joined_formulas_are_flat(join: object, kind: type[And] | type[Or], empty: Formula) -> None:
    assert callable(join)
    a, b, c = (formula(f"request.{name}") for name in ("open", "consent", "withdrawn"))
    other = Or((b, c)) if kind is And else And((b, c))
    assert join([]) == empty
    assert join([a]) == a
    assert join([a, kind((b, c))]) == kind((a, b, c))
    assert join([a, other]) == kind((a, other))
    assert join([empty, a]) == a


def test_formulas_of_different_places_are_equal() -> None:
    first, second = formula(BODY), formula(BODY.replace(" and ", "\n    and "))
    assert first == second
    spans = [
        [part.span for part in subformulas(f) if isinstance(part, Holds | Compare | Invoke)] for f in (first, second)
    ]
    assert spans[0] != spans[1]


def test_a_path_keeps_its_root_and_the_type_of_its_last_field() -> None:
    whole = formula("g in request.grants and g.link != nil and g.link.closed")
    assert isinstance(whole, Exists) and isinstance(whole.body, And)
    guard, closed = whole.body.parts
    assert isinstance(guard, Not) and isinstance(closed, Holds) and isinstance(closed.value, Access)
    assert (closed.value.root.name, closed.value.fields, str(closed.value.type)) == ("g", ("link", "closed"), "Boolean")


@pytest.mark.parametrize(
    ("actual", "expected", "subtype"),
    [
        (Record("Grant"), Record("Dated"), True),
        (Record("Dated"), Record("Grant"), False),
        (Record("Grant"), Record("Grant"), True),
        (Record("Block"), Record("Dated"), False),
        (Record("Grant"), STRING, False),
        (Record("Grant"), Collection(STRING), False),
        (STRING, Record("Grant"), False),
        (STRING, STRING, True),
        (STRING, EVENT, False),
    ],
)
def test_a_record_is_a_subtype_of_what_it_extends(actual: Type, expected: Type, subtype: bool) -> None:
    assert SCHEMA.is_subtype(actual, expected) is subtype


def test_callees_come_before_callers() -> None:
    text = "a(r: Request) if b(r) and c(r);\nb(r: Request) if c(r);\nc(r: Request) if r.open;\n"
    names = list(checked(text).rules)
    assert names.index("c") < names.index("b") < names.index("a")


def test_variables_of_one_name_are_told_apart_within_a_rule() -> None:
    either = formula('(x in request.names and x = "a") or (x in request.names and x = "b")')
    assert [part.variable.name for part in subformulas(either) if isinstance(part, Exists)] == ["x", "x_2"]

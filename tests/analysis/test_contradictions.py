"""Contradictions: what is reported never holds, and of two comparisons every contradiction is reported."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.analysis.contradictions import never_holds
from authz.language.diagnostics import Span
from authz.language.ir import Absent, Access, And, Compare, Constant, Formula, Member, Not, Or, Value, Variable
from authz.language.types import INTEGER, Optional, Record

SPAN = Span("f", 1, 1)
REQUEST = Variable("request", Record("Request"))
X, Y = (Access(REQUEST, (name,), Optional(INTEGER)) for name in "xy")
OPERATORS = ("=", "!=", "<", "<=", ">", ">=")
DOMAIN = (None, 0, 1, 2, 3)


def holds(formula: Formula, x: int | None, y: int | None) -> bool:
    """A naive evaluation; a comparison of an absent value does not hold, as no rule comes to it."""

    def value(each: Value) -> int | None:
        if isinstance(each, Constant):
            assert isinstance(each.value, int)
            return each.value
        return x if each == X else y

    match formula:
        case And(parts=parts):
            return all(holds(part, x, y) for part in parts)
        case Or(parts=parts):
            return any(holds(part, x, y) for part in parts)
        case Not(operand=operand):
            return not holds(operand, x, y)
        case Absent(value=absent):
            return value(absent) is None
        case Member(value=member, collection=tuple(constants)):
            return value(member) in [constant.value for constant in constants]
        case Compare(operator=operator, left=left, right=right):
            one, two = value(left), value(right)
            if one is None or two is None:
                return False
            order = (one > two) - (one < two)
            return order in {"=": (0,), "!=": (-1, 1), "<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}[operator]
    raise AssertionError(formula)


CONSTANTS = st.integers(0, 3).map(Constant)
COMPARISONS = st.builds(
    Compare,
    st.sampled_from(OPERATORS),
    st.sampled_from([X, Y]) | CONSTANTS,
    st.sampled_from([X, Y]) | CONSTANTS,
    st.just(SPAN),
)
TESTS = st.one_of(
    COMPARISONS,
    st.builds(Member, st.sampled_from([X, Y]), st.lists(CONSTANTS, min_size=1, max_size=2).map(tuple), st.just(SPAN)),
    st.builds(Absent, st.sampled_from([X, Y]), st.just(SPAN)),
    st.builds(Not, st.builds(Absent, st.sampled_from([X, Y]), st.just(SPAN))),
)
FORMULAS = st.recursive(
    TESTS,
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple).flatmap(lambda parts: st.sampled_from([And(parts), Or(parts)]))
    ),
)


@given(FORMULAS)
def test_what_is_reported_never_holds(formula: Formula) -> None:
    if never_holds(formula):
        assert not any(holds(formula, x, y) for x, y in product(DOMAIN, DOMAIN))


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(("first", "second"), list(product(OPERATORS, OPERATORS)))
def test_every_contradiction_of_two_comparisons_is_reported(first: str, second: str, swapped: bool) -> None:
    reversed_operator = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(second, second)
    same = Compare(reversed_operator, Y, X, SPAN) if swapped else Compare(second, X, Y, SPAN)
    pairs: list[tuple[Compare, Compare]] = [(Compare(first, X, Y, SPAN), same)]
    for low, high in product((1, 2), (1, 2)):
        bound = (
            Compare(reversed_operator, Constant(high), X, SPAN) if swapped else Compare(second, X, Constant(high), SPAN)
        )
        pairs.append((Compare(first, X, Constant(low), SPAN), bound))
    for pair in pairs:
        possible = any(holds(And(pair), x, y) for x, y in product(range(-2, 6), range(-2, 6)))
        assert never_holds(And(pair)) is not possible

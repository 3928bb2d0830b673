"""The constructs of the profile are accepted, and mean what the IR says of them."""

import pytest

from authz.language.ir import Absent, And, Compare, Constant, Exists, Formula, Holds, Member, Not
from tests.support.accepted_conditions import ACCEPTED
from tests.support.small_schema import checked, checker_output, condition


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in ACCEPTED.items()])
def test_a_construct_of_the_profile_is_accepted(body: str) -> None:
    assert checker_output(condition(body)) == ""


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in ACCEPTED.items()])
def test_lines_may_end_in_cr_lf(body: str) -> None:
    assert (
        checker_output(condition(body).replace(" if ", " if\r\n    ").replace("\n", "\r\n").replace("\r\r", "\r")) == ""
    )


def formula(body: str) -> Formula:
    (rule,) = checked(condition(body)).rules["rule"]
    return rule.body


def parts(formula: Formula) -> tuple[Formula, ...]:
    assert isinstance(formula, And)
    return formula.parts


def test_not_binds_looser_than_in_and_comparison_and_tighter_than_and() -> None:
    read = parts(formula('not request.name in request.names and not request.name = "a" and request.open'))
    assert [type(part) for part in read] == [Not, Not, Holds]
    assert [type(part.operand) for part in read if isinstance(part, Not)] == [Member, Compare]


def test_an_element_scopes_over_the_rest_of_its_conjunction() -> None:
    _, loop = parts(formula("request.consent and (g in request.grants and g.open) and g.level = 1"))
    assert isinstance(loop, Exists)
    assert [type(part) for part in parts(loop.body)] == [Holds, Compare]


def test_a_name_is_replaced_by_what_it_names() -> None:
    assert formula("x := request.owner and y := x.id and y = request.name") == formula(
        "request.owner.id = request.name"
    )


def test_absence_is_its_own_condition_and_nothing_else() -> None:
    guard, compared = parts(formula("request.limit != nil and request.limit = 3"))
    assert isinstance(guard, Not) and isinstance(guard.operand, Absent)
    assert isinstance(compared, Compare) and compared.right == Constant(3)

"""Substitution captures no variable, and renames no more than it must."""

from authz.analysis.definitions import Definition, instantiate
from authz.analysis.substitute import bound_variables, free_variables, rename_bound, root_of, substitute
from authz.language.diagnostics import Span
from authz.language.ir import Access, And, Compare, Constant, Exists, Member, Not, Variable
from authz.language.types import INTEGER, STRING, Collection, Record

SPAN = Span("rules.polar", 1, 1)
REQUEST, OTHER = Variable("request", Record("Request")), Variable("other", Record("Grant"))
ROW = Variable("row", Record("Grant"))
ROWS = Access(REQUEST, ("grants",), Collection(Record("Grant")))


def level(variable: Variable) -> Access:
    return Access(variable, ("level",), INTEGER)


def lower(left: Variable, right: Variable) -> Compare:
    return Compare("<", level(left), level(right), SPAN)


LOOP = Exists(ROW, ROWS, lower(ROW, OTHER), SPAN)


def test_a_field_of_a_variable_becomes_a_field_of_what_replaces_it() -> None:
    owner = Access(REQUEST, ("owner",), Record("Grant"))
    expected = Compare("<", level(ROW), Access(REQUEST, ("owner", "level"), INTEGER), SPAN)
    assert substitute(lower(ROW, OTHER), {"other": owner}) == expected


def test_a_bound_variable_is_not_replaced() -> None:
    assert substitute(LOOP, {"row": OTHER}) == LOOP


def test_the_collection_of_a_loop_is_outside_its_scope() -> None:
    loop = Exists(REQUEST, Access(REQUEST, ("parts",), Collection(Record("Request"))), Not(And(())), SPAN)
    renamed = substitute(loop, {"request": Variable("r", Record("Request"))})
    assert isinstance(renamed, Exists)
    assert renamed.collection.root.name == "r"
    assert renamed.variable == REQUEST


def test_constants_in_a_list_stay() -> None:
    member = Member(Access(REQUEST, ("name",), STRING), (Constant("a"),), SPAN)
    assert substitute(member, {"request": Variable("r", Record("Request"))}) == Member(
        Access(Variable("r", Record("Request")), ("name",), STRING), (Constant("a"),), SPAN
    )


def test_bound_variables_get_names_apart_from_those_taken_and_from_each_other() -> None:
    formula = And((LOOP, LOOP, Not(LOOP)))
    renamed = rename_bound(formula, {"row", "row_2"})
    assert list(bound_variables(renamed)) == ["row_3", "row_4", "row_5"]
    assert free_variables(renamed) == free_variables(formula) == {"request", "other"}


def test_names_that_nothing_has_taken_stay() -> None:
    assert rename_bound(LOOP, {"other"}) == LOOP


def test_an_argument_of_the_name_of_a_bound_variable_is_not_captured() -> None:
    definition = Definition("f", (REQUEST, OTHER), LOOP)
    instance = instantiate(definition, (REQUEST, ROW), taken=())
    fresh = Variable("row_2", Record("Grant"))
    assert instance == Exists(fresh, ROWS, lower(fresh, ROW), SPAN)


def test_roots() -> None:
    assert root_of(ROW) == root_of(level(ROW)) == ROW
    assert root_of(Constant(1)) is None

"""Simplification keeps the meaning of formulas, and gives the forms that the code generator relies on."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from authz.analysis.definitions import rule_definitions
from authz.analysis.simplify import conjoin, disjoin, miniscope, negate, normalize, simplify_under
from authz.analysis.substitute import bound_variables, free_variables
from authz.bundle.vocabulary import attribute
from authz.interpreter.evaluate import Interpreter, two_valued
from authz.interpreter.truth import AbsentValueError
from authz.language.diagnostics import Span
from authz.language.ir import (
    FALSE,
    TRUE,
    Access,
    And,
    Compare,
    Constant,
    Exists,
    Formula,
    Holds,
    Not,
    Or,
    Variable,
    subformulas,
)
from authz.language.types import BOOLEAN, INTEGER, Collection, Record
from tests.support.generated_policies import Policies

SPAN = Span("rules.polar", 1, 1)
REQUEST = Variable("request", Record("Request"))
ROW = Variable("row", Record("Grant"))
ROWS = Access(REQUEST, ("grants",), Collection(Record("Grant")))
LEVEL, ROW_LEVEL = Access(REQUEST, ("level",), INTEGER), Access(ROW, ("level",), INTEGER)
OPEN, ROW_OPEN = Holds(Access(REQUEST, ("open",), BOOLEAN), SPAN), Holds(Access(ROW, ("open",), BOOLEAN), SPAN)


def compare(operator: str, left: Any, right: Any) -> Compare:
    return Compare(operator, left, right, SPAN)


def formulas(seed: int, policies: int) -> Iterator[tuple[Formula, Interpreter[bool], dict[str, Any]]]:
    """Formulas of generated definitions over the request alone, with an evaluator and the request's environment."""
    drawing, random = Policies(seed), Random(seed)
    for _ in range(policies):
        drawn = drawing.draw()
        for definition in rule_definitions(drawn.program).values():
            if definition.name == "allow" or len(definition.parameters) > 1:
                continue
            for _ in range(4):
                environment = {definition.parameters[0].name: drawn.request(random)}
                yield definition.formula, two_valued(drawn.program, attribute), environment


def truths(formula: Formula, interpreter: Interpreter[bool], environment: dict[str, Any]) -> Iterator[Formula]:
    """The closed subformulas of a formula that hold, or that hold negated."""
    bound = set(bound_variables(formula))
    for part in subformulas(formula):
        if not free_variables(part) & bound:
            try:
                yield part if interpreter.evaluate(part, environment) else negate(normalize(part))
            except AbsentValueError:
                continue


def test_a_normal_form_and_its_negation_mean_what_the_formula_means() -> None:
    seen = set[bool]()
    for formula, interpreter, environment in formulas(1, 150):
        truth = interpreter.evaluate(formula, environment)
        assert interpreter.evaluate(normalize(formula), environment) is truth
        assert interpreter.evaluate(negate(normalize(formula)), environment) is not truth
        seen.add(truth)
    assert seen == {True, False}


def test_a_formula_simplified_under_what_holds_means_what_it_meant() -> None:
    random, smaller = Random(2), 0
    for formula, interpreter, environment in formulas(2, 120):
        known = [normalize(each) for each in truths(formula, interpreter, environment)]
        known = [each for each in random.sample(known, min(2, len(known))) if each not in (TRUE, FALSE)]
        before = normalize(formula)
        after = simplify_under(before, frozenset(known))
        smaller += after != before
        assert interpreter.evaluate(after, environment) is interpreter.evaluate(formula, environment), (formula, known)
    assert smaller > 100


def test_a_normal_form_is_flat_and_repeats_nothing() -> None:
    for formula, _, _ in formulas(3, 60):
        for part in subformulas(normalize(formula)):
            if isinstance(part, And | Or):
                assert not any(isinstance(each, type(part)) for each in part.parts)
                assert len(set(part.parts)) == len(part.parts)
            if isinstance(part, Not):
                assert not isinstance(part.operand, Not | Or | Compare)


def test_conjuncts_that_do_not_read_the_row_stand_outside_its_loop() -> None:
    loop = Exists(ROW, ROWS, And((OPEN, ROW_OPEN)), SPAN)
    assert miniscope(loop) == And((OPEN, Exists(ROW, ROWS, ROW_OPEN, SPAN)))


def test_a_loop_whose_body_contradicts_itself_outside_the_row_is_false() -> None:
    assert miniscope(Exists(ROW, ROWS, And((FALSE, ROW_OPEN)), SPAN)) == FALSE


def test_a_loop_of_which_nothing_reads_the_row_still_needs_one() -> None:
    assert miniscope(Exists(ROW, ROWS, OPEN, SPAN)) == And((OPEN, Exists(ROW, ROWS, TRUE, SPAN)))


SAME = compare("=", LEVEL, LEVEL)
FOLDED = {
    "a value equals itself": (SAME, TRUE),
    "a value is not less than itself": (compare("<", LEVEL, LEVEL), FALSE),
    "a value is at most itself": (compare("<=", LEVEL, LEVEL), TRUE),
    "a value is at least itself": (compare(">=", LEVEL, LEVEL), TRUE),
    "a value does not differ from itself": (compare("!=", LEVEL, LEVEL), FALSE),
    "false in a conjunction": (And((OPEN, FALSE)), FALSE),
    "true in a disjunction": (Or((OPEN, TRUE)), TRUE),
    "true in a conjunction": (And((OPEN, TRUE)), OPEN),
    "a double negation": (Not(Not(OPEN)), OPEN),
    "a negated comparison": (Not(compare("<", LEVEL, Constant(1))), compare(">=", LEVEL, Constant(1))),
    "a negated disjunction": (
        Not(Or((OPEN, compare("=", LEVEL, Constant(1))))),
        And((Not(OPEN), compare("!=", LEVEL, Constant(1)))),
    ),
    "a negated conjunction": (
        Not(And((OPEN, compare("=", LEVEL, Constant(1))))),
        Or((Not(OPEN), compare("!=", LEVEL, Constant(1)))),
    ),
}


@pytest.mark.parametrize("name", FOLDED)
def test_folding(name: str) -> None:
    formula, expected = FOLDED[name]
    assert normalize(formula) == expected


def test_a_negated_conjunction_with_a_loop_stays_one_formula() -> None:
    formula = And((OPEN, Exists(ROW, ROWS, ROW_OPEN, SPAN)))
    assert negate(formula) == Not(formula)


def test_nothing_conjoined_is_true_and_nothing_disjoined_is_false() -> None:
    assert conjoin([]) == TRUE
    assert disjoin([]) == FALSE


def test_a_value_that_equals_one_constant_equals_no_other() -> None:
    known = frozenset({compare("=", LEVEL, Constant(1))})
    assert simplify_under(compare("=", LEVEL, Constant(2)), known) == FALSE
    assert simplify_under(compare("!=", LEVEL, Constant(2)), known) == TRUE
    assert simplify_under(compare("!=", LEVEL, Constant(1)), known) == FALSE
    assert simplify_under(compare("=", LEVEL, Constant(1)), known) == TRUE
    assert simplify_under(compare("<", LEVEL, Constant(2)), known) == compare("<", LEVEL, Constant(2))


def test_what_is_known_of_an_outer_row_says_nothing_of_an_inner_one_of_its_name() -> None:
    loop = Exists(ROW, ROWS, ROW_OPEN, SPAN)
    assert simplify_under(loop, frozenset({ROW_OPEN})) == loop
    about_both = Exists(ROW, ROWS, And((compare("=", ROW_LEVEL, LEVEL), OPEN)), SPAN)
    assert simplify_under(about_both, frozenset({OPEN})) == Exists(ROW, ROWS, compare("=", ROW_LEVEL, LEVEL), SPAN)

"""The evaluator with two truth values agrees with the naive evaluator; its trace names the clauses that hold."""

from random import Random

import pytest

from authz.bundle.vocabulary import attribute
from authz.interpreter.distance import Distances
from authz.interpreter.evaluate import record_holding, two_valued
from authz.interpreter.truth import AbsentValueError
from authz.language.diagnostics import Span
from authz.language.ir import Access, Compare, subformulas, values
from tests.support.generated_policies import Policies
from tests.support.generated_vocabularies import CODES
from tests.support.naive_evaluator import formula_holds, holds
from tests.support.small_records import Grant, Reader, Request
from tests.support.small_schema import checked

READ = "allow(_reader: Reader, action: String, request: Request) if action = request.action and "


@pytest.mark.parametrize("seed", range(2))
def test_the_evaluator_agrees_with_the_naive_one_on_generated_policies(seed: int) -> None:
    policies, random, permits = Policies(seed), Random(seed), 0
    for _ in range(120):
        drawn = policies.draw()
        subject = drawn.subject()
        for _ in range(4):
            request = drawn.request(random)
            interpreter = two_valued(drawn.program, attribute)
            expected = holds(drawn.program, "allow", subject, "read", request)
            assert interpreter.call("allow", subject, "read", request) is expected, drawn.text
            for code in CODES:
                reason = holds(drawn.program, "reason", request, code)
                assert interpreter.call("reason", request, code) is reason, drawn.text
            permits += expected
    assert 120 < permits < 360


def test_the_trace_is_called_with_every_clause_that_is_evaluated() -> None:
    program = checked(
        'f(r: Request) if r.level = 1;\nf(r: Request) if r.level = 2;\nf(r: Request) if r.name = "ann";\n'
        + READ
        + "f(request);"
    )
    spans: set[Span] = set()
    interpreter = two_valued(program, attribute, record_holding(spans))
    request = Request(level=2)
    assert interpreter.call("allow", Reader(), "read", request)
    # The third clause holds too; it is not evaluated, as the second one decides.
    assert spans == {program.rules["f"][1].span, program.rules["allow"][0].span}


def test_a_clause_whose_literal_differs_is_left_out() -> None:
    program = checked(
        'f(_r: Request, "a") if true = true;\nf(r: Request, "b") if r.open;\n' + READ + 'f(request, "b");'
    )
    interpreter = two_valued(program, attribute)
    request = Request(open=False)
    assert [clause.rule for clause in interpreter.clauses("f", (request, "b"))] == [program.rules["f"][1]]
    assert list(interpreter.clauses("f", (request, "c"))) == []
    assert not interpreter.call("allow", Reader(), "read", request)


def test_a_literal_does_not_match_a_value_of_another_type() -> None:
    program = checked("f(_r: Request, 1) if _r.open;\n" + READ + "f(request, request.level);")
    interpreter = two_valued(program, attribute)
    request = Request(level=1)
    assert interpreter.call("f", request, 1)
    assert not interpreter.call("f", request, "1")


def test_what_stands_behind_a_guard_that_does_not_hold_has_no_truth() -> None:
    program = checked(READ + "request.limit != nil and request.limit > 1;")
    interpreter = two_valued(program, attribute)
    (clause,) = interpreter.clauses("allow", (Reader(), "read", Request(limit=None)))
    assert interpreter.evaluate(clause.rule.body, clause.environment) is False
    (comparison,) = (p for p in subformulas(clause.rule.body) if isinstance(p, Compare) and p.operator == ">")
    with pytest.raises(AbsentValueError):
        interpreter.evaluate(comparison, clause.environment)


def test_a_field_of_an_absent_record_has_no_value() -> None:
    program = checked(READ + "request.link != nil and request.link.closed;")
    interpreter = two_valued(program, attribute)
    (clause,) = interpreter.clauses("allow", (Reader(), "read", Request(link=None)))
    (path,) = (v for v in values(clause.rule.body) if isinstance(v, Access) and v.fields == ("link", "closed"))
    with pytest.raises(AbsentValueError):
        interpreter.value(path, clause.environment)


@pytest.mark.parametrize("seed", range(2))
def test_the_distance_is_nothing_exactly_where_a_formula_has_the_wanted_truth(seed: int) -> None:
    policies, random, far = Policies(seed), Random(seed), 0
    for _ in range(100):
        drawn = policies.draw()
        subject = drawn.subject()
        (rule,) = drawn.program.rules["allow"]
        for _ in range(4):
            arguments = (subject, "read", drawn.request(random))
            interpreter = two_valued(drawn.program, attribute)
            for clause in interpreter.clauses("allow", arguments):
                truth = formula_holds(rule.body, clause.environment, drawn.program)
                distances = Distances(interpreter)
                assert (distances.distance(rule.body, clause.environment) == 0) is truth, drawn.text
                assert (distances.distance(rule.body, clause.environment, wanted=False) == 0) is not truth, drawn.text
                far += distances.distance(rule.body, clause.environment) > 1
    assert far > 50


DISTANCES = {
    "each conjunct that does not hold counts": ('request.level = 5 and request.open and request.name = "zoe"', 2),
    "the nearest disjunct counts": ('((request.level = 5 and request.name = "zoe") or request.withdrawn)', 1),
    "a call counts as its nearest clause": ("f(request)", 1),
    "the nearest row counts": ('g in request.grants and g.level = 3 and g.holder = "zoe"', 1),
    "what stands behind a guard that does not hold counts too": ("request.limit != nil and request.limit > 1", 2),
    "no row is one away": ('b in request.blocks and b.level = 3 and b.holder = "zoe"', 1),
    "every row that must not be counts": ("not (g in request.grants and g.open)", 2),
}


@pytest.mark.parametrize("name", DISTANCES)
def test_distances(name: str) -> None:
    body, expected = DISTANCES[name]
    program = checked(
        'f(r: Request) if r.level = 5 and r.name = "zoe" and r.mode = "given";\n'
        'f(r: Request) if r.open and r.name = "zoe";\n' + READ + f"{body};"
    )
    (rule,) = program.rules["allow"]
    request = Request(withdrawn=False, grants=(Grant(level=2), Grant(level=3)))
    interpreter = two_valued(program, attribute)
    (clause,) = interpreter.clauses("allow", (Reader(), "read", request))
    assert Distances(interpreter).distance(rule.body, clause.environment) == expected

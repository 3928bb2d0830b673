"""The unmet conditions of `allow`: each gives the fields that a change must touch one of."""

import pytest

from authz.analysis.fields_read import fields_read
from authz.bundle.vocabulary import attribute
from authz.explain.counterfactual import disjoint_needs
from authz.explain.unmet import unmet_conditions
from authz.interpreter.evaluate import two_valued
from tests.support.small_records import Grant, Reader, Request
from tests.support.small_schema import checked

RULES = """
same(name: String, request: Request) if equal(name, request);
equal(name: String, request: Request) if name = request.other;
either(request: Request) if request.withdrawn;
either(request: Request) if request.level = 9;
"""
SITUATIONS: dict[str, tuple[str, list[set[str]]]] = {
    "nothing where all is met": ("request.open", []),
    "one condition for each conjunct that does not hold": (
        "request.withdrawn and request.level = 9 and request.open",
        [{"withdrawn"}, {"level"}],
    ),
    "one condition for a disjunction": ("(request.withdrawn or request.level = 9)", [{"withdrawn", "level"}]),
    "one condition for each disjunct that holds under a not": (
        "not (request.open or request.consent or request.withdrawn)",
        [{"open"}, {"consent"}],
    ),
    "the arguments of all calls around a condition": ("same(request.name, request)", [{"name", "other"}]),
    "one condition for a rule of several alternatives": ("either(request)", [{"withdrawn", "level"}]),
    "what a loop reads": ("g in request.grants and g.level = request.level", [{"grants", "level"}]),
    "nothing of what stands behind a guard that does not hold": (
        "request.limit != nil and request.limit > 1",
        [{"limit"}],
    ),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_unmet_conditions(name: str) -> None:
    body, expected = SITUATIONS[name]
    program = checked(
        f"{RULES}allow(_reader: Reader, action: String, request: Request) if action = request.action and {body};"
    )
    request = Request(withdrawn=False, level=1, grants=(Grant(level=2),))
    interpreter = two_valued(program, attribute)
    unmet = list(unmet_conditions(interpreter, fields_read(program), (Reader(), "read", request)))
    assert [set(fields) for fields in unmet] == expected


def test_needs_that_share_a_change_count_once() -> None:
    assert disjoint_needs([]) == 0
    assert disjoint_needs([[1, 2], [2, 3]]) == 1
    assert disjoint_needs([[1], [2], [3, 1]]) == 2

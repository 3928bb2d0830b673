"""Printing a checked condition as Polar, parsing it and checking it again gives the same formula."""

import pytest

from authz import Policy
from authz.language.ir import CheckedRule, Program, Variable
from authz.language.parser import parse
from authz.language.printer import to_polar, value_to_polar
from authz.language.typecheck.program import check_program
from tests.support.accepted_conditions import ACCEPTED
from tests.support.generated_policies import Policies
from tests.support.small_schema import checked, condition


def print_rule(rule: CheckedRule) -> str:
    parameters = [f"{p.name}: {p.type}" if isinstance(p, Variable) else value_to_polar(p) for p in rule.parameters]
    return f"{rule.name}({', '.join(parameters)}) if {to_polar(rule.body)};"


def bodies(program: Program) -> dict[str, list[object]]:
    """The bodies of each rule, with their variables as they are named there."""
    return {name: [rule.body for rule in rules] for name, rules in program.rules.items()}


def assert_printed_alike(program: Program) -> None:
    text = "\n".join(print_rule(rule) for rules in program.rules.values() for rule in rules)
    file, diagnostics = parse("printed.polar", text)
    assert not diagnostics, text
    assert bodies(check_program("printed", [file], program.schema)) == bodies(program), text


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in ACCEPTED.items()])
def test_each_construct_is_printed_as_it_is_parsed(body: str) -> None:
    assert_printed_alike(checked(condition(body)))


def test_the_rules_of_a_bundle_are_printed_as_they_are_parsed(policy: Policy) -> None:
    assert_printed_alike(policy.bundle.program)


def test_generated_rules_are_printed_as_they_are_parsed() -> None:
    policies = Policies(5)
    for _ in range(100):
        assert_printed_alike(policies.draw().program)


@pytest.mark.parametrize(
    ("body", "printed"),
    [
        ("not (not request.open)", "not (not request.open)"),
        ("request.limit != nil", "request.limit != nil"),
        ("request.open or (request.consent and true)", "request.open or request.consent"),
        ("_ in request.grants", "_ in request.grants"),
        ("not (g in request.grants and g.open)", "not (g in request.grants and g.open)"),
        (r'request.name = "\"\\\n"', r'request.name = "\"\\\n"'),
        ("request.level = -1", "request.level = -1"),
    ],
    ids=lambda text: text,
)
def test_a_condition_is_printed_on_one_line(body: str, printed: str) -> None:
    (rule,) = checked(condition(body)).rules["rule"]
    assert to_polar(rule.body) == printed

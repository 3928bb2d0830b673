"""Passes over the IR say what holds of generated policies, and of small ones that are written out."""

import dataclasses
from random import Random

import pytest

from authz.analysis.comparisons import declaring_field, find_comparisons
from authz.analysis.definitions import (
    Definition,
    called_rules,
    has_loop,
    looping_rules,
    reason_definitions,
    rule_definitions,
)
from authz.analysis.fields_read import fields_read
from authz.analysis.instants_read import instants_read
from authz.analysis.required_rows import required_rows
from authz.bundle.vocabulary import attribute
from authz.codegen.python.instants import compile_instants
from authz.instants import END
from authz.language.ir import CheckedRule
from tests.support.generated_policies import Policies
from tests.support.naive_evaluator import holds
from tests.support.small_records import EARLY, LATE, NOON, Block, Grant, Request
from tests.support.small_schema import checked

READ = "allow(_reader: Reader, action: String, request: Request) if action = request.action and "


# Required rows.


def test_nothing_holds_without_the_rows_that_it_requires() -> None:
    policies, random, required = Policies(4), Random(4), 0
    for _ in range(150):
        drawn = policies.draw()
        names = required_rows(drawn.program)
        required += bool(names)
        for name in names:
            for _ in range(4):
                request = dataclasses.replace(drawn.request(random), **{attribute(name): ()})
                assert not holds(drawn.program, "allow", drawn.subject(), "read", request), drawn.text
    assert required > 30


REQUIRED = {
    "a loop": ("g in request.grants and g.open", {"grants"}),
    "two loops": ("g in request.grants and b in request.blocks and g.level = b.level", {"grants", "blocks"}),
    "membership": ("request.name in request.names", {"names"}),
    "a call": ("f(request)", {"grants"}),
    "one of two loops": ("((g in request.grants and g.open) or (b in request.blocks and b.open))", set()),
    "both of two branches": (
        "((g in request.grants and g.open) or (h in request.grants and h.level = 1))",
        {"grants"},
    ),
    "a negated loop": ("not (g in request.grants and g.open)", set()),
}


@pytest.mark.parametrize("name", REQUIRED)
def test_required_rows(name: str) -> None:
    body, expected = REQUIRED[name]
    program = checked(f"f(r: Request) if g in r.grants and g.open;\n{READ}{body};")
    assert required_rows(program) == expected


# Fields read.


def test_fields_that_a_rule_does_not_read_do_not_matter_to_it() -> None:
    policies, random, changed = Policies(5), Random(5), 0
    for _ in range(150):
        drawn = policies.draw()
        read = fields_read(drawn.program)["allow"]
        for _ in range(4):
            request, other = drawn.request(random), drawn.request(random)
            fields = drawn.vocabulary.schema.records["Request"].fields
            unread = {attribute(n): getattr(other, attribute(n)) for n in fields if n not in read}
            changed += bool(unread)
            subject = drawn.subject()
            assert holds(drawn.program, "allow", subject, "read", request) == holds(
                drawn.program, "allow", subject, "read", dataclasses.replace(request, **unread)
            ), drawn.text
    assert changed > 300


def test_a_rule_reads_what_the_rules_that_it_calls_read() -> None:
    program = checked(f"f(r: Request) if r.open;\n{READ}f(request) and not request.withdrawn;")
    assert fields_read(program) == {"f": {"open"}, "allow": {"action", "open", "withdrawn"}}


# Comparisons.


def test_comparisons_join_fields_through_the_parameters_of_rules() -> None:
    program = checked(
        "f(holder: String, r: Request) if g in r.grants and g.holder = holder;\n"
        f'{READ}f(request.name, request) and request.name != request.other and request.other != "zoe";'
    )
    comparisons = find_comparisons(program)
    name, other, holder = ("Request", "name"), ("Request", "other"), ("Grant", "holder")
    unrelated = ("Block", "holder")
    assert comparisons.same_class(holder, [name, other, unrelated]) == [name, other]
    assert list(comparisons.constants_of(holder)) == ["zoe"]
    assert comparisons.is_compared(name)
    assert not comparisons.is_compared(unrelated)


def test_constants_come_from_lists_heads_arguments_and_members() -> None:
    program = checked(
        'f("a", r: Request) if r.open;\n'
        'f("b", r: Request) if r.open;\n'
        f'{READ}f(request.name, request) and request.other in ["c", "d"] and "e" in request.names;'
    )
    comparisons = find_comparisons(program)
    assert set(comparisons.constants_of(("Request", "name"))) == {"a", "b"}
    assert set(comparisons.constants_of(("Request", "other"))) == {"c", "d"}
    assert set(comparisons.members[("Request", "names")]) == {"e"}


def test_a_field_belongs_to_the_topmost_record_type_that_declares_it() -> None:
    schema = checked(f"{READ}request.open;").schema
    assert declaring_field("Grant", "begins", schema) == ("Dated", "begins")
    assert declaring_field("Grant", "holder", schema) == ("Grant", "holder")


# Instants read.


def test_instants_that_a_rule_reads_through_a_base_type_are_read_of_its_subtypes() -> None:
    program = checked(
        "started(d: Dated, r: Request) if d.begins <= r.at;\n" + READ + "g in request.grants and started(g, request);"
    )
    assert instants_read(program) == {("Request", "at"), ("Dated", "begins"), ("Grant", "begins")}


def test_the_compiled_collector_gives_the_instants_from_an_instant_on() -> None:
    program = checked(
        f"{READ}g in request.grants and g.begins <= request.at"
        " and (g.until = nil or (g.until != nil and request.at < g.until))"
        " and (request.until = nil or (request.until != nil and request.at < request.until));"
    )
    collect = compile_instants(program, attribute)
    request = Request(
        at=NOON,
        until=LATE,
        grants=(Grant(begins=EARLY, ends=LATE, until=NOON), Grant(begins=LATE, until=END), Grant(begins=END)),
        blocks=(Block(),),
    )
    assert collect(request, NOON) == {NOON, LATE}
    assert collect(request, LATE) == {LATE}
    # `ends` is not read, and `at` is the instant of the decision.
    assert collect(Request(at=LATE, grants=(Grant(begins=EARLY, ends=LATE),)), NOON) == set()


# Definitions.


def test_a_definition_joins_the_alternatives_of_its_rule() -> None:
    policies, random = Policies(6), Random(6)
    for _ in range(100):
        drawn = policies.draw()
        for name, definition in rule_definitions(drawn.program).items():
            assert definition.spans == tuple(rule.span for rule in drawn.program.rules[name])
            joined = dataclasses.replace(drawn.program, rules={**drawn.program.rules, name: (_as_rule(definition),)})
            for _ in range(2):
                arguments = drawn.subject(), "read", drawn.request(random)
                assert holds(joined, "allow", *arguments) == holds(drawn.program, "allow", *arguments), drawn.text
        for code, reason in reason_definitions(drawn.program).items():
            request = drawn.request(random)
            joined = dataclasses.replace(drawn.program, rules={**drawn.program.rules, "why": (_as_rule(reason),)})
            assert holds(joined, "why", request) == holds(drawn.program, "reason", request, code), drawn.text


def _as_rule(definition: Definition) -> CheckedRule:
    return CheckedRule(definition.name, definition.parameters, definition.formula, definition.spans[0])


def test_rules_that_loop_and_rules_that_are_called() -> None:
    program = checked(
        "plain(r: Request) if r.open;\n"
        "ranging(r: Request) if g in r.grants and g.open;\n"
        "calling(r: Request) if ranging(r) and plain(r);\n" + READ + "calling(request);"
    )
    definitions = rule_definitions(program)
    assert looping_rules(definitions) == {"ranging", "calling", "allow"}
    assert called_rules([definitions["allow"].formula], definitions) == {"calling", "ranging", "plain"}
    assert called_rules([definitions["calling"].formula], definitions) == {"ranging", "plain"}
    assert has_loop(definitions["ranging"].formula)
    assert not has_loop(definitions["calling"].formula)

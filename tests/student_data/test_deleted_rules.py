"""Nothing is decided outside Polar, and nothing in it is idle: without any one rule some answer changes."""

import random
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from authz import DiagnosticError, load_bundle
from authz.bundle.vocabulary import attribute
from authz.codegen.python import compile_program
from authz.interpreter.evaluate import two_valued
from authz.language import ast as syntax
from authz.language.ir import CheckedRule, Variable
from authz.language.typecheck.program import check
from authz.verify.generate import WorldGenerator
from authz.verify.seeds import seeds
from tests.support import student_worlds as worlds
from tests.support.decide import gathered
from tests.support.paths import STUDENT

POLICY = load_bundle(STUDENT)
RULES = [(file, rule) for file in POLICY.bundle.files for rule in file.rules]
# No decision reads the rules that laws speak of.
LAWS = {law.when for law in POLICY.bundle.laws if law.when}


@cache
def cases() -> list[tuple[Any, bool, tuple[str, ...]]]:
    """Gathered worlds, with the answers of the whole bundle."""
    stream = random.Random(2026)
    found = []
    for _ in range(8_000):
        subject, action, request = gathered(POLICY, worlds.world(stream.randrange))
        permits = subject is not None and POLICY.evaluator.allow(subject, action, request)
        found.append(((subject, action, request), permits, POLICY.evaluator.reasons(request)))
    return found


def changes(deleted: syntax.Rule) -> bool:
    """Whether the bundle without one rule is refused, or answers otherwise somewhere."""
    files = [
        replace(file, rules=tuple(rule for rule in file.rules if rule is not deleted)) for file in POLICY.bundle.files
    ]
    try:
        compiled = compile_program(check(POLICY.bundle.path, files, POLICY.bundle.program.schema), attribute)
    except DiagnosticError:
        return True
    for (subject, action, request), permits, reasons in cases():
        if (subject is not None and compiled.allow(subject, action, request)) != permits or compiled.reasons(
            request
        ) != reasons:
            return True
    return False


@pytest.mark.parametrize(
    "rule",
    [rule for _, rule in RULES if rule.name.name not in LAWS],
    ids=[
        f"{r.name.name} at {r.span.path.rpartition('/')[2]} {r.span.line}" for _, r in RULES if r.name.name not in LAWS
    ],
)
def test_deleting_a_rule_is_noticed(rule: syntax.Rule) -> None:
    assert changes(rule)


def test_each_clause_of_a_law_speaks_of_rows_that_no_other_does() -> None:
    program = POLICY.bundle.program
    drawn, stream = WorldGenerator(POLICY, seeds(POLICY)[0]), random.Random(2026)
    alone: set[tuple[str, int]] = set()
    wanted = {(rule.name, index) for name in LAWS for index, rule in enumerate(program.rules[name])}
    for _ in range(20_000):
        world = drawn.draw(stream.randrange)
        for law in POLICY.bundle.laws:
            row = drawn.row(stream.randrange, world, law.never_grants) if law.when else None
            if law.when is None or row is None:
                continue
            interpreter = two_valued(program, attribute)
            arguments = (drawn.gathered(world), row)
            held = [
                index
                for index, rule in enumerate(program.rules[law.when])
                if interpreter.evaluate(rule.body, named(rule, arguments))
            ]
            if len(held) == 1:
                alone.add((law.when, held[0]))
        if alone == wanted:
            break
    assert alone == wanted


def named(rule: CheckedRule, arguments: tuple[Any, ...]) -> dict[str, Any]:
    return {p.name: a for p, a in zip(rule.parameters, arguments, strict=True) if isinstance(p, Variable)}

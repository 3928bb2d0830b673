"""The compiled form, the plain reading and oso agree on generated worlds of the student bundle."""

import random
from collections import Counter

import pytest

from authz import Policy
from authz.bundle.vocabulary import attribute
from authz.codegen.python import compile_program
from authz.verify import oso
from authz.verify.worlds import as_scenario, decide, world_from
from tests.support import oracle
from tests.support.effort import effort
from tests.support.student import generator, plainly

SEED = 2026


def test_the_compiled_form_decides_as_the_plain_reading_does(policy: Policy) -> None:
    draw, worlds = random.Random(SEED).randrange, effort(20_000)
    permits, codes = 0, Counter[str]()
    for _ in range(worlds):
        world = generator().draw(draw)
        situation = plainly(world)
        expected = tuple(oracle.judge(situation.facts, situation.request, situation.parameters))
        document = as_scenario(policy, world)
        read = world_from(policy, document["facts"], document["request"], document.get("parameters", {}))
        decision = decide(policy, read)
        assert (bool(decision), decision.reasons, decision.error) == (not expected, expected, ""), situation
        permits += not expected
        codes.update(expected)
    assert permits >= 0.3 * worlds
    assert {code: codes[code] for code in policy.bundle.reasons if codes[code] < worlds / 800} == {}


def test_the_half_for_many_rows_decides_as_the_half_for_few_rows(policy: Policy) -> None:
    many = compile_program(policy.bundle.program, attribute, many=-1)
    draw = random.Random(SEED + 1).randrange
    for _ in range(effort(5_000)):
        world = generator().draw(draw)
        record = generator().gathered(world)
        subject, action = policy.analyses.subject_of(record), world.request.action
        permits = subject is not None and policy.evaluator.allow(subject, action, record)
        assert (subject is not None and many.allow(subject, action, record)) == permits
        assert many.reasons(record) == policy.evaluator.reasons(record)


@pytest.mark.skipif(not oso.available(), reason="oso has no release for this Python")
def test_the_compiled_form_decides_as_oso_does(policy: Policy) -> None:
    reference = oso.Reference(policy.bundle)
    draw = random.Random(SEED).randrange
    for number in range(effort(1_000)):
        world = generator().draw(draw)
        record = generator().gathered(world)
        subject, action = policy.analyses.subject_of(record), world.request.action
        permits = subject is not None and policy.evaluator.allow(subject, action, record)
        assert (subject is not None and reference.allow(subject, action, record)) == permits
        if number % 5 == 0:
            assert reference.reasons(record) == policy.evaluator.reasons(record)

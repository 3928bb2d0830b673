"""Compiled = plain reading = oso, on worlds near the line."""

import random
from collections import Counter

import pytest

from authz import Policy
from authz.bundle.vocabulary import attribute
from authz.codegen.python import compile_program
from authz.verify import oso as reference
from tests.support import oracle as plain_reading
from tests.support import student_worlds as worlds
from tests.support.decide import ask, gathered

SEED = 2026


def test_the_compiled_form_reads_20000_worlds_as_the_plain_reading_does(policy: Policy) -> None:
    stream = random.Random(SEED)
    permits, codes = 0, Counter[str]()
    for _ in range(20_000):
        world = worlds.world(stream.randrange)
        expected = tuple(plain_reading.judge(world.facts, world.request, world.parameters))
        decision = ask(policy, world)
        assert (bool(decision), decision.reasons, decision.error) == (not expected, expected, ""), world
        permits += not expected
        codes.update(expected)
    assert permits >= 6_000
    assert {code: codes[code] for code in policy.bundle.reasons if codes[code] < 50} == {}


def test_the_half_for_many_rows_decides_as_the_half_for_few_rows(policy: Policy) -> None:
    many = compile_program(policy.bundle.program, attribute, many=-1)
    stream = random.Random(SEED + 1)
    for _ in range(5_000):
        subject, action, request = gathered(policy, worlds.world(stream.randrange))
        permits = subject is not None and policy.evaluator.allow(subject, action, request)
        assert (subject is not None and many.allow(subject, action, request)) == permits
        assert many.reasons(request) == policy.evaluator.reasons(request)


@pytest.mark.skipif(not reference.available(), reason="oso has no release for this Python")
def test_the_compiled_form_decides_1000_small_worlds_as_oso_does(policy: Policy) -> None:
    oso = reference.Reference(policy.bundle)
    stream = random.Random(SEED)
    for number in range(1_000):
        subject, action, request = gathered(policy, worlds.small_world(stream.randrange))
        assert oso.allow(subject, action, request) == (
            subject is not None and policy.evaluator.allow(subject, action, request)
        )
        if number % 5 == 0:
            assert oso.reasons(request) == policy.evaluator.reasons(request)

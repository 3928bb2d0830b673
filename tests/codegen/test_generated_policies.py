"""Generated policies: both forms of the generated code, the naive evaluator, and oso on some, decide alike."""

from collections import Counter
from random import Random

import pytest

from authz.bundle.vocabulary import attribute
from authz.codegen.python import compile_program
from authz.verify import oso
from tests.support.agreement import expected_verdict, verdict
from tests.support.effort import effort
from tests.support.generated_policies import CONSTRUCTS, Policies


@pytest.mark.parametrize("seed", range(8))
def test_both_forms_agree_with_the_naive_evaluator(seed: int) -> None:
    """2,000 policies in all."""
    policies, random, permits = Policies(seed), Random(seed), 0
    for _ in range(effort(250)):
        drawn = policies.draw()
        forms = [compile_program(drawn.program, attribute, many) for many in (16, 0, -1)]
        subject = drawn.subject()
        for _ in range(8):
            request = drawn.request(random)
            expected = expected_verdict(drawn, subject, request)
            permits += expected[0]
            for form in forms:
                assert verdict(form, subject, request) == expected, drawn.text
    assert effort(400) < permits < effort(1_600)


@pytest.mark.skipif(not oso.available(), reason="oso has no release for this Python")
def test_oso_agrees_with_the_compiled_form() -> None:
    policies, random = Policies(2026), Random(2026)
    for _ in range(effort(60)):
        drawn = policies.draw()
        compiled, reference, subject = (
            compile_program(drawn.program, attribute),
            oso.Reference(drawn.bundle),
            drawn.subject(),
        )
        for _ in range(3):
            request = drawn.request(random)
            assert verdict(compiled, subject, request) == verdict(reference, subject, request), drawn.text


def test_each_construct_is_in_a_twentieth_of_the_policies() -> None:
    policies, uses = Policies(1), Counter[str]()
    for _ in range(300):
        uses.update(policies.draw().uses)
    assert {name: uses[name] for name in CONSTRUCTS if uses[name] < 15} == {}
    assert set(uses) <= set(CONSTRUCTS)


def test_the_type_checker_refuses_few_of_the_policies_that_are_written() -> None:
    policies = Policies(1)
    for _ in range(300):
        policies.draw()
    assert sum(policies.refused.values()) <= 0.2 * policies.drawn, policies.refused.most_common(5)

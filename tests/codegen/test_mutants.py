"""Mutants of the code generator and of the type checker: generated policies kill every one."""

from collections.abc import Callable
from random import Random

import pytest

from authz.analysis import definitions
from authz.bundle.vocabulary import attribute
from authz.codegen.python import compile_program
from authz.verify import oso
from tests.support.agreement import expected_verdict, verdict
from tests.support.generated_policies import GeneratedPolicy, Policies
from tests.support.mutants import CODE_GENERATOR, TYPE_CHECKER, Mutant, applied

needs_oso = pytest.mark.skipif(not oso.available(), reason="oso has no release for this Python")
UNCHANGED = Mutant(definitions, "substitute", lambda right: right)


def killed_after(mutant: Mutant, agrees: Callable[[GeneratedPolicy, Random], bool], most: int) -> int | None:
    """The number of policies after which a mutant is killed; None if it survives.

    An error while a policy is checked, compiled or decided kills it too.
    """
    policies, random = Policies(7), Random(7)
    for number in range(1, most + 1):
        with applied(mutant):
            try:
                drawn = policies.draw_once()
                if drawn is not None and not agrees(drawn, random):
                    return number
            except Exception:  # noqa: BLE001 - any error kills the mutant
                return number
    return None


def forms_agree(drawn: GeneratedPolicy, random: Random) -> bool:
    """Whether both forms agree with the naive evaluator on some requests."""
    forms = [compile_program(drawn.program, attribute, many) for many in (16, -1)]
    subject = drawn.subject()
    requests = [drawn.request(random) for _ in range(12)]
    return all(
        verdict(form, subject, request) == expected_verdict(drawn, subject, request)
        for form in forms
        for request in requests
    )


def oso_agrees(drawn: GeneratedPolicy, random: Random) -> bool:
    """Whether oso, on the text, agrees with the compiled form on some requests."""
    compiled, reference = compile_program(drawn.program, attribute), oso.Reference(drawn.bundle)
    subject = drawn.subject()
    requests = [drawn.request(random) for _ in range(4)]
    return all(verdict(compiled, subject, each) == verdict(reference, subject, each) for each in requests)


@pytest.mark.parametrize("name", CODE_GENERATOR)
def test_a_mutant_of_the_code_generator_is_killed(name: str, record_property: Callable[[str, object], None]) -> None:
    after = killed_after(CODE_GENERATOR[name], forms_agree, 600)
    record_property("mutant", (f"code generator: {name}", after))
    assert after is not None


@needs_oso
@pytest.mark.parametrize("name", TYPE_CHECKER)
def test_a_mutant_of_the_type_checker_is_killed(name: str, record_property: Callable[[str, object], None]) -> None:
    after = killed_after(TYPE_CHECKER[name], oso_agrees, 200)
    record_property("mutant", (f"type checker: {name}", after))
    assert after is not None


def test_unchanged_code_survives_the_naive_evaluator() -> None:
    assert killed_after(UNCHANGED, forms_agree, 180) is None


@needs_oso
def test_unchanged_code_survives_oso() -> None:
    assert killed_after(UNCHANGED, oso_agrees, 60) is None


@pytest.mark.parametrize("mutant", [*CODE_GENERATOR.values(), *TYPE_CHECKER.values()], ids=lambda each: each.name)
def test_a_mutant_is_applied_and_taken_back(mutant: Mutant) -> None:
    right = getattr(mutant.module, mutant.name)
    with applied(mutant):
        assert getattr(mutant.module, mutant.name) is not right
    assert getattr(mutant.module, mutant.name) is right


def test_there_are_mutants_of_both() -> None:
    assert len(CODE_GENERATOR) >= 20
    assert len(TYPE_CHECKER) >= 8

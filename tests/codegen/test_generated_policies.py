"""Generated policies: both halves of the compiled form, the naive reading, and oso on some, decide alike."""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from authz.analysis import definitions
from authz.bundle.vocabulary import attribute
from authz.codegen.python import compile_program
from authz.verify import oso as reference
from authz.verify.oso import Reference
from tests.support.effort import effort
from tests.support.generated_policies import CODES, CONSTRUCTS, Drawn, Policies
from tests.support.mutants import CHECKER, COMPILER, Mutant, planted
from tests.support.naive_evaluator import holds
from tests.support.small_records import Reader, draw_request
from tests.support.small_schema import checked

A = "allow(_s: Reader, action: String, request: Request) if action = request.action and "
FOUND = {
    "a refused row in a branch in a loop": (
        "f(g: Grant, r: Request) if not (b in r.blocks and b.level > g.level)"
        " and c in r.blocks and c.holder = g.holder;"
        + A
        + "g in request.grants and (g.open or f(g, request)) and g.level = 1;"
    ),
    "two rules with one name for a row": (
        "bad(request: Request) if g in request.grants and g.open and (g.level = 2 or other(request)) and g.level = 1;"
        "other(request: Request) if g in request.grants and not g.open and g.level = 1;" + A + "not bad(request);"
    ),
    "one name for a row, under a not in a branch": (
        "f(request: Request) if g in request.grants and not g.open;"
        + A
        + "g in request.grants and g.open and (g.level = 2 or not f(request));"
    ),
    "a rule named as an index": (
        "allow_many_1(r: Request) if g in r.grants and h in r.grants and g.level < h.level and h.level = 2;"
        "f(r: Request) if g in r.grants and h in r.grants and h.open and g.level < h.level;"
        + A
        + "f(request) and allow_many_1(request) and g in request.grants and b in request.blocks and b.level != g.level;"
    ),
    "a request by another name": (
        "allow(_s: Reader, action: String, r: Request) if action = r.action"
        " and g in r.grants and b in r.blocks and b.level < g.level;"
    ),
    "a row of the request's name in a reason": (
        A + 'request.open; reason(request: Request, "A") if request.withdrawn;'
        'reason(r: Request, "A") if request in r.grants and request.level = 1 and r.level = 1;'
    ),
    "a reason that always holds": A + 'request.open; reason(_request: Request, "A");',
    "parameters that are words of Python": (
        "f(key: String, index: String, g: Grant) if g.holder = key and g.holder != index and g.open;"
        + A
        + 'g in request.grants and not f(request.name, "a", g);'
    ),
    "what contradicts itself": (
        "f(r: Request) if g in r.blocks and g.open and not g.open;"
        + A
        + "g in request.grants and g.level >= 0 and f(request) and not f(request);"
    ),
    "a branch that always holds": (
        "f(holder: String, r: Request) if _ in r.grants and h in r.blocks and h.holder = holder;"
        + A
        + 'not ((request.consent in request.flags and f("a", request)) or (_ in request.grants));'
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_was_once_decided_otherwise_is_decided_by_the_book(name: str) -> None:
    text, source = FOUND[name], Random(1)
    codes = ("A",) if "reason(" in text else ()
    program = checked(text, codes)
    few, many = (compile_program(program, attribute, many) for many in (16, -1))
    for _ in range(400):
        request = draw_request(source)
        permits = holds(program, "allow", Reader(), request.action, request)
        expected = permits, tuple(code for code in codes if holds(program, "reason", request, code))
        for half in (few, many):
            assert (half.allow(Reader(), request.action, request), half.reasons(request)) == expected


def decided(evaluator: Any, who: Any, request: Any) -> tuple[bool, tuple[str, ...]]:
    return evaluator.allow(who, "read", request), evaluator.reasons(request)


def by_the_book(drawn: Drawn, who: Any, request: Any) -> tuple[bool, tuple[str, ...]]:
    codes = tuple(code for code in CODES if holds(drawn.program, "reason", request, code))
    return holds(drawn.program, "allow", who, "read", request), codes


@pytest.mark.parametrize("seed", range(8))
def test_both_halves_decide_as_the_naive_reading_does(seed: int) -> None:
    """2,000 policies in all."""
    policies, source, permits = Policies(seed), Random(seed), 0
    for _ in range(effort(250)):
        drawn, who = policies.draw(), None
        few, many = (compile_program(drawn.program, attribute, many) for many in (16, -1))
        who = drawn.subject()
        for _ in range(8):
            request = drawn.request(source)
            expected = by_the_book(drawn, who, request)
            permits += expected[0]
            for half in (few, many):
                assert decided(half, who, request) == expected, drawn.text
    assert effort(400) < permits < effort(1_600)


@pytest.mark.skipif(not reference.available(), reason="oso has no release for this Python")
def test_oso_decides_as_the_compiled_form_does() -> None:
    policies, source = Policies(2026), Random(2026)
    for _ in range(effort(60)):
        drawn = policies.draw()
        compiled, oso, who = compile_program(drawn.program, attribute), Reference(drawn.bundle), drawn.subject()
        for _ in range(3):
            request = drawn.request(source)
            assert decided(compiled, who, request) == decided(oso, who, request), drawn.text


def test_each_construct_is_in_a_twentieth_of_the_policies() -> None:
    policies, uses = Policies(1), Counter[str]()
    for _ in range(300):
        uses.update(policies.draw().uses)
    assert {name: uses[name] for name in CONSTRUCTS if uses[name] < 15} == {}
    assert set(uses) <= set(CONSTRUCTS)
    # What the checker refuses is drawn anew, and is little.
    assert sum(policies.refused.values()) <= 0.2 * policies.drawn, policies.refused.most_common(5)


# Faults that are planted: every one is found.


def found_after(fault: Mutant, compares: Callable[[Drawn, Random], bool], most: int) -> int | None:
    """After how many policies a fault shows; None if it does not. A policy that no longer compiles shows it too."""
    policies, source = Policies(7), Random(7)
    for number in range(1, most + 1):
        with planted(fault):
            try:
                drawn = policies.draw_once()
            except Exception:  # noqa: BLE001 - a checker that breaks shows the fault
                return number
            if drawn is None:
                continue
            try:
                if not compares(drawn, source):
                    return number
            except Exception:  # noqa: BLE001 - what no longer compiles or decides shows it too
                return number
    return None


def halves_agree(drawn: Drawn, source: Random) -> bool:
    halves = [compile_program(drawn.program, attribute, many) for many in (16, -1)]
    who = drawn.subject()
    requests = [drawn.request(source) for _ in range(12)]
    return all(decided(half, who, each) == by_the_book(drawn, who, each) for half in halves for each in requests)


def oso_agrees(drawn: Drawn, source: Random) -> bool:
    compiled, oso, who = compile_program(drawn.program, attribute), Reference(drawn.bundle), drawn.subject()
    return all(
        decided(compiled, who, each) == decided(oso, who, each) for each in [drawn.request(source) for _ in range(4)]
    )


@pytest.mark.parametrize("name", COMPILER)
def test_a_fault_planted_in_the_compiler_is_found(name: str, record_property: Callable[[str, object], None]) -> None:
    after = found_after(COMPILER[name], halves_agree, 600)
    record_property("planted", (f"compiler: {name}", after))
    assert after is not None


@pytest.mark.skipif(not reference.available(), reason="oso has no release for this Python")
@pytest.mark.parametrize("name", CHECKER)
def test_a_fault_planted_in_the_checker_is_found(name: str, record_property: Callable[[str, object], None]) -> None:
    after = found_after(CHECKER[name], oso_agrees, 200)
    record_property("planted", (f"checker: {name}", after))
    assert after is not None


def test_where_nothing_is_planted_nothing_is_found() -> None:
    nothing = Mutant(definitions, "substitute", lambda right: right)
    assert found_after(nothing, halves_agree, 180) is None
    if reference.available():
        assert found_after(nothing, oso_agrees, 60) is None


def test_what_is_planted_is_taken_out_again() -> None:
    for fault in (*COMPILER.values(), *CHECKER.values()):
        before = getattr(fault.holder, fault.name)
        with planted(fault):
            assert getattr(fault.holder, fault.name) is not before
        assert getattr(fault.holder, fault.name) is before
    assert len(COMPILER) + len(CHECKER) >= 20

"""Generated policies: both halves of the compiled form, the naive reading, and oso on some, decide alike."""

from random import Random

import pytest

from authz import reference
from authz.bundles.vocabulary import attribute
from authz.compiled.python import compile_program
from tests import profiles
from tests.policies import Policies
from tests.profiles import Reader, checked, drawn, holds

CODES = ("A", "B")


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
        request = drawn(source)
        permits = holds(program, "allow", Reader(), request.action, request)
        expected = permits, tuple(code for code in codes if holds(program, "reason", request, code))
        for half in (few, many):
            assert (half.allow(Reader(), request.action, request), half.reasons(request)) == expected


@pytest.mark.parametrize("seed", range(8))
def test_both_halves_decide_as_the_naive_reading_does(seed: int) -> None:
    policies, source = Policies(seed), Random(seed)
    requests = [drawn(source) for _ in range(40)]
    for _ in range(150):
        text = policies.draw()
        program = checked(text, CODES)
        few, many = (compile_program(program, attribute, many) for many in (16, -1))
        for request in source.sample(requests, 15):
            permits = holds(program, "allow", Reader(), "read", request)
            codes = tuple(code for code in CODES if holds(program, "reason", request, code))
            for half in (few, many):
                assert (half.allow(Reader(), "read", request), half.reasons(request)) == (permits, codes), text


@pytest.mark.skipif(not reference.available(), reason="oso has no release for this Python")
def test_oso_decides_as_the_compiled_form_does() -> None:
    policies, source = Policies(2026), Random(2026)
    for _ in range(25):
        text = policies.draw()
        program = checked(text, CODES)
        compiled, oso = profiles.compiled(program), profiles.reference(text, program)
        for _ in range(3):
            request = drawn(source)
            assert compiled.allow(Reader(), "read", request) == oso.allow(Reader(), "read", request), text


def test_the_generator_draws_permits_and_refusals_negations_branches_and_calls() -> None:
    policies = Policies(1)
    texts = [policies.draw() for _ in range(100)]
    for construct in ("not (", ") or (", " in request.grants", " in request.blocks", "!= nil", "f0("):
        assert sum(construct in text for text in texts) >= 20, construct

"""Policies that some earlier version of the code generator decided wrongly."""

from random import Random

import pytest

from authz.bundle.vocabulary import attribute
from authz.codegen.python import compile_program
from tests.support.naive_evaluator import holds
from tests.support.small_records import Reader, draw_request
from tests.support.small_schema import checked

READ = "allow(_s: Reader, action: String, request: Request) if action = request.action and "
SITUATIONS = {
    "a negated loop in a disjunct in a loop": (
        "f(g: Grant, r: Request) if not (b in r.blocks and b.level > g.level)"
        " and c in r.blocks and c.holder = g.holder;"
        + READ
        + "g in request.grants and (g.open or f(g, request)) and g.level = 1;"
    ),
    "two rules that name a row alike": (
        "bad(request: Request) if g in request.grants and g.open and (g.level = 2 or other(request)) and g.level = 1;"
        "other(request: Request) if g in request.grants and not g.open and g.level = 1;" + READ + "not bad(request);"
    ),
    "two rules that name a row alike, one under a not in a disjunct": (
        "f(request: Request) if g in request.grants and not g.open;"
        + READ
        + "g in request.grants and g.open and (g.level = 2 or not f(request));"
    ),
    "a rule named like a generated function": (
        "allow_many_1(r: Request) if g in r.grants and h in r.grants and g.level < h.level and h.level = 2;"
        "f(r: Request) if g in r.grants and h in r.grants and h.open and g.level < h.level;"
        + READ
        + "f(request) and allow_many_1(request) and g in request.grants and b in request.blocks and b.level != g.level;"
    ),
    "a request under another name": (
        "allow(_s: Reader, action: String, r: Request) if action = r.action"
        " and g in r.grants and b in r.blocks and b.level < g.level;"
    ),
    "a row named like the request, in a reason": (
        READ + 'request.open; reason(request: Request, "A") if request.withdrawn;'
        'reason(r: Request, "A") if request in r.grants and request.level = 1 and r.level = 1;'
    ),
    "a reason that always holds": READ + 'request.open; reason(_request: Request, "A");',
    "parameters named like generated locals": (
        "f(key: String, index: String, g: Grant) if g.holder = key and g.holder != index and g.open;"
        + READ
        + 'g in request.grants and not f(request.name, "a", g);'
    ),
    "a rule and its negation": (
        "f(r: Request) if g in r.blocks and g.open and not g.open;"
        + READ
        + "g in request.grants and g.level >= 0 and f(request) and not f(request);"
    ),
    "a disjunct that holds where the other does not": (
        "f(holder: String, r: Request) if _ in r.grants and h in r.blocks and h.holder = holder;"
        + READ
        + 'not ((request.consent in request.flags and f("a", request)) or (_ in request.grants));'
    ),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_both_forms_agree_with_the_naive_evaluator(name: str) -> None:
    text, random = SITUATIONS[name], Random(1)
    codes = ("A",) if "reason(" in text else ()
    program = checked(text, codes)
    forms = [compile_program(program, attribute, many) for many in (16, 0, -1)]
    for _ in range(400):
        request = draw_request(random)
        permits = holds(program, "allow", Reader(), request.action, request)
        expected = permits, tuple(code for code in codes if holds(program, "reason", request, code))
        for form in forms:
            assert (form.allow(Reader(), request.action, request), form.reasons(request)) == expected

"""No request is permitted because it leaves out the key of a collection that was to refuse it."""

from dataclasses import replace

import pytest

from authz.language.diagnostics import Diagnostic, DiagnosticError
from authz.language.parser import parse
from authz.language.typecheck.program import check_program
from tests.support.naive_evaluator import holds
from tests.support.small_records import Block, Link, Reader, Request
from tests.support.small_schema import PATH, SCHEMA, checked

KEYED = replace(SCHEMA, collection_keys={"blocks": ("link",), "names": ("link",), "grants": ("link", "reader")})
ALLOW = 'allow(_reader: Reader, "read", request: Request) if rule(request);'


def diagnostics_of(text: str) -> tuple[Diagnostic, ...]:
    """What the checker reports of rules that `allow` depends on."""
    file, diagnostics = parse(PATH, f"{text}\n{ALLOW}")
    assert diagnostics == ()
    try:
        check_program("bundle", [file], KEYED)
    except DiagnosticError as error:
        return error.diagnostics
    return ()


def rule(body: str) -> str:
    return f"rule(request: Request) if {body};"


OPEN = {
    "an element": rule("not _ in request.blocks"),
    "an element with a condition": rule("not (b in request.blocks and b.level = request.level)"),
    "a member": rule("not request.name in request.names"),
    "a constant as member": rule('not "ann" in request.names'),
    "after other conditions": rule("request.level = 1 and not _ in request.blocks"),
    "in a branch": rule("request.withdrawn or not _ in request.blocks"),
    "under an or": rule("not (request.withdrawn or _ in request.blocks)"),
    "under three negations": rule("not (request.level = 1 and not (not _ in request.blocks))"),
    "in a rule that is negated": rule("not f(request)") + "\nf(r: Request) if b in r.blocks and b.level = 1;",
    "in a rule that negates": rule("f(request)") + "\nf(r: Request) if not _ in r.blocks;",
    "in one alternative": rule("f(request)") + "\nf(r: Request) if r.withdrawn;\nf(r: Request) if not _ in r.blocks;",
    "two calls down": rule("not f(request)") + "\nf(r: Request) if g(r);\ng(r: Request) if _ in r.blocks;",
    "guarded at another call": rule("f(request) or (request.link != nil and f(request))")
    + "\nf(r: Request) if not _ in r.blocks;",
    "guarded in one alternative": rule("f(request) and not _ in request.blocks")
    + "\nf(r: Request) if r.link != nil;\nf(r: Request) if r.level = 1;",
    "guarded in one branch of an or": rule("(request.link != nil or request.level = 1) and not _ in request.blocks"),
    "the guard in the other branch": rule("(request.link != nil and request.withdrawn) or not _ in request.blocks"),
    "the guard under a not": rule("not (request.link != nil and request.withdrawn) and not _ in request.blocks"),
    "the id for the record": rule("request.nickname = nil and not _ in request.blocks"),
    "another key": rule("request.reader = nil and not _ in request.blocks"),
    "rows of the same key under the same not": rule('not ("ann" in request.names and _ in request.blocks)'),
}
CLOSED = {
    "guarded": rule("request.link != nil and not _ in request.blocks"),
    "guarded after it": rule("not _ in request.blocks and request.link != nil"),
    "guarded within the not": rule("not (request.link != nil and _ in request.blocks)"),
    "absence says yes": rule("request.link = nil or not _ in request.blocks"),
    "absence says yes, in the form of narrowing": rule(
        "request.link = nil or (request.link != nil and not _ in request.blocks)"
    ),
    "absence says no, under a not": rule("not (request.link = nil or _ in request.blocks)"),
    "rows must exist": rule("_ in request.blocks and b in request.blocks and b.open"),
    "two negations": rule("not (request.open and not (b in request.blocks and b.open))"),
    "another collection of the key has a row": rule('"ann" in request.names and not _ in request.blocks'),
    "an element of the key": rule("n in request.names and n = request.name and not _ in request.blocks"),
    "guarded by a rule": rule("f(request) and not _ in request.blocks")
    + "\nf(r: Request) if r.link != nil and r.open;",
    "guarded by each alternative": rule("f(request) and not _ in request.blocks")
    + '\nf(r: Request) if r.link != nil and r.open;\nf(r: Request) if "ann" in r.names;',
    "guarded at each call": rule("request.link != nil and (f(request) or (request.open and f(request)))")
    + "\nf(r: Request) if not _ in r.blocks;",
    "a collection without keys": rule("not request.level in request.numbers"),
    "in a rule that allow does not reach": rule("request.open") + "\nf(r: Request) if not _ in r.blocks;",
}


@pytest.mark.parametrize("name", OPEN)
def test_a_collection_that_may_be_empty_by_omission_needs_a_guard(name: str) -> None:
    (diagnostic,) = {d.code: d for d in diagnostics_of(OPEN[name])}.values()
    assert diagnostic.code == "permit-by-omission"
    assert "is empty too where" in diagnostic.problem and ".link` is nil" in diagnostic.problem
    assert diagnostic.span.line and "link != nil and ..." in diagnostic.help


@pytest.mark.parametrize("name", OPEN)
def test_each_rule_that_is_refused_permits_a_request_without_the_key(name: str) -> None:
    program = checked(f"{OPEN[name]}\n{ALLOW}")
    # The rows that refuse, and a request that leaves out the key by which they are found.
    with_key = Request(name="ann", link=Link(), names=("ann",), blocks=(Block(level=1),), level=1, withdrawn=False)
    without = replace(with_key, link=None, names=(), blocks=(), grants=(), nickname=None, reader=None)
    assert holds(program, "allow", Reader(), "read", without)
    assert not holds(program, "allow", Reader(), "read", replace(with_key, nickname=None, reader=None))


@pytest.mark.parametrize("name", CLOSED)
def test_a_collection_with_a_guard_is_accepted(name: str) -> None:
    assert diagnostics_of(CLOSED[name]) == ()


def test_each_key_needs_a_guard() -> None:
    assert diagnostics_of(rule("request.link != nil and request.reader != nil and not _ in request.grants")) == ()
    (diagnostic,) = diagnostics_of(rule("request.link != nil and not _ in request.grants"))
    assert str(diagnostic) == (
        "rules.polar:1:55: `request.grants` is empty too where `request.reader` is nil, "
        "and a `not` over it then permits\n"
        "    1 | rule(request: Request) if request.link != nil and not _ in request.grants;\n"
        "      |                                                       ^^^^^^^^^^^^^^^^^^^\n"
        "code: permit-by-omission\n"
        "help: write `request.reader != nil and ...` before the `not`"
    )


def test_a_reason_may_rest_on_an_empty_collection() -> None:
    text = 'reason(r: Request, "A") if not _ in r.blocks;'
    file, _ = parse(PATH, f"{rule('request.open')}\n{ALLOW}\n{text}")
    check_program("bundle", [file], replace(KEYED, codes=("A",)))


def test_a_call_of_a_rule_that_cannot_be_parsed_is_passed_over() -> None:
    file, diagnostics = parse(
        PATH, f"{rule('f(request) and request.open')}\ntype f(r: Request);\nf(r: Request) if ;\n{ALLOW}"
    )
    assert [diagnostic.code for diagnostic in diagnostics] == ["unexpected-token"]
    assert check_program("bundle", [file], KEYED).rules.keys() == {"rule", "allow"}

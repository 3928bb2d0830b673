"""The parser against oso: oso loads what we accept without warnings, and all evaluators give the same answer."""

import random
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from authz import Policy
from authz.language.ast import File
from authz.language.diagnostics import DiagnosticError
from authz.language.parser import parse
from authz.language.typecheck.program import check_program
from tests.support.accepted_conditions import ACCEPTED
from tests.support.naive_evaluator import holds
from tests.support.small_records import Reader, as_bundle, compiled, draw_request, reference
from tests.support.small_schema import checked, condition

pytest.importorskip("polar", reason="oso has no wheels after CPython 3.12")

ALLOW_RULE = 'allow(_s: Reader, "read", request: Request) if rule(request);'

ACCEPTED_RULES = {
    **{name: condition(body) for name, body in ACCEPTED.items()},
    "a negated exists in a negated exists": condition(
        "not (g in request.grants and g.open and b in request.blocks and b.level = g.level"
        " and not (c in request.blocks and c.level > b.level))"
    ),
    "loops beside loops": condition(
        "g in request.grants and not (b in request.blocks and b.holder = g.holder and b.open)"
        " and h in request.grants and h.level > g.level"
    ),
    "an exists in a branch": condition(
        "g in request.grants and (g.open or (b in request.blocks and b.level = g.level))"
    ),
    "empty collections": condition("not _ in request.grants and not (b in request.blocks and b.open)"),
    "a guard far ahead": condition("request.limit != nil and g in request.grants and g.level > request.limit"),
    "a guard of an element": condition("g in request.grants and not (g.link != nil and g.link.closed)"),
    "an optional boolean": condition("request.verified = nil or (request.verified != nil and not request.verified)"),
    "names within a not": condition("not (x := request.open and x) and x := request.consent and x"),
    "an element that is false": condition("x in request.flags and not x"),
    "always": "rule(_request: Request) if true;",
    "never": condition("request.open and false"),
    "a row passed on": condition("x in request.grants and not f(x, request)")
    + "\nf(y: Grant, r: Request) if x in r.grants and x.holder = y.holder and not g(x, r, y);"
    + "\ng(y: Grant, r: Request, x: Grant) if z in r.blocks and z.holder = x.holder and y.level = z.level;",
    "alternatives, under a not": condition("not f(request, request.event)")
    + '\nf(r: Request, "given") if r.open and r.consent;\nf(r: Request, e: Event) if g in r.grants and g.event = e;'
    + "\nf(q: Request, _e: Event) if not g(q);\ng(r: Request) if r.withdrawn;",
    "booleans and integers in heads": condition("f(request.open, request.level) and not g(true, request)")
    + "\nf(true, 1);\nf(false, 0);\nf(true, -1);\ng(b: Boolean, r: Request) if b and r.consent;",
}
PYTHON_AND_GENERATED_NAMES = (
    *("len", "id", "print_", "def", "class", "lambda", "getattr", "tuple", "self", "match"),
    *("allow_many", "reasons", "reasons_many", "reason_A", "rows_where", "memo", "codes", "key", "answer", "request"),
    *("f_many", "f_of_many", "is_f", "f_1", "rule_1", "allow_1", "resource", "actor", "on", "roles"),
)


def assert_evaluators_agree(text: str, worlds: int, seed: int = 0) -> None:
    """The generated code, the naive evaluator and oso give the same decision on random requests."""
    program = checked(f"{text}\n{ALLOW_RULE}")
    evaluators = compiled(program), reference(f"{text}\n{ALLOW_RULE}", program)
    reader, source = Reader(), random.Random(seed)
    for _ in range(worlds):
        request = draw_request(source)
        expected = holds(program, "allow", reader, "read", request)
        assert [evaluator.allow(reader, "read", request) for evaluator in evaluators] == [expected, expected], request


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in ACCEPTED_RULES.items()])
def test_all_evaluators_agree(text: str) -> None:
    assert_evaluators_agree(text, worlds=25)


@pytest.mark.parametrize("name", PYTHON_AND_GENERATED_NAMES)
def test_a_name_of_python_or_of_the_generated_code_is_an_ordinary_name(name: str) -> None:
    inner = "f(r: Request, n: Integer) if b in r.blocks and b.level = n and c in r.blocks and c.level > n;"
    loops = "(x in {0}.grants and (x.open or not f({0}, x.level)) and not (y in {0}.blocks and y.level > x.level))"
    called = f"{name}(r: Request) if f(r, r.level) or (x in r.names and x = r.name);"
    assert_evaluators_agree(f"{inner}\nrule({name}: Request) if {name}.consent or {loops.format(name)};", worlds=8)
    assert_evaluators_agree(
        f"{inner}\n{called}\nrule(request: Request) if not {name}(request) and _ in request.blocks;", worlds=8
    )


# Grammar.


@pytest.mark.parametrize(
    "text",
    [
        "f(r: Request) if r.open",
        "f(r: Request) r.open;",
        "f(r: Request) if (r.open;",
        "f(r: Request) if r.open);",
        "f(r: Request) if ;",
        "f(r: Request) if r.open and;",
        "f(r: Request) if and r.open;",
        "f(r: Request) if r.open and and r.open;",
        "f(r: Request) if not;",
        "f(r: Request) if r.;",
        "f(r: Request) if .open;",
        "f(r: Request) if r.level <;",
        "f(r: Request) if r.level = = 1;",
        "f(r: Request,) if r.open;",
        "f(, r: Request) if r.open;",
        "f(r Request) if r.open;",
        "f(r: Request if r.open;",
        "f r: Request) if r.open;",
        "(r: Request) if r.open;",
        "f(r: Request) if r.open;;",
        "f(r: Request) if r.open and\fr.consent;",
        "f(r: Request) if r.name in [,];",
        'f(r: Request) if r.name = "a;',
        "or(r: Request) if r.open;",
        "f(in: Request) if in.open;",
    ],
)
def test_malformed_polar_is_refused_by_both(text: str) -> None:
    with pytest.raises(DiagnosticError, match=r"rules\.polar"):
        checked(text)
    file, _ = parse("rules.polar", text)
    assert not loads(File(file.path, text, (), ()))


def loads(*files: File) -> bool:
    """Whether oso loads these texts without warnings."""
    program = checked("")
    bundle = as_bundle("", program)
    bundle.files = files
    return not oso_output(bundle)


def oso_output(bundle: object) -> str:
    from authz.verify.oso import Reference

    try:
        Reference(bundle)  # type: ignore[arg-type]
    except DiagnosticError as error:
        return str(error)
    return ""


# Mutants.


_COMMENT = re.compile(r"#[^\n]*")
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\w+|:=|[=!<>]=|\S')


def mutant(text: str, source: random.Random) -> str:
    """The text with one token deleted, doubled, replaced by another, or swapped with its neighbour."""
    bare = _COMMENT.sub("", text)
    tokens = list(_TOKEN.finditer(bare))
    index = source.randrange(len(tokens) - 1)
    first, second = tokens[index], tokens[index + 1]
    before, between, after = bare[: first.start()], bare[first.end() : second.start()], bare[second.end() :]
    deleted, doubled = between + second[0], f"{first[0]} {first[0]}{between}{second[0]}"
    replaced, swapped = source.choice(tokens)[0] + between + second[0], second[0] + between + first[0]
    return before + source.choice((deleted, doubled, replaced, swapped)) + after


def accepted_mutants(source: random.Random, tries: int) -> Iterator[str]:
    """Mutants of the rules above that the checker accepts; an exception other than `DiagnosticError` fails the test."""
    texts = list(ACCEPTED_RULES.values())
    for _ in range(tries):
        text = mutant(source.choice(texts), source)
        if source.random() < 0.25:
            text = mutant(text, source)
        try:
            checked(f"{text}\n{ALLOW_RULE}")
        except DiagnosticError as error:
            assert str(error)
        else:
            yield text


@pytest.mark.parametrize("seed", range(4))
def test_all_evaluators_agree_on_an_accepted_mutant(seed: int) -> None:
    source = random.Random(seed)
    count = 0
    for text in accepted_mutants(source, 2500):
        assert_evaluators_agree(text, worlds=6, seed=count)
        count += 1
    assert count > 40


@pytest.mark.parametrize("seed", range(2))
def test_oso_loads_an_accepted_mutant_of_the_bundle(policy: Policy, seed: int) -> None:
    bundle, source, count = policy.bundle, random.Random(seed), 0
    for _ in range(250):
        chosen = source.choice(bundle.files)
        file, diagnostics = parse(chosen.path, mutant(chosen.text, source))
        files = tuple(file if other is chosen else other for other in bundle.files)
        try:
            check_program(bundle.path, files, bundle.program.schema)
        except DiagnosticError as error:
            assert str(error)
            continue
        if not diagnostics:
            count += 1
            assert oso_output(replace(bundle, files=files)) == ""
    assert count

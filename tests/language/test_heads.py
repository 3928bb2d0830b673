"""Heads of rules that do not fit are refused, each with its place and a repair."""

import pytest

from tests.support.refusals import assert_refused, rules_refused
from tests.support.small_schema import checker_output

ALLOW_FORM = "write `allow(_subject: Reader, action: String, request: Request) if ...`"
SHARED = "rules of one name share their types: give this one another name"


@pytest.mark.parametrize(
    ("marked", "code", "problem", "help"),
    [
        rules_refused(
            "an untyped parameter",
            "f(«x») if x.open",
            "untyped-parameter",
            "`x` has no type",
            "write `x: Type`, or a constant in quotes",
        ),
        rules_refused(
            "an unknown class",
            "f(x: «Requst») if x.open",
            "unknown-type",
            "unknown type `Requst`",
            "did you mean `Request`?",
        ),
        rules_refused(
            "two parameters of one name",
            "f(x: Request, «x»: Request) if x.open",
            "duplicate-parameter",
            "two parameters are named `x`",
            "rename one: Polar would require both to be equal",
        ),
        rules_refused(
            "recursion",
            "f(r: Request) if r.open and «f(r)»",
            "recursive-rules",
            "rules call each other in a cycle: `f` -> `f`",
            "rules do not recurse: write the cases out",
        ),
        rules_refused(
            "recursion through another",
            "f(r: Request) if «g(r)»;\ng(r: Request) if f(r)",
            "recursive-rules",
            "rules call each other in a cycle: `f` -> `g` -> `f`",
            "rules do not recurse: write the cases out",
        ),
        rules_refused(
            "two arities",
            "f(r: Request) if r.open;\n«f»(r: Request, _q: Request) if r.open",
            "inconsistent-arity",
            "`f` has 2 parameters here and 1 at rules.polar:1",
            "a rule of another arity never matches: give it another name",
        ),
        rules_refused(
            "two types in one position",
            "f(r: Request) if r.open;\nf(g: «Grant») if g.open",
            "inconsistent-parameter-type",
            "`g` is of type `Grant` here and `Request` at rules.polar:1",
            SHARED,
        ),
        rules_refused(
            "a literal of another type",
            'f(n: Integer) if n = 1;\nf(«"a"»)',
            "inconsistent-parameter-type",
            "the constant is of type `String` here, and `Integer` at rules.polar:1",
            SHARED,
        ),
        rules_refused(
            "an integer where another head has an enumeration",
            'f(e: Event) if e = "given";\nf(«1»)',
            "inconsistent-parameter-type",
            "the constant is of type `Integer` here, and `Event` at rules.polar:1",
            SHARED,
        ),
        rules_refused(
            "a constant outside the enumeration of another head",
            'f(e: Event) if e = "given";\nf(«"withdrwan"»)',
            "unknown-enumeration-value",
            "`withdrwan` is not in `Event`: `given`, `withdrawn`",
            "did you mean `withdrawn`?",
        ),
        rules_refused(
            "nil in a head that is called",
            'f(«nil»);\nrule(r: Request) if r.open and f("a")',
            "nil-in-head",
            "`nil` cannot be a parameter",
            "test `= nil` in the body",
        ),
        rules_refused(
            "an untyped parameter used nowhere",
            "f(«x») if 1 < 2",
            "untyped-parameter",
            "`x` has no type",
            "write `x: Type`, or a constant in quotes",
        ),
        rules_refused(
            "a declaration without rules, called with a constant",
            'type «blocked»(n: String);\nrule(r: Request) if r.open and not blocked("a")',
            "declaration-without-rule",
            "`blocked` is declared and has no rule",
            "leave the declaration out",
        ),
        rules_refused(
            "an integer as action",
            "allow(_s: Reader, «1», r: Request) if r.open",
            "entry-point-signature",
            "the action must be of type `String`",
            ALLOW_FORM,
        ),
        rules_refused(
            "a constant as subject",
            'allow(«"ann"», "read", r: Request) if r.open',
            "entry-point-signature",
            "this parameter of `allow` must be of type `Reader`",
            ALLOW_FORM,
        ),
        rules_refused(
            "an untyped request",
            'allow(_s: Reader, "read", «r») if r.open',
            "untyped-parameter",
            "`r` has no type",
            "write `r: Type`, or a constant in quotes",
        ),
        rules_refused(
            "nil in a head", "f(«nil»)", "nil-in-head", "`nil` cannot be a parameter", "test `= nil` in the body"
        ),
        rules_refused(
            "an unquoted action",
            "allow(_s: Reader, «read», r: Request) if r.open and read",
            "untyped-parameter",
            "`read` has no type",
            "write `read: Type`, or a constant in quotes",
        ),
        rules_refused(
            "an action of another type",
            'allow(_s: Reader, a: «Event», r: Request) if r.open and a = "given"',
            "entry-point-signature",
            "the action must be of type `String`",
            ALLOW_FORM,
        ),
        rules_refused(
            "another subject",
            'allow(«s»: Grant, "read", r: Request) if r.open and s.open',
            "entry-point-signature",
            "this parameter of `allow` must be of type `Reader`",
            ALLOW_FORM,
        ),
        rules_refused(
            "a call of allow",
            'f(r: Request, s: Reader) if «allow»(s, "read", r);\nallow(_s: Reader, "read", r: Request) if r.open',
            "entry-point-called",
            "`allow` is evaluated by the engine, and no rule can call it",
            "give the condition a rule of its own",
        ),
        rules_refused(
            "a declaration of another type",
            'type f(r: Reader);\nf(r: «Request») if r.id = "a"',
            "inconsistent-parameter-type",
            "`r` is of type `Request` here and `Reader` at rules.polar:1",
            SHARED,
        ),
        rules_refused(
            "a declaration of an unknown type",
            "type f(r: «Requst»);\nf(r: Request) if r.open",
            "unknown-type",
            "unknown type `Requst`",
            "did you mean `Request`?",
        ),
    ],
)
def test_a_head_that_does_not_fit_is_refused(marked: str, code: str, problem: str, help: str) -> None:
    assert_refused(marked, code, problem, help)


def test_a_rule_of_constants_alone_is_declared_where_its_argument_has_another_type() -> None:
    rules = 'f("given");\nrule(r: Request) if f(r.event);'
    assert checker_output(rules).endswith(
        "code: wrong-argument-type\nhelp: its heads have constants here: declare the type with `type f(...)`"
    )
    assert checker_output(f"type f(event: Event);\n{rules}") == ""

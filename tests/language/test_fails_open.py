"""Lines that fail open in oso are refused, each with its place and a repair."""

import pytest

from tests.support.refusals import assert_refused, condition_refused, rules_refused

NOT_POLAR = "did you mean `true`?"
EVERY_ACTION = (
    "this rule allows every action",
    "name it `action: String` and constrain it, or put one action in quotes",
)
QUOTED = "a constant stands in quotes: "


@pytest.mark.parametrize(
    ("marked", "code", "problem", "help"),
    [
        condition_refused(
            "a misspelt field",
            "not request.«withdrawm»",
            "unknown-field",
            "`Request` has no field `withdrawm`",
            "did you mean `withdrawn`?",
        ),
        condition_refused(
            "a field of what may be absent",
            "not «request.link».closed",
            "possibly-nil",
            "`request.link` may be `nil` here",
            "write `request.link != nil and ...` before it",
        ),
        condition_refused(
            "another arity",
            "not «blocked(request)»;\nblocked(_a: Request, _b: Reader)",
            "wrong-argument-count",
            "`blocked` takes 2 arguments, got 1",
            "a call with another number of arguments never matches",
        ),
        condition_refused(
            "another class",
            "not bad(«request»);\nbad(r: Grant) if r.open",
            "wrong-argument-type",
            "`bad` expects `Grant` here, and `request` is of type `Request`",
        ),
        condition_refused(
            "True",
            "request.consent = «True» and request.open = true",
            "foreign-constant",
            "`True` is a variable in Polar",
            NOT_POLAR,
        ),
        condition_refused(
            "None", "request.limit = «None»", "foreign-constant", "`None` is a variable in Polar", "did you mean `nil`?"
        ),
        condition_refused(
            "null", "request.limit = «null»", "foreign-constant", "`null` is a variable in Polar", "did you mean `nil`?"
        ),
        rules_refused(
            "an unquoted action",
            "allow(_s: Reader, «_read», _r: Request)",
            "untyped-parameter",
            "`_read` has no type",
            "write `_read: Type`, or a constant in quotes",
        ),
        rules_refused(
            "any action",
            "allow(_s: Reader, «_action»: String, r: Request) if r.open",
            "allows-every-action",
            *EVERY_ACTION,
        ),
        condition_refused(
            "in a string",
            "not request.name in «request.other»",
            "not-a-collection",
            "the right side of `in` must be a collection: `request.other` is of type `String`",
        ),
        condition_refused(
            "in a record",
            "not request.name in «request.owner»",
            "not-a-collection",
            "the right side of `in` must be a collection: `request.owner` is of type `Reader`",
        ),
        condition_refused(
            "a bare variable",
            "request.level = 1 and «_approved»",
            "unknown-variable",
            "unknown variable `_approved`",
            QUOTED + '`"_approved"`',
        ),
        condition_refused(
            "forall",
            "«forall»(g in request.grants, g.open)",
            "unsupported-forall",
            "`forall` is not in the profile: it holds of an empty collection",
            "write `not (x in xs and not ...)`, and say what an empty collection means",
        ),
        condition_refused(
            "outside the enumeration",
            'not request.event = «"withdrwan"»',
            "unknown-enumeration-value",
            "`withdrwan` is not in `Event`: `given`, `withdrawn`",
            "did you mean `withdrawn`?",
        ),
        condition_refused(
            "a pattern",
            "request «matches» Request{fild: 1}",
            "unsupported-type-test",
            "`matches` is not in the profile",
            "give the parameter a type in the rule's head, or compare the fields",
        ),
        rules_refused(
            "a declaration without rules",
            "type «blocked»(r: Request);\nrule(r: Request) if r.open and not blocked(r)",
            "declaration-without-rule",
            "`blocked` is declared and has no rule",
            "leave the declaration out",
        ),
        rules_refused(
            "a constant that no head has",
            'type f(r: Request, code: String);\nf(r: Request, "a") if r.open;\nrule(r: Request) if not f(r, «"aa"»)',
            "no-rule-for-constant",
            'no rule `f` has "aa" here',
        ),
        rules_refused(
            "a parameter named as a class",
            "f(«List»: Request) if List.open",
            "reserved-variable-name",
            "`List` is reserved and cannot name a variable",
            "choose another name",
        ),
        condition_refused(
            "a variable named as an enumeration",
            '«Event» in request.names and Event = "a"',
            "reserved-variable-name",
            "`Event` is reserved and cannot name a variable",
            "choose another name",
        ),
        condition_refused(
            "a name bound in or, below a not",
            'not (x in request.names and x = "a")\n'
            'and ((request.open and ((x in request.names and x = "b") or request.consent)) or request.withdrawn)\n'
            'and «x» in request.names and x = "c"',
            "rebound-after-or",
            "`x` was bound inside an earlier `or`, and Polar would look for that element again",
            "choose another name",
        ),
    ],
)
def test_a_line_that_fails_open_in_oso_is_refused(marked: str, code: str, problem: str, help: str) -> None:
    assert_refused(marked, code, problem, help)

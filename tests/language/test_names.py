"""Variables, rules and fields: scope, binding and names that nothing has."""

import pytest

from tests.support.refusals import assert_refused, condition_refused, rules_refused

QUOTED = "a constant stands in quotes: "


@pytest.mark.parametrize(
    ("marked", "code", "problem", "help"),
    [
        condition_refused(
            "an unknown field",
            "request.«opne»",
            "unknown-field",
            "`Request` has no field `opne`",
            "did you mean `open`?",
        ),
        condition_refused(
            "an unknown rule", "«rul»(request)", "unknown-rule", "unknown rule `rul`", "did you mean `rule`?"
        ),
        condition_refused(
            "not bound", "request.level < «y»", "unknown-variable", "unknown variable `y`", QUOTED + '`"y"`'
        ),
        condition_refused(
            "bound later",
            'request.name = «y» and y in request.names and y = "a"',
            "equality-does-not-bind",
            "`=` compares and never binds, and `y` is not bound",
            'name a value with `y := ...`, or write the constant "y"',
        ),
        condition_refused(
            "a variable used once",
            "«y» in request.names",
            "unused-variable",
            "`y` is never used",
            "use it, or name it `_y`",
        ),
        rules_refused(
            "a parameter used nowhere",
            "f(«x»: Request) if 1 < 2",
            "unused-variable",
            "`x` is never used",
            "use it, or name it `_x`",
        ),
        rules_refused(
            "a subject used nowhere",
            'allow(«s»: Reader, "read", r: Request) if r.open',
            "unused-variable",
            "`s` is never used",
            "use it, or name it `_s`",
        ),
        rules_refused(
            "a parameter named True",
            "f(«True»: Request) if True.open",
            "reserved-variable-name",
            "`True` is reserved and cannot name a variable",
            "choose another name",
        ),
        condition_refused(
            "a misspelt variable",
            "request.open and «reqest».consent",
            "unknown-variable",
            "unknown variable `reqest`",
            "did you mean `request`?",
        ),
        condition_refused(
            "a value named as an enumeration",
            "«Event» := request.open and Event",
            "reserved-variable-name",
            "`Event` is reserved and cannot name a variable",
            "choose another name",
        ),
        rules_refused(
            "a second parameter used nowhere",
            "f(r: Request, «n»: String) if r.open",
            "unused-variable",
            "`n` is never used",
            "use it, or name it `_n`",
        ),
        rules_refused(
            "a parameter named nil",
            "f(«nil»: Request) if 1 < 2",
            "reserved-variable-name",
            "`nil` is reserved and cannot name a variable",
            "choose another name",
        ),
        rules_refused(
            "an action used nowhere",
            "allow(_s: Reader, «action»: String, r: Request) if r.open",
            "unused-variable",
            "`action` is never used",
            'say which: `action = "..."`',
        ),
        condition_refused(
            "escaping from or",
            '(y in request.names or request.open) and «y» = "a"',
            "out-of-scope",
            "`y` is bound inside `or` and is not visible here",
            "bind it again, or give the inner part a rule of its own",
        ),
        condition_refused(
            "escaping from not",
            'not (y in request.names and y = "b") and «y» = "a"',
            "out-of-scope",
            "`y` is bound inside `not` and is not visible here",
            "bind it again, or give the inner part a rule of its own",
        ),
        condition_refused(
            "escaping from or in not",
            'not ((y in request.names and y = "b") or request.open) and «y» = "a"',
            "out-of-scope",
            "`y` is bound inside `not` and is not visible here",
            "bind it again, or give the inner part a rule of its own",
        ),
        condition_refused(
            "the anonymous variable as a value",
            "_ := request.open and «_»",
            "unknown-variable",
            "unknown variable `_`",
            'a constant stands in quotes: `"_"`',
        ),
        condition_refused(
            "bound in or and again later",
            '((y in request.names and y = "a") or request.open) and «y» in request.names and y = "b"',
            "rebound-after-or",
            "`y` was bound inside an earlier `or`, and Polar would look for that element again",
            "choose another name",
        ),
        condition_refused(
            "= that would bind",
            '«y» = request.name and y = "a"',
            "equality-does-not-bind",
            "`=` compares and never binds, and `y` is not bound",
            'name a value with `y := ...`, or write the constant "y"',
        ),
        condition_refused(
            "== that would bind",
            "request.name == «y»",
            "equality-does-not-bind",
            "`==` compares and never binds, and `y` is not bound",
            'name a value with `y := ...`, or write the constant "y"',
        ),
        condition_refused(
            "named twice",
            "y := request.open and «y» := request.consent and y",
            "already-bound",
            "`y` has a value already",
            "`:=` binds once; `=` compares",
        ),
        condition_refused(
            "a field named",
            "«request.open» := true",
            "invalid-assignment",
            "the left side of `:=` must be a name",
            "write `name := value`",
        ),
        condition_refused(
            "too many arguments",
            "«f(request, request)»;\nf(r: Request) if r.open",
            "wrong-argument-count",
            "`f` takes 1 argument, got 2",
            "a call with another number of arguments never matches",
        ),
    ],
)
def test_a_name_out_of_place_is_refused(marked: str, code: str, problem: str, help: str) -> None:
    assert_refused(marked, code, problem, help)

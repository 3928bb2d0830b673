"""The profile of Polar: what is refused, where, and with what repair; and all that is accepted.

In a refused text `«` and `»` stand around what the caret must point at.
"""

import pytest

from authz.language.diagnostics import CONTROLS
from authz.language.ir import Absent, And, Compare, Constant, Exists, Formula, Holds, Member, Not
from tests.support.small_schema import PATH, checked, complaint, condition


def message(marked: str, code: str, problem: str, help: str = "") -> str:
    """The one diagnostic of a marked text, as its author must read it."""
    number, line = next((n, line) for n, line in enumerate(marked.split("\n"), 1) if "«" in line)
    column, width = line.index("«") + 1, line.index("»") - line.index("«") - 1
    plain = line.replace("«", "").replace("»", "")
    lead = "".join("\t" if c == "\t" else " " for c in plain[: column - 1])
    lines = [f"{PATH}:{number}:{column}: {problem}", f"{number:>5} | {plain}", f"      | {lead}{'^' * width}"]
    lines.append(f"code: {code}")
    return "\n".join([*lines, f"help: {help}"] if help else lines)


def plain(marked: str) -> str:
    return marked.replace("«", "").replace("»", "")


def case(name: str, body: str, code: str, problem: str, help: str = "") -> object:
    """A condition that is refused."""
    return pytest.param(condition(body), code, problem, help, id=name)


def rules(name: str, text: str, code: str, problem: str, help: str = "") -> object:
    """Rules that are refused."""
    return pytest.param(f"{text};", code, problem, help, id=name)


NOT_POLAR = "did you mean `true`?"
ALLOW_FORM = "write `allow(_subject: Reader, action: String, request: Request) if ...`"
ARITHMETIC = ("arithmetic is not in the profile", "declare a derived field in the vocabulary, or a parameter")
BRACES = ("dictionaries, patterns and blocks are not in the profile", "compare the fields one by one")
BLOCKS = ("resource and actor blocks are not in the profile", "write rules: `allow(...) if ...;`")
WHOLE = "compare a field, such as its `id`"
SHARED = "rules of one name share their types: give this one another name"
EVERY_ACTION = (
    "this rule allows every action",
    "name it `action: String` and constrain it, or put one action in quotes",
)
METHOD = ("method calls are not in the profile", "declare the value as a field of the vocabulary")
DYNAMIC = ("fields named at run time are not in the profile", "name the field: `x.field`")
PATTERN = ("list patterns are not in the profile", "write `x in xs`")
KEYWORD = ("keyword arguments and patterns are not in the profile", "give the arguments in order, without names")
QUOTED = "a constant stands in quotes: "
ORDERED = "`<` compares integers, instants and dates: "
END = "end it with `;`, or continue with `and` or `or`"


@pytest.mark.parametrize(
    ("marked", "code", "problem", "help"),
    [
        case(
            "a misspelt field",
            "not request.«withdrawm»",
            "unknown-field",
            "`Request` has no field `withdrawm`",
            "did you mean `withdrawn`?",
        ),
        case(
            "a field of what may be absent",
            "not «request.link».closed",
            "possibly-nil",
            "`request.link` may be `nil` here",
            "write `request.link != nil and ...` before it",
        ),
        case(
            "another arity",
            "not «blocked(request)»;\nblocked(_a: Request, _b: Reader)",
            "wrong-argument-count",
            "`blocked` takes 2 arguments, got 1",
            "a call with another number of arguments never matches",
        ),
        case(
            "another class",
            "not bad(«request»);\nbad(r: Grant) if r.open",
            "wrong-argument-type",
            "`bad` expects `Grant` here, and `request` is of type `Request`",
        ),
        case(
            "True",
            "request.consent = «True» and request.open = true",
            "foreign-constant",
            "`True` is a variable in Polar",
            NOT_POLAR,
        ),
        case(
            "None", "request.limit = «None»", "foreign-constant", "`None` is a variable in Polar", "did you mean `nil`?"
        ),
        case(
            "null", "request.limit = «null»", "foreign-constant", "`null` is a variable in Polar", "did you mean `nil`?"
        ),
        rules(
            "an unquoted action",
            "allow(_s: Reader, «_read», _r: Request)",
            "untyped-parameter",
            "`_read` has no type",
            "write `_read: Type`, or a constant in quotes",
        ),
        rules(
            "any action",
            "allow(_s: Reader, «_action»: String, r: Request) if r.open",
            "allows-every-action",
            *EVERY_ACTION,
        ),
        case(
            "in a string",
            "not request.name in «request.other»",
            "not-a-collection",
            "the right side of `in` must be a collection: `request.other` is of type `String`",
        ),
        case(
            "in a record",
            "not request.name in «request.owner»",
            "not-a-collection",
            "the right side of `in` must be a collection: `request.owner` is of type `Reader`",
        ),
        case(
            "a bare variable",
            "request.level = 1 and «_approved»",
            "unknown-variable",
            "unknown variable `_approved`",
            QUOTED + '`"_approved"`',
        ),
        case(
            "forall",
            "«forall»(g in request.grants, g.open)",
            "unsupported-forall",
            "`forall` is not in the profile: it holds of an empty collection",
            "write `not (x in xs and not ...)`, and say what an empty collection means",
        ),
        case(
            "outside the enumeration",
            'not request.event = «"withdrwan"»',
            "unknown-enumeration-value",
            "`withdrwan` is not in `Event`: `given`, `withdrawn`",
            "did you mean `withdrawn`?",
        ),
        case(
            "a pattern",
            "request «matches» Request{fild: 1}",
            "unsupported-type-test",
            "`matches` is not in the profile",
            "give the parameter a type in the rule's head, or compare the fields",
        ),
        # Found by these tests: each was admitted once.
        rules(
            "a declaration without rules",
            "type «blocked»(r: Request);\nrule(r: Request) if r.open and not blocked(r)",
            "declaration-without-rule",
            "`blocked` is declared and has no rule",
            "leave the declaration out",
        ),
        rules(
            "a constant that no head has",
            'type f(r: Request, code: String);\nf(r: Request, "a") if r.open;\nrule(r: Request) if not f(r, «"aa"»)',
            "no-rule-for-constant",
            'no rule `f` has "aa" here',
        ),
        rules(
            "a parameter named as a class",
            "f(«List»: Request) if List.open",
            "reserved-variable-name",
            "`List` is reserved and cannot name a variable",
            "choose another name",
        ),
        case(
            "a variable named as an enumeration",
            '«Event» in request.names and Event = "a"',
            "reserved-variable-name",
            "`Event` is reserved and cannot name a variable",
            "choose another name",
        ),
        case(
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
def test_a_line_that_fails_open_in_polar_is_refused(marked: str, code: str, problem: str, help: str) -> None:
    assert complaint(plain(marked)) == message(marked, code, problem, help)


@pytest.mark.parametrize(
    ("marked", "code", "problem", "help"),
    [
        case(
            "a value beside itself",
            "«request.level = request.level»",
            "self-comparison",
            "`request.level` is compared with itself",
            "compare it with another value",
        ),
        case("no ASCII", "request.na«é»me", "non-ascii", "`é` is outside ASCII", "keep such characters to comments"),
        case(
            "no ASCII in a string",
            'request.name = "n«ëé»"',
            "non-ascii",
            "`ëé` is outside ASCII",
            "keep such characters to comments",
        ),
        rules(
            "a no-break space",
            "rule(r: Request) if«\u00a0»r.open",
            "non-ascii",
            "`\u00a0` is outside ASCII",
            "keep such characters to comments",
        ),
        case(
            "a form feed",
            "request.open and«\f»request.consent",
            "unknown-character",
            "`U+000C` has no meaning in Polar",
        ),
        rules(
            "an untyped parameter",
            "f(«x») if x.open",
            "untyped-parameter",
            "`x` has no type",
            "write `x: Type`, or a constant in quotes",
        ),
        rules(
            "an unknown class",
            "f(x: «Requst») if x.open",
            "unknown-type",
            "unknown type `Requst`",
            "did you mean `Request`?",
        ),
        case(
            "an unknown field",
            "request.«opne»",
            "unknown-field",
            "`Request` has no field `opne`",
            "did you mean `open`?",
        ),
        case("an unknown rule", "«rul»(request)", "unknown-rule", "unknown rule `rul`", "did you mean `rule`?"),
        case(
            "a value that may be absent",
            "«request.limit» > 3",
            "possibly-nil",
            "`request.limit` may be `nil` here",
            "write `request.limit != nil and ...` before it",
        ),
        case(
            "an argument that may be absent",
            'f(«request.nickname»);\nf(n: String) if n = "a"',
            "possibly-nil",
            "`request.nickname` may be `nil` here",
            "write `request.nickname != nil and ...` before it",
        ),
        case(
            "narrowed in a not alone",
            "not request.limit = nil and «request.limit» > 3",
            "possibly-nil",
            "`request.limit` may be `nil` here",
            "write `request.limit != nil and ...` before it",
        ),
        case(
            "a partial or",
            "request.until = nil or «request.until» > request.at",
            "possibly-nil",
            "`request.until` may be `nil` here",
            "both branches are evaluated: write `request.until = nil or (request.until != nil and ...)`",
        ),
        case(
            "two enumerations",
            "«request.event = request.mode»",
            "mismatched-types",
            "`request.event` is of type `Event` and `request.mode` of type `Mode`: they are never equal",
        ),
        case(
            "an enumeration and a string",
            "«request.event = request.name»",
            "mismatched-types",
            "`request.event` is of type `Event` and `request.name` of type `String`: they are never equal",
        ),
        case(
            "a boolean and an integer",
            "request.open = «1»",
            "mismatched-types",
            "`1` is of type `Integer`, expected `Boolean`",
        ),
        case(
            "an instant and a string",
            'request.at = «"2025-01-01"»',
            "mismatched-types",
            '`"2025-01-01"` is of type `String`, expected `Instant`',
        ),
        case(
            "a date before an instant",
            "«request.day < request.at»",
            "mismatched-types",
            "`request.day` is of type `Date` and `request.at` of type `Instant`: neither comes before the other",
        ),
        case(
            "a string as a condition",
            "«request.name»",
            "not-a-condition",
            "`request.name` is of type `String`, and is not a condition",
            "compare it with something",
        ),
        case(
            "a record as a condition",
            "«request»",
            "not-a-condition",
            "`request` is of type `Request`, and is not a condition",
            "compare it with something",
        ),
        case(
            "a constant as a condition",
            "request.open and «1»",
            "not-a-condition",
            "`1` is of type `Integer`, and is not a condition",
            "compare it with something",
        ),
        case(
            "a list as a condition",
            "request.open and «[]»",
            "misplaced-list",
            "a list can stand only to the right of `in`",
        ),
        case(
            "nil as a condition",
            "request.open and «nil»",
            "nil-as-value",
            "`nil` is not a value",
            "test it with `= nil` or `!= nil`",
        ),
        case(
            "a condition as a value",
            "(«request.level < 3») = true",
            "condition-as-value",
            "this is a condition where a value is expected",
        ),
        case(
            "a call as a value",
            "f(«f(request)»);\nf(r: Request) if r.open",
            "condition-as-value",
            "`f(...)` is a condition where a value is expected",
            "join conditions with `and`",
        ),
        case("not bound", "request.level < «y»", "unknown-variable", "unknown variable `y`", QUOTED + '`"y"`'),
        case(
            "bound later",
            'request.name = «y» and y in request.names and y = "a"',
            "equality-does-not-bind",
            "`=` compares and never binds, and `y` is not bound",
            'name a value with `y := ...`, or write the constant "y"',
        ),
        case(
            "a variable used once",
            "«y» in request.names",
            "unused-variable",
            "`y` is never used",
            "use it, or name it `_y`",
        ),
        rules(
            "a parameter used nowhere",
            "f(«x»: Request) if 1 < 2",
            "unused-variable",
            "`x` is never used",
            "use it, or name it `_x`",
        ),
        rules(
            "an action used nowhere",
            "allow(_s: Reader, «action»: String, r: Request) if r.open",
            "unused-variable",
            "`action` is never used",
            'say which: `action = "..."`',
        ),
        rules(
            "two parameters of one name",
            "f(x: Request, «x»: Request) if x.open",
            "duplicate-parameter",
            "two parameters are named `x`",
            "Polar would require both to be equal",
        ),
        case(
            "escaping from or",
            '(y in request.names or request.open) and «y» = "a"',
            "out-of-scope",
            "`y` is bound inside `or` and is not visible here",
            "bind it again, or give the inner part a rule of its own",
        ),
        case(
            "escaping from not",
            'not (y in request.names and y = "b") and «y» = "a"',
            "out-of-scope",
            "`y` is bound inside `not` and is not visible here",
            "bind it again, or give the inner part a rule of its own",
        ),
        case(
            "bound in or and again later",
            '((y in request.names and y = "a") or request.open) and «y» in request.names and y = "b"',
            "rebound-after-or",
            "`y` was bound inside an earlier `or`, and Polar would look for that element again",
            "choose another name",
        ),
        case(
            "= that would bind",
            '«y» = request.name and y = "a"',
            "equality-does-not-bind",
            "`=` compares and never binds, and `y` is not bound",
            'name a value with `y := ...`, or write the constant "y"',
        ),
        case(
            "== that would bind",
            "request.name == «y»",
            "equality-does-not-bind",
            "`==` compares and never binds, and `y` is not bound",
            'name a value with `y := ...`, or write the constant "y"',
        ),
        case(
            "named twice",
            "y := request.open and «y» := request.consent and y",
            "already-bound",
            "`y` has a value already",
            "`:=` binds once; `=` compares",
        ),
        case(
            "a field named",
            "«request.open» := true",
            "invalid-assignment",
            "the left side of `:=` must be a name",
            "write `name := value`",
        ),
        case(
            "nil named",
            "request.open and y := «nil»",
            "nil-as-value",
            "`nil` cannot be named",
            "compare with `nil` where absence is meant",
        ),
        case(
            "too many arguments",
            "«f(request, request)»;\nf(r: Request) if r.open",
            "wrong-argument-count",
            "`f` takes 1 argument, got 2",
            "a call with another number of arguments never matches",
        ),
        rules(
            "a base where its subtype is asked",
            "f(d: Dated) if g(«d»);\ng(g: Grant) if g.open",
            "wrong-argument-type",
            "`g` expects `Grant` here, and `d` is of type `Dated`",
        ),
        case(
            "an argument outside the enumeration",
            'request.open and f(«"gven"»);\nf(e: Event) if e = "given"',
            "unknown-enumeration-value",
            "`gven` is not in `Event`: `given`, `withdrawn`",
            "did you mean `given`?",
        ),
        rules(
            "recursion",
            "f(r: Request) if r.open and «f(r)»",
            "recursive-rules",
            "rules call each other in a cycle: `f` -> `f`",
            "rules do not recurse: write the cases out",
        ),
        rules(
            "recursion through another",
            "f(r: Request) if «g(r)»;\ng(r: Request) if f(r)",
            "recursive-rules",
            "rules call each other in a cycle: `f` -> `g` -> `f`",
            "rules do not recurse: write the cases out",
        ),
        rules(
            "two arities",
            "f(r: Request) if r.open;\n«f»(r: Request, _q: Request) if r.open",
            "inconsistent-arity",
            "`f` has 2 parameters here and 1 at rules.polar:1",
            "a rule of another arity never matches: give it another name",
        ),
        rules(
            "two types in one position",
            "f(r: Request) if r.open;\nf(g: «Grant») if g.open",
            "inconsistent-parameter-type",
            "`g` is of type `Grant` here and `Request` at rules.polar:1",
            SHARED,
        ),
        rules(
            "a literal of another type",
            'f(n: Integer) if n = 1;\nf(«"a"»)',
            "inconsistent-parameter-type",
            "the constant is of type `String` here, and `Integer` at rules.polar:1",
            SHARED,
        ),
        rules("nil in a head", "f(«nil»)", "nil-in-head", "`nil` cannot be a parameter", "test `= nil` in the body"),
        rules(
            "an unquoted action",
            "allow(_s: Reader, «read», r: Request) if r.open and read",
            "untyped-parameter",
            "`read` has no type",
            "write `read: Type`, or a constant in quotes",
        ),
        rules(
            "an action of another type",
            'allow(_s: Reader, a: «Event», r: Request) if r.open and a = "given"',
            "entry-point-signature",
            "the action must be of type `String`",
            ALLOW_FORM,
        ),
        rules(
            "another subject",
            'allow(«s»: Grant, "read", r: Request) if r.open and s.open',
            "entry-point-signature",
            "this parameter of `allow` must be of type `Reader`",
            ALLOW_FORM,
        ),
        rules(
            "a call of allow",
            'f(r: Request, s: Reader) if «allow»(s, "read", r);\nallow(_s: Reader, "read", r: Request) if r.open',
            "entry-point-called",
            "`allow` is evaluated by the engine, and no rule can call it",
            "give the condition a rule of its own",
        ),
        case(
            "equality of records",
            "«request.owner» = request.owner",
            "whole-value-comparison",
            "a value of type `Reader` cannot be compared as a whole",
            WHOLE,
        ),
        case(
            "equality of collections",
            "«request.names» = request.names",
            "whole-value-comparison",
            "a value of type `[String]` cannot be compared as a whole",
            WHOLE,
        ),
        case(
            "membership of a record",
            "g in request.grants and «g» in request.grants",
            "whole-value-comparison",
            "a value of type `Grant` cannot be compared as a whole",
            WHOLE,
        ),
        case("an order of strings", '«request.name» < "b"', "unordered-type", ORDERED + "strings have no order here"),
        case("an order of booleans", "«request.open» < true", "unordered-type", ORDERED + "a `Boolean` has no order"),
        case(
            "an order of nil",
            "«request.limit < nil»",
            "unordered-type",
            "`<` compares integers, instants and dates: `nil` has no order",
        ),
        case(
            "nil that cannot be",
            "«request.level» = nil",
            "never-nil",
            "`request.level` is never `nil`: it is not optional",
            "leave the condition out",
        ),
        case("nil beside nil", "request.open and «nil = nil»", "nil-compared-with-nil", "`nil` is compared with `nil`"),
        case("an empty list", "request.name in «[]»", "empty-list", "nothing is in an empty list", "name the values"),
        case(
            "a variable in a list",
            'request.name in ["a", «request.other»]',
            "list-item-not-constant",
            "`request.other` in a list: a list holds constants",
            'write `in ["a", "b"]`',
        ),
        case(
            "a list in a list",
            'request.name in [«["a"]»]',
            "list-item-not-constant",
            "`[...]` in a list: a list holds constants",
            'write `in ["a", "b"]`',
        ),
        case(
            "a mixed list",
            'request.name in ["a", «1»]',
            "mismatched-types",
            "`1` is of type `Integer`, expected `String`",
        ),
        case(
            "an element of a list",
            '«y» in ["a"] and request.name = y',
            "element-of-list-literal",
            "`y` is not bound: `in` picks elements from a collection, not from a list",
            "write the cases out with `or`",
        ),
        case(
            "and beside or",
            "request.open or «request.consent and request.withdrawn»",
            "and-or-without-brackets",
            "`and` and `or` stand side by side without brackets",
            "put brackets around one of them",
        ),
        case(
            "cut",
            "request.open and «cut»",
            "unsupported-cut",
            "`cut` is not in the profile: rules have no order",
            "write the condition that excludes the other rules",
        ),
        case("a dictionary", "request.open = «{»a: 1}", "unsupported-braces", *BRACES),
        rules("a pattern in a head", "f(r: Request«{»open: true}) if r.open", "unsupported-braces", *BRACES),
        case(
            "new",
            "y := «new» Grant(level: 1) and request.open",
            "unsupported-new",
            "`new` is not in the profile: rules make no objects",
            "take the value from the request or a parameter",
        ),
        case("addition", "request.level «+» 1 = 2", "unsupported-arithmetic", *ARITHMETIC),
        case("subtraction", "request.level «-1» = 2", "unsupported-arithmetic", *ARITHMETIC),
        case("mod", "request.level «mod» 2 = 1", "unsupported-arithmetic", *ARITHMETIC),
        case(
            "a fraction",
            "request.level = «1.5»",
            "unsupported-fraction",
            "numbers with a fraction are not in the profile",
            "count in whole units",
        ),
        case(
            "an integer of 64 bits",
            "request.level = «4611686018427387904»",
            "integer-out-of-range",
            "`4611686018427387904` does not fit 63 bits",
        ),
        case("a method", "request.owner.get«(»1)", "unsupported-method-call", *METHOD),
        case("a dynamic field", "request.«(»name)", "unsupported-dynamic-field", *DYNAMIC),
        case("an index", "request«[»name]", "unsupported-dynamic-field", *DYNAMIC),
        case(
            "print",
            "«print»(request)",
            "unsupported-output",
            "`print` is not in the profile: a rule has no effects",
            "ask for the reasons: `authz decide --explain`",
        ),
        case(
            "debug",
            "«debug»()",
            "unsupported-output",
            "`debug` is not in the profile: a rule has no effects",
            "ask for the reasons: `authz decide --explain`",
        ),
        case("a keyword argument", "f(request, a«:» 1)", "unsupported-keyword-argument", *KEYWORD),
        case(
            "an inline query",
            "«?=» f();\nf() if true",
            "unsupported-query",
            "an inline query is not in the profile",
            "put the expectation in a scenario file",
        ),
        rules(
            "a resource block",
            '«resource» Grant { roles = ["a"]; }\nf(r: Request) if r.open',
            "unsupported-block",
            *BLOCKS,
        ),
        rules("an actor block", "«actor» Reader {}\nf(r: Request) if r.open", "unsupported-block", *BLOCKS),
        rules("a list pattern in a head", "f(«[»a, *b]) if a", "unsupported-list-pattern", *PATTERN),
        case("a list pattern with a rest", "request.names = [a «|» b]", "unsupported-list-pattern", *PATTERN),
        case(
            "a string in single quotes",
            "request.name = «'»a'",
            "single-quoted-string",
            "a string stands in double quotes",
            'write `"..."`',
        ),
        case(
            "an unclosed string",
            'request.name = «"»abc',
            "unterminated-string",
            "the string does not end on its line",
            'close it with `"`',
        ),
        case(
            "an unclosed string before a comment sign",
            'request.name = «"»abc # def',
            "unterminated-string",
            "the string does not end on its line",
            'close it with `"`',
        ),
        case(
            "an unknown escape",
            r'request.name = «"a\d"»',
            "unknown-escape",
            r"`\d` is not an escape",
            r"write `\\` for one backslash",
        ),
        case("&&", "request.open «&»& request.consent", "unknown-operator", "`&` is not an operator", "write `and`"),
        case("!", "«!»request.open", "unknown-operator", "`!` is not an operator", "write `not`"),
        case(
            "not of not",
            "not «not» request.open",
            "double-negation",
            "`not` stands before `not`",
            "leave both out, or use brackets",
        ),
        case("a chain", "request.level < 3 «<» 4", "unexpected-token", "unexpected `<`", "expected `;` or `and`"),
        rules(
            "a bracket too few", "f(r: Request) if (r.open«;»\n#", "unexpected-token", "unexpected `;`", "expected `)`"
        ),
        case("a bracket too many", "request.open«)»", "unexpected-token", "unexpected `)`", "expected `;`"),
        rules(
            "a keyword as a rule",
            "«or»(r: Request) if r.open",
            "keyword-as-name",
            "`or` is a keyword",
            "choose another name",
        ),
        rules(
            "a keyword as a parameter",
            "f(«in»: Request) if 1 < 2",
            "keyword-as-name",
            "`in` is a keyword",
            "choose another name",
        ),
        case("a keyword as a field", "request.«type»", "keyword-as-name", "`type` is a keyword", "choose another name"),
        rules(
            "no end",
            "f(r: Request) if r.«open»\ng(r: Request) if f(r);\nh(r: Request) if g(r)",
            "unfinished-rule",
            "the rule does not end here",
            END,
        ),
        rules(
            "a declaration of another type",
            'type f(r: Reader);\nf(r: «Request») if r.id = "a"',
            "inconsistent-parameter-type",
            "`r` is of type `Request` here and `Reader` at rules.polar:1",
            SHARED,
        ),
        rules(
            "a declaration of an unknown type",
            "type f(r: «Requst»);\nf(r: Request) if r.open",
            "unknown-type",
            "unknown type `Requst`",
            "did you mean `Request`?",
        ),
    ],
)
def test_what_lies_outside_the_profile_is_refused(marked: str, code: str, problem: str, help: str) -> None:
    # A quoted line steers no terminal.
    assert complaint(plain(marked)) == message(marked, code, problem, help).translate(CONTROLS)


def test_brackets_nest_sixty_four_deep_and_no_deeper() -> None:
    assert complaint(condition("(" * 64 + "request.open" + ")" * 64)) == ""
    marked = condition("(" * 64 + "«(»" + "request.open" + ")" * 65)
    assert complaint(plain(marked)) == message(
        marked, "nesting-too-deep", "brackets nest deeper than 64", "give a part of the condition a rule of its own"
    )


def picking(count: int) -> str:
    return " and ".join(f"g{i} in request.blocks and g{i}.level = {i}" for i in range(count))


def test_a_condition_picks_twelve_elements_and_no_more() -> None:
    assert complaint(condition(picking(12))) == ""
    marked = condition(picking(12) + " and «g in request.blocks» and g.open")
    assert complaint(plain(marked)) == message(
        marked,
        "too-many-elements",
        "one condition picks more than 12 elements",
        "give a part of the condition a rule of its own",
    )


ACCEPTED = {
    "and": "request.open and request.consent",
    "or": "request.open or request.consent",
    "not": "not request.open",
    "not of a group": "not (request.open or request.consent)",
    "not of a not, in brackets": "not (not request.open)",
    "and beside or, in brackets": "request.open or (request.consent and request.withdrawn)",
    "not in": "not request.name in request.names",
    "not =": 'not request.name = "a"',
    "a call": "f(request, request.name);\nf(r: Request, n: String) if r.name = n",
    "a call of no arguments": "request.open and f();\nf() if true",
    "a rule without a body": "request.open and f(request);\nf(_r: Request)",
    "parameters that are ignored": "f(request, request, request);\nf(_: Request, _: Request, _r: Request)",
    "literals in heads": 'f(request, "a", 1, true);\nf(r: Request, "a", 1, true) if r.open',
    "an enumeration's values in heads": "f(request.event, request.mode);\n"
    'f("given", m: Mode) if m = "private";\nf(e: Event, "given") if e = "given"',
    "a literal for an enumeration": 'request.open and f("given");\nf(e: Event) if e = "withdrawn"',
    "a field of a field": 'request.owner.id = "ann"',
    "fields named as Python's keywords": 'request.from = "here" and request.class and request.lambda = 1',
    "a field of what is there": "request.link != nil and request.link.closed",
    "=": 'request.name = "a"',
    "==": 'request.name == "a"',
    "!=": "g in request.grants and g.event != request.event",
    "equality of instants": "g in request.grants and g.begins = request.at",
    "equality of dates": "f(request, request.day);\nf(r: Request, d: Date) if r.day = d",
    ":=": "x := request.owner and x.id = request.name",
    "a constant named": 'x := "a" and request.name = x',
    "a name for a collection": "x := request.grants and g in x and g.open",
    "a name for what may be absent": "x := request.limit and x != nil and request.limit > 3",
    "the order of integers": "request.level < 3 and request.level <= 3 and request.level > -3 and request.level >= -3",
    "the order of instants": "request.until != nil and request.at < request.until",
    "absence": "request.limit = nil",
    "a total or": "request.until = nil or (request.until != nil and request.until > request.at)",
    "some element": "g in request.grants and g.open",
    "some element, whichever": "_ in request.grants",
    "some element of a field of an element": 'g in request.grants and t in g.tags and t = "a"',
    "a name again after a not": 'not (x in request.names and x = "a") and x in request.names and x = "b"',
    "a name in both branches of an or": '(x in request.names and x = "a") or (x in request.names and x = "b")',
    "membership": "request.name in request.names",
    "membership of a constant": '"a" in request.names and 1 in request.numbers and true in request.flags',
    "membership in a list": 'request.name in ["a", "b",]',
    "membership of an enumeration": '"given" in request.events and request.event in ["given"]',
    "membership of an element known": "x in request.names and g in request.grants and x in g.tags",
    "an element as a condition": "x in request.flags and x",
    "constants": 'request.open and true and not false and "a" = "a" and 1 < 2 and 1 in [1, 2]',
    "escapes": r'request.name = "\n\t\r\0\"\\"',
    "a comment sign in a string": 'request.name = "# no comment; no end"',
    "comments in any script": 'request.open # één jaar ½, école, 学校, 🏫 ; " (\n',
    "a subtype for its base": "g in request.grants and in_force(g, request.at);\n"
    "in_force(d: Dated, at: Instant) if d.begins <= at and at < d.ends",
    "a declaration": "f(request);\ntype f(r: Request);\nf(r: Request) if r.open",
    "names that Polar does not mind": "resource(request) and len(request);\n"
    "resource(actor: Request) if actor.open;\nlen(on: Request) if self := on.open and self",
}


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in ACCEPTED.items()])
def test_what_the_profile_has_is_accepted(body: str) -> None:
    assert complaint(condition(body)) == ""


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in ACCEPTED.items()])
def test_lines_may_end_in_the_old_way(body: str) -> None:
    assert complaint(condition(body).replace(" if ", " if\r\n    ").replace("\n", "\r\n").replace("\r\r", "\r")) == ""


def formula(body: str) -> Formula:
    (rule,) = checked(condition(body)).rules["rule"]
    return rule.body


def parts(formula: Formula) -> tuple[Formula, ...]:
    assert isinstance(formula, And)
    return formula.parts


def test_not_binds_looser_than_in_and_comparison_and_tighter_than_and() -> None:
    read = parts(formula('not request.name in request.names and not request.name = "a" and request.open'))
    assert [type(part) for part in read] == [Not, Not, Holds]
    assert [type(part.operand) for part in read if isinstance(part, Not)] == [Member, Compare]


def test_an_element_scopes_over_the_rest_of_its_conjunction() -> None:
    _, loop = parts(formula("request.consent and (g in request.grants and g.open) and g.level = 1"))
    assert isinstance(loop, Exists)
    assert [type(part) for part in parts(loop.body)] == [Holds, Compare]


def test_a_name_is_replaced_by_what_it_names() -> None:
    assert formula("x := request.owner and y := x.id and y = request.name") == formula(
        "request.owner.id = request.name"
    )


def test_absence_is_its_own_condition_and_nothing_else() -> None:
    guard, compared = parts(formula("request.limit != nil and request.limit = 3"))
    assert isinstance(guard, Not) and isinstance(guard.operand, Absent)
    assert isinstance(compared, Compare) and compared.right == Constant(3)


def test_formulas_are_equal_wherever_they_stand() -> None:
    assert formula("request.open or request.consent") == formula("   request.open   or\n request.consent")

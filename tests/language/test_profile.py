"""The profile of Polar: what is refused, where, and with what repair; and all that is accepted.

In a refused text `«` and `»` stand around what the caret must point at.
"""

import pytest

from authz.language.diagnostics import CONTROLS
from authz.language.ir import Absent, And, Compare, Constant, Exists, Formula, Holds, Member, Not
from tests.support.small_schema import PATH, checked, complaint, condition


def told(marked: str, problem: str, help: str = "") -> str:
    """The one fault of a marked text, as its author must read it."""
    number, line = next((n, line) for n, line in enumerate(marked.split("\n"), 1) if "«" in line)
    column, width = line.index("«") + 1, line.index("»") - line.index("«") - 1
    plain = line.replace("«", "").replace("»", "")
    lead = "".join("\t" if c == "\t" else " " for c in plain[: column - 1])
    lines = [f"{PATH}:{number}:{column}: {problem}", f"{number:>5} | {plain}", f"      | {lead}{'^' * width}"]
    return "\n".join([*lines, f"help: {help}"] if help else lines)


def plain(marked: str) -> str:
    return marked.replace("«", "").replace("»", "")


def case(name: str, body: str, problem: str, help: str = "") -> object:
    """A condition that is refused."""
    return pytest.param(condition(body), problem, help, id=name)


def rules(name: str, text: str, problem: str, help: str = "") -> object:
    """Rules that are refused."""
    return pytest.param(f"{text};", problem, help, id=name)


NOT_POLAR = "did you mean `true`?"
ALLOW_FORM = "write `allow(_subject: Reader, action: String, request: Request) if ...`"
ARITHMETIC = ("arithmetic is not in the profile", "declare a derived field in the vocabulary, or a parameter")
BRACES = ("dictionaries, patterns and blocks are not in the profile", "compare the fields one by one")
BLOCKS = ("resource and actor blocks are not in the profile", "write rules: `allow(...) if ...;`")
WHOLE = "compare a field, such as its `id`"
SHARED = "rules of one name share their types: give this one another name"
EVERY_ACTION = ("this allows every action", "name it `action: String` and say which, or put one in quotes")
METHOD = ("method calls are not in the profile", "declare the value as a field of the vocabulary")
DYNAMIC = ("fields named at run time are not in the profile", "name the field: `x.field`")
PATTERN = ("list patterns are not in the profile", "write `x in xs`")
KEYWORD = ("keyword arguments and patterns are not in the profile", "give the arguments in order, without names")
QUOTED = "a constant stands in quotes: "
ORDERED = "`<` compares integers, instants and dates: "
END = "end it with `;`, or go on with `and` or `or`"


@pytest.mark.parametrize(
    ("marked", "problem", "help"),
    [
        case(
            "a misspelt field",
            "not request.«withdrawm»",
            "`Request` has no field `withdrawm`",
            "did you mean `withdrawn`?",
        ),
        case(
            "a field of what may be absent",
            "not «request.link».closed",
            "`request.link` may be `nil` here",
            "write `request.link != nil and ...` before it",
        ),
        case(
            "another arity",
            "not «blocked(request)»;\nblocked(_a: Request, _b: Reader)",
            "`blocked` takes 2 arguments, and 1 are given",
            "another number of arguments never matches",
        ),
        case(
            "another class",
            "not bad(«request»);\nbad(r: Grant) if r.open",
            "`bad` takes a `Grant` here, and `request` is a `Request`",
        ),
        case("True", "request.consent = «True» and request.open = true", "`True` is a variable in Polar", NOT_POLAR),
        case("None", "request.limit = «None»", "`None` is a variable in Polar", "did you mean `nil`?"),
        case("null", "request.limit = «null»", "`null` is a variable in Polar", "did you mean `nil`?"),
        rules(
            "an unquoted action",
            "allow(_s: Reader, «_read», _r: Request)",
            "`_read` has no type",
            "write `_read: Type`, or a constant in quotes",
        ),
        rules("any action", "allow(_s: Reader, «_action»: String, r: Request) if r.open", *EVERY_ACTION),
        case(
            "in a string",
            "not request.name in «request.other»",
            "`in` looks into collections, and `request.other` is a `String`",
        ),
        case(
            "in a record",
            "not request.name in «request.owner»",
            "`in` looks into collections, and `request.owner` is a `Reader`",
        ),
        case(
            "a bare variable",
            "request.level = 1 and «_approved»",
            "`_approved` has no value here",
            QUOTED + '`"_approved"`',
        ),
        case(
            "forall",
            "«forall»(g in request.grants, g.open)",
            "`forall` is not in the profile: it holds of an empty collection",
            "write `not (x in xs and not ...)`, and say what an empty collection means",
        ),
        case(
            "outside the enumeration",
            'not request.event = «"withdrwan"»',
            "`withdrwan` is not in `Event`: `given`, `withdrawn`",
            "did you mean `withdrawn`?",
        ),
        case(
            "a pattern",
            "request «matches» Request{fild: 1}",
            "`matches` is not in the profile",
            "give the parameter a type in the rule's head, or compare the fields",
        ),
        # Found by these tests: each was admitted once.
        rules(
            "a declaration without rules",
            "type «blocked»(r: Request);\nrule(r: Request) if r.open and not blocked(r)",
            "`blocked` is declared and has no rule",
            "leave the declaration out",
        ),
        rules(
            "a constant that no head has",
            'type f(r: Request, code: String);\nf(r: Request, "a") if r.open;\nrule(r: Request) if not f(r, «"aa"»)',
            'no rule `f` has "aa" here',
        ),
        rules(
            "a parameter named as a class",
            "f(«List»: Request) if List.open",
            "`List` is no name for a value",
            "choose another",
        ),
        case(
            "a variable named as an enumeration",
            '«Event» in request.names and Event = "a"',
            "`Event` is no name for a value",
            "choose another",
        ),
        case(
            "a name bound in or, below a not",
            'not (x in request.names and x = "a")\n'
            'and ((request.open and ((x in request.names and x = "b") or request.consent)) or request.withdrawn)\n'
            'and «x» in request.names and x = "c"',
            "`x` was bound inside an `or` above, and Polar would ask for that element again",
            "choose another name",
        ),
    ],
)
def test_a_line_that_fails_open_in_polar_is_refused(marked: str, problem: str, help: str) -> None:
    assert complaint(plain(marked)) == told(marked, problem, help)


@pytest.mark.parametrize(
    ("marked", "problem", "help"),
    [
        case(
            "a value beside itself",
            "«request.level = request.level»",
            "`request.level` is compared with itself",
            "say what it is to be compared with",
        ),
        case("no ASCII", "request.na«é»me", "`é` is outside ASCII", "keep such characters to comments"),
        case(
            "no ASCII in a string",
            'request.name = "n«ëé»"',
            "`ëé` is outside ASCII",
            "keep such characters to comments",
        ),
        rules(
            "a no-break space",
            "rule(r: Request) if«\u00a0»r.open",
            "`\u00a0` is outside ASCII",
            "keep such characters to comments",
        ),
        case("a form feed", "request.open and«\f»request.consent", "`U+000C` means nothing in Polar"),
        rules(
            "an untyped parameter", "f(«x») if x.open", "`x` has no type", "write `x: Type`, or a constant in quotes"
        ),
        rules("an unknown class", "f(x: «Requst») if x.open", "unknown type `Requst`", "did you mean `Request`?"),
        case("an unknown field", "request.«opne»", "`Request` has no field `opne`", "did you mean `open`?"),
        case("an unknown rule", "«rul»(request)", "unknown rule `rul`", "did you mean `rule`?"),
        case(
            "a value that may be absent",
            "«request.limit» > 3",
            "`request.limit` may be `nil` here",
            "write `request.limit != nil and ...` before it",
        ),
        case(
            "an argument that may be absent",
            'f(«request.nickname»);\nf(n: String) if n = "a"',
            "`request.nickname` may be `nil` here",
            "write `request.nickname != nil and ...` before it",
        ),
        case(
            "narrowed in a not alone",
            "not request.limit = nil and «request.limit» > 3",
            "`request.limit` may be `nil` here",
            "write `request.limit != nil and ...` before it",
        ),
        case(
            "a partial or",
            "request.until = nil or «request.until» > request.at",
            "`request.until` may be `nil` here",
            "both branches are evaluated: write `request.until = nil or (request.until != nil and ...)`",
        ),
        case(
            "two enumerations",
            "«request.event = request.mode»",
            "`request.event` is a `Event` and `request.mode` a `Mode`: never equal",
        ),
        case(
            "an enumeration and a string",
            "«request.event = request.name»",
            "`request.event` is a `Event` and `request.name` a `String`: never equal",
        ),
        case("a boolean and an integer", "request.open = «1»", "1 is a `Integer`, and a `Boolean` is asked"),
        case(
            "an instant and a string",
            'request.at = «"2025-01-01"»',
            '"2025-01-01" is a `String`, and a `Instant` is asked',
        ),
        case(
            "a date before an instant",
            "«request.day < request.at»",
            "`request.day` is a `Date` and `request.at` a `Instant`: neither comes first",
        ),
        case(
            "a string as a condition",
            "«request.name»",
            "`request.name` is a `String`, not a condition",
            "compare it with something",
        ),
        case(
            "a record as a condition",
            "«request»",
            "`request` is a `Request`, not a condition",
            "compare it with something",
        ),
        case(
            "a constant as a condition",
            "request.open and «1»",
            "`1` is a `Integer`, not a condition",
            "compare it with something",
        ),
        case("a list as a condition", "request.open and «[]»", "a list stands to the right of `in` alone"),
        case("nil as a condition", "request.open and «nil»", "`nil` is no value: only `= nil` and `!= nil` have it"),
        case("a condition as a value", "(«request.level < 3») = true", "this is a condition, and a value is asked"),
        case(
            "a call as a value",
            "f(«f(request)»);\nf(r: Request) if r.open",
            "`f(...)` is a condition, and has no value",
            "join conditions with `and`",
        ),
        case("not bound", "request.level < «y»", "`y` has no value here", QUOTED + '`"y"`'),
        case(
            "bound later",
            'request.name = «y» and y in request.names and y = "a"',
            "`=` compares and never binds, and nothing has bound `y`",
            'name a value with `y := ...`, or write the constant "y"',
        ),
        case("a variable used once", "«y» in request.names", "`y` is never used", "use it, or name it `_y`"),
        rules("a parameter used nowhere", "f(«x»: Request) if 1 < 2", "`x` is never used", "use it, or name it `_x`"),
        rules(
            "an action used nowhere",
            "allow(_s: Reader, «action»: String, r: Request) if r.open",
            "`action` is never used",
            'say which: `action = "..."`',
        ),
        rules(
            "two parameters of one name",
            "f(x: Request, «x»: Request) if x.open",
            "two parameters are named `x`",
            "Polar would ask that they be equal",
        ),
        case(
            "escaping from or",
            '(y in request.names or request.open) and «y» = "a"',
            "`y` is bound inside `or` and does not reach here",
            "bind it again, or give the inner part a rule of its own",
        ),
        case(
            "escaping from not",
            'not (y in request.names and y = "b") and «y» = "a"',
            "`y` is bound inside `not` and does not reach here",
            "bind it again, or give the inner part a rule of its own",
        ),
        case(
            "bound in or and again later",
            '((y in request.names and y = "a") or request.open) and «y» in request.names and y = "b"',
            "`y` was bound inside an `or` above, and Polar would ask for that element again",
            "choose another name",
        ),
        case(
            "= that would bind",
            '«y» = request.name and y = "a"',
            "`=` compares and never binds, and nothing has bound `y`",
            'name a value with `y := ...`, or write the constant "y"',
        ),
        case(
            "== that would bind",
            "request.name == «y»",
            "`==` compares and never binds, and nothing has bound `y`",
            'name a value with `y := ...`, or write the constant "y"',
        ),
        case(
            "named twice",
            "y := request.open and «y» := request.consent and y",
            "`y` has a value already",
            "`:=` names once; `=` compares",
        ),
        case("a field named", "«request.open» := true", "`:=` names a value", "write `name := value`"),
        case("nil named", "request.open and y := «nil»", "`nil` needs no name", "compare with `nil` where you mean it"),
        case(
            "too many arguments",
            "«f(request, request)»;\nf(r: Request) if r.open",
            "`f` takes 1 argument, and 2 are given",
            "another number of arguments never matches",
        ),
        rules(
            "a base where its subtype is asked",
            "f(d: Dated) if g(«d»);\ng(g: Grant) if g.open",
            "`g` takes a `Grant` here, and `d` is a `Dated`",
        ),
        case(
            "an argument outside the enumeration",
            'request.open and f(«"gven"»);\nf(e: Event) if e = "given"',
            "`gven` is not in `Event`: `given`, `withdrawn`",
            "did you mean `given`?",
        ),
        rules(
            "recursion",
            "f(r: Request) if r.open and «f(r)»",
            "rules call each other in a circle: `f` -> `f`",
            "rules do not recurse: write the cases out",
        ),
        rules(
            "recursion through another",
            "f(r: Request) if «g(r)»;\ng(r: Request) if f(r)",
            "rules call each other in a circle: `f` -> `g` -> `f`",
            "rules do not recurse: write the cases out",
        ),
        rules(
            "two arities",
            "f(r: Request) if r.open;\n«f»(r: Request, _q: Request) if r.open",
            "`f` has 2 parameters here and 1 at rules.polar:1",
            "a rule of another arity never matches: give it another name",
        ),
        rules(
            "two types in one position",
            "f(r: Request) if r.open;\nf(g: «Grant») if g.open",
            "`g` is a `Grant` here and a `Request` at rules.polar:1",
            SHARED,
        ),
        rules(
            "a literal of another type",
            'f(n: Integer) if n = 1;\nf(«"a"»)',
            "this is a `String`, and a `Integer` at rules.polar:1",
            SHARED,
        ),
        rules("nil in a head", "f(«nil»)", "`nil` in a head never matches", "ask `= nil` in the body"),
        rules(
            "an unquoted action",
            "allow(_s: Reader, «read», r: Request) if r.open and read",
            "`read` has no type",
            "write `read: Type`, or a constant in quotes",
        ),
        rules(
            "an action of another type",
            'allow(_s: Reader, a: «Event», r: Request) if r.open and a = "given"',
            "an action is a `String`",
            ALLOW_FORM,
        ),
        rules(
            "another subject",
            'allow(«s»: Grant, "read", r: Request) if r.open and s.open',
            "`allow` takes a `Reader` here",
            ALLOW_FORM,
        ),
        rules(
            "a call of allow",
            'f(r: Request, s: Reader) if «allow»(s, "read", r);\nallow(_s: Reader, "read", r: Request) if r.open',
            "no rule calls `allow`: it is asked",
            "give the condition a rule of its own",
        ),
        case("equality of records", "«request.owner» = request.owner", "a `Reader` is not compared as a whole", WHOLE),
        case(
            "equality of collections",
            "«request.names» = request.names",
            "a `[String]` is not compared as a whole",
            WHOLE,
        ),
        case(
            "membership of a record",
            "g in request.grants and «g» in request.grants",
            "a `Grant` is not compared as a whole",
            WHOLE,
        ),
        case("an order of strings", '«request.name» < "b"', ORDERED + "strings have no order here"),
        case("an order of booleans", "«request.open» < true", ORDERED + "a `Boolean` has no order"),
        case(
            "an order of nil", "«request.limit < nil»", "`nil` has no order: `<` compares integers, instants and dates"
        ),
        case(
            "nil that cannot be",
            "«request.level» = nil",
            "`request.level` is never `nil`: it is not optional",
            "leave the condition out",
        ),
        case("nil beside nil", "request.open and «nil = nil»", "`nil` beside `nil` says nothing"),
        case("an empty list", "request.name in «[]»", "nothing is in an empty list", "name the values"),
        case(
            "a variable in a list",
            'request.name in ["a", «request.other»]',
            "`request.other` in a list: a list holds constants",
            'write `in ["a", "b"]`',
        ),
        case(
            "a list in a list",
            'request.name in [«["a"]»]',
            "`[...]` in a list: a list holds constants",
            'write `in ["a", "b"]`',
        ),
        case("a mixed list", 'request.name in ["a", «1»]', "1 is a `Integer`, and a `String` is asked"),
        case(
            "an element of a list",
            '«y» in ["a"] and request.name = y',
            "`y` has no value yet: `in` picks elements from a collection, not from a list",
            "write the cases out with `or`",
        ),
        case(
            "and beside or",
            "request.open or «request.consent and request.withdrawn»",
            "`and` and `or` stand side by side without brackets",
            "put brackets around one of them",
        ),
        case(
            "cut",
            "request.open and «cut»",
            "`cut` is not in the profile: the order of rules means nothing here",
            "write the condition that excludes",
        ),
        case("a dictionary", "request.open = «{»a: 1}", *BRACES),
        rules("a pattern in a head", "f(r: Request«{»open: true}) if r.open", *BRACES),
        case(
            "new",
            "y := «new» Grant(level: 1) and request.open",
            "`new` is not in the profile: rules make no objects",
            "take the value from the request or a parameter",
        ),
        case("addition", "request.level «+» 1 = 2", *ARITHMETIC),
        case("subtraction", "request.level «-1» = 2", *ARITHMETIC),
        case("mod", "request.level «mod» 2 = 1", *ARITHMETIC),
        case(
            "a fraction",
            "request.level = «1.5»",
            "numbers with a fraction are not in the profile",
            "count in whole units",
        ),
        case(
            "an integer of 64 bits",
            "request.level = «4611686018427387904»",
            "`4611686018427387904` does not fit 63 bits",
        ),
        case("a method", "request.owner.get«(»1)", *METHOD),
        case("a dynamic field", "request.«(»name)", *DYNAMIC),
        case("an index", "request«[»name]", *DYNAMIC),
        case(
            "print",
            "«print»(request)",
            "`print` is not in the profile: a rule has no effects",
            "ask for the reasons: `authz decide --explain`",
        ),
        case(
            "debug",
            "«debug»()",
            "`debug` is not in the profile: a rule has no effects",
            "ask for the reasons: `authz decide --explain`",
        ),
        case("a keyword argument", "f(request, a«:» 1)", *KEYWORD),
        case(
            "an inline query",
            "«?=» f();\nf() if true",
            "an inline query is not in the profile",
            "put the expectation in a scenario file",
        ),
        rules("a resource block", '«resource» Grant { roles = ["a"]; }\nf(r: Request) if r.open', *BLOCKS),
        rules("an actor block", "«actor» Reader {}\nf(r: Request) if r.open", *BLOCKS),
        rules("a list pattern in a head", "f(«[»a, *b]) if a", *PATTERN),
        case("a list pattern with a rest", "request.names = [a «|» b]", *PATTERN),
        case("a string in single quotes", "request.name = «'»a'", "a string stands in double quotes", 'write `"..."`'),
        case("an unclosed string", 'request.name = «"»abc', "the string does not end on its line", 'close it with `"`'),
        case(
            "an unclosed string before a comment sign",
            'request.name = «"»abc # def',
            "the string does not end on its line",
            'close it with `"`',
        ),
        case("an unknown escape", r'request.name = «"a\d"»', r"`\d` is not an escape", r"write `\\` for one backslash"),
        case("&&", "request.open «&»& request.consent", "`&` is not an operator", "write `and`"),
        case("!", "«!»request.open", "`!` is not an operator", "write `not`"),
        case("not of not", "not «not» request.open", "`not` of `not`", "leave both out, or use brackets"),
        case("a chain", "request.level < 3 «<» 4", "`<` cannot stand here", "expected `;` or `and`"),
        rules("a bracket too few", "f(r: Request) if (r.open«;»\n#", "`;` cannot stand here", "expected `)`"),
        case("a bracket too many", "request.open«)»", "`)` cannot stand here", "expected `;`"),
        rules(
            "a keyword as a rule", "«or»(r: Request) if r.open", "`or` is a word of Polar's own", "choose another name"
        ),
        rules(
            "a keyword as a parameter",
            "f(«in»: Request) if 1 < 2",
            "`in` is a word of Polar's own",
            "choose another name",
        ),
        case("a keyword as a field", "request.«type»", "`type` is a word of Polar's own", "choose another name"),
        rules(
            "no end",
            "f(r: Request) if r.«open»\ng(r: Request) if f(r);\nh(r: Request) if g(r)",
            "the rule does not end here",
            END,
        ),
        rules(
            "a declaration of another type",
            'type f(r: Reader);\nf(r: «Request») if r.id = "a"',
            "`r` is a `Request` here and a `Reader` at rules.polar:1",
            SHARED,
        ),
        rules(
            "a declaration of an unknown type",
            "type f(r: «Requst»);\nf(r: Request) if r.open",
            "unknown type `Requst`",
            "did you mean `Request`?",
        ),
    ],
)
def test_what_lies_outside_the_profile_is_refused(marked: str, problem: str, help: str) -> None:
    # A quoted line steers no terminal.
    assert complaint(plain(marked)) == told(marked, problem, help).translate(CONTROLS)


def test_brackets_nest_sixty_four_deep_and_no_deeper() -> None:
    assert complaint(condition("(" * 64 + "request.open" + ")" * 64)) == ""
    marked = condition("(" * 64 + "«(»" + "request.open" + ")" * 65)
    assert complaint(plain(marked)) == told(marked, "brackets nest deeper than 64", "give a part a rule of its own")


def picking(count: int) -> str:
    return " and ".join(f"g{i} in request.blocks and g{i}.level = {i}" for i in range(count))


def test_a_condition_picks_twelve_elements_and_no_more() -> None:
    assert complaint(condition(picking(12))) == ""
    marked = condition(picking(12) + " and «g in request.blocks» and g.open")
    assert complaint(plain(marked)) == told(
        marked, "more than 12 elements are picked in one condition", "give a part a rule of its own"
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

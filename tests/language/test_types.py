"""Types of values: comparisons, `nil`, collections and lists."""

import pytest

from tests.support.refusals import assert_refused, condition_refused, rules_refused
from tests.support.small_schema import checker_output, condition

WHOLE = "compare a field, such as its `id`"
ORDERED = "`<` compares integers, instants and dates: "


@pytest.mark.parametrize(
    ("marked", "code", "problem", "help"),
    [
        condition_refused(
            "a value beside itself",
            "«request.level = request.level»",
            "self-comparison",
            "`request.level` is compared with itself",
            "compare it with another value",
        ),
        condition_refused(
            "a value that may be absent",
            "«request.limit» > 3",
            "possibly-nil",
            "`request.limit` may be `nil` here",
            "write `request.limit != nil and ...` before it",
        ),
        condition_refused(
            "an argument that may be absent",
            'f(«request.nickname»);\nf(n: String) if n = "a"',
            "possibly-nil",
            "`request.nickname` may be `nil` here",
            "write `request.nickname != nil and ...` before it",
        ),
        condition_refused(
            "narrowed in a not alone",
            "not request.limit = nil and «request.limit» > 3",
            "possibly-nil",
            "`request.limit` may be `nil` here",
            "write `request.limit != nil and ...` before it",
        ),
        condition_refused(
            "a partial or",
            "request.until = nil or «request.until» > request.at",
            "possibly-nil",
            "`request.until` may be `nil` here",
            "both branches are evaluated: write `request.until = nil or (request.until != nil and ...)`",
        ),
        condition_refused(
            "two enumerations",
            "«request.event = request.mode»",
            "mismatched-types",
            "`request.event` is of type `Event` and `request.mode` of type `Mode`: they are never equal",
        ),
        condition_refused(
            "an enumeration and a string",
            "«request.event = request.name»",
            "mismatched-types",
            "`request.event` is of type `Event` and `request.name` of type `String`: they are never equal",
        ),
        condition_refused(
            "a boolean and an integer",
            "request.open = «1»",
            "mismatched-types",
            "`1` is of type `Integer`, expected `Boolean`",
        ),
        condition_refused(
            "an instant and a string",
            'request.at = «"2025-01-01"»',
            "mismatched-types",
            '`"2025-01-01"` is of type `String`, expected `Instant`',
            "rules have no constant of type `Instant`: declare a parameter of it, and read `request.parameters`",
        ),
        condition_refused(
            "a date before an instant",
            "«request.day < request.at»",
            "mismatched-types",
            "`request.day` is of type `Date` and `request.at` of type `Instant`: neither comes before the other",
        ),
        condition_refused(
            "a string as a condition",
            "«request.name»",
            "not-a-condition",
            "`request.name` is of type `String`, and is not a condition",
            "compare it with something",
        ),
        condition_refused(
            "a record as a condition",
            "«request»",
            "not-a-condition",
            "`request` is of type `Request`, and is not a condition",
            "compare it with something",
        ),
        condition_refused(
            "a constant as a condition",
            "request.open and «1»",
            "not-a-condition",
            "`1` is of type `Integer`, and is not a condition",
            "compare it with something",
        ),
        condition_refused(
            "a list as a condition",
            "request.open and «[]»",
            "misplaced-list",
            "a list can stand only to the right of `in`",
        ),
        condition_refused(
            "nil as a condition",
            "request.open and «nil»",
            "nil-as-value",
            "`nil` is not a value",
            "test it with `= nil` or `!= nil`",
        ),
        condition_refused(
            "a condition as a value",
            "(«request.level < 3») = true",
            "condition-as-value",
            "this is a condition where a value is expected",
        ),
        condition_refused(
            "a call as a value",
            "f(«f(request)»);\nf(r: Request) if r.open",
            "condition-as-value",
            "`f(...)` is a condition where a value is expected",
            "join conditions with `and`",
        ),
        condition_refused(
            "nil named",
            "request.open and y := «nil»",
            "nil-as-value",
            "`nil` cannot be named",
            "compare with `nil` where absence is meant",
        ),
        rules_refused(
            "a base where its subtype is asked",
            "f(d: Dated) if g(«d»);\ng(g: Grant) if g.open",
            "wrong-argument-type",
            "`g` expects `Grant` here, and `d` is of type `Dated`",
        ),
        condition_refused(
            "an argument outside the enumeration",
            'request.open and f(«"gven"»);\nf(e: Event) if e = "given"',
            "unknown-enumeration-value",
            "`gven` is not in `Event`: `given`, `withdrawn`",
            "did you mean `given`?",
        ),
        condition_refused(
            "equality of records",
            "«request.owner» = request.owner",
            "whole-value-comparison",
            "a value of type `Reader` cannot be compared as a whole",
            WHOLE,
        ),
        condition_refused(
            "equality of collections",
            "«request.names» = request.names",
            "whole-value-comparison",
            "a value of type `[String]` cannot be compared as a whole",
            WHOLE,
        ),
        condition_refused(
            "membership of a record",
            "g in request.grants and «g» in request.grants",
            "whole-value-comparison",
            "a value of type `Grant` cannot be compared as a whole",
            WHOLE,
        ),
        condition_refused(
            "an order of strings", '«request.name» < "b"', "unordered-type", ORDERED + "strings have no order here"
        ),
        condition_refused(
            "an order of booleans", "«request.open» < true", "unordered-type", ORDERED + "a `Boolean` has no order"
        ),
        condition_refused(
            "an order of nil",
            "«request.limit < nil»",
            "unordered-type",
            "`<` compares integers, instants and dates: `nil` has no order",
        ),
        condition_refused(
            "nil that cannot be",
            "«request.level» = nil",
            "never-nil",
            "`request.level` is never `nil`: it is not optional",
            "leave the condition out",
        ),
        condition_refused(
            "nil beside nil", "request.open and «nil = nil»", "nil-compared-with-nil", "`nil` is compared with `nil`"
        ),
        condition_refused(
            "an empty list", "request.name in «[]»", "empty-list", "nothing is in an empty list", "name the values"
        ),
        condition_refused(
            "a variable in a list",
            'request.name in ["a", «request.other»]',
            "list-item-not-constant",
            "`request.other` in a list: a list holds constants",
            'write `in ["a", "b"]`',
        ),
        condition_refused(
            "a named constant for an enumeration",
            'x := "given" and request.event = «x»',
            "mismatched-types",
            "`x` is of type `String`, expected `Event`",
        ),
        condition_refused(
            "a constant of another type in a collection",
            "request.open and «1» in request.names",
            "mismatched-types",
            "`1` is of type `Integer`, expected `String`",
        ),
        condition_refused(
            "a constant outside the enumeration in a collection",
            'not «"gven"» in request.events',
            "unknown-enumeration-value",
            "`gven` is not in `Event`: `given`, `withdrawn`",
            "did you mean `given`?",
        ),
        condition_refused(
            "a value of another type in a collection",
            "«request.level in request.names»",
            "mismatched-types",
            "`request.level` is of type `Integer`, and the elements of `request.names` are of type `String`",
        ),
        condition_refused(
            "an integer for an enumeration",
            "request.event = «1»",
            "mismatched-types",
            "`1` is of type `Integer`, expected `Event`",
        ),
        condition_refused(
            "a record on the right of an equality",
            "request.name = «request.owner»",
            "whole-value-comparison",
            "a value of type `Reader` cannot be compared as a whole",
            WHOLE,
        ),
        condition_refused(
            "a constant of another type on the left",
            '«"yes"» = request.open',
            "mismatched-types",
            '`"yes"` is of type `String`, expected `Boolean`',
        ),
        condition_refused(
            "a constant outside the enumeration on the left",
            'not «"gven"» = request.event',
            "unknown-enumeration-value",
            "`gven` is not in `Event`: `given`, `withdrawn`",
            "did you mean `given`?",
        ),
        condition_refused(
            "nil in a list",
            'request.name in ["a", «nil»]',
            "list-item-not-constant",
            "`nil` in a list: a list holds constants",
            'write `in ["a", "b"]`',
        ),
        condition_refused(
            "a list in a list",
            'request.name in [«["a"]»]',
            "list-item-not-constant",
            "`[...]` in a list: a list holds constants",
            'write `in ["a", "b"]`',
        ),
        condition_refused(
            "a mixed list",
            'request.name in ["a", «1»]',
            "mismatched-types",
            "`1` is of type `Integer`, expected `String`",
        ),
        condition_refused(
            "an element of a list",
            '«y» in ["a"] and request.name = y',
            "element-of-list-literal",
            "`y` is not bound: `in` picks elements from a collection, not from a list",
            "write the cases out with `or`",
        ),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(marked: str, code: str, problem: str, help: str) -> None:
    assert_refused(marked, code, problem, help)


def picking(count: int) -> str:
    return " and ".join(f"g{i} in request.blocks and g{i}.level = {i}" for i in range(count))


def test_a_condition_picks_twelve_elements_and_no_more() -> None:
    assert checker_output(condition(picking(12))) == ""
    marked = condition(picking(12) + " and «g in request.blocks» and g.open")
    help = "give a part of the condition a rule of its own"
    assert_refused(marked, "too-many-elements", "one condition picks more than 12 elements", help)

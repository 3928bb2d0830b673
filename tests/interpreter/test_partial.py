"""The evaluator with three truth values: what it settles holds of every completion of the partial record."""

import dataclasses
from collections import Counter
from random import Random
from typing import Any

import pytest

from authz.bundle.vocabulary import attribute
from authz.interpreter.evaluate import three_valued, two_valued
from authz.interpreter.partial import UNKNOWN, OpenRows, PartialRecord
from authz.interpreter.truth import ThreeValued
from authz.language.types import Collection, Record
from tests.support.generated_policies import GeneratedPolicy, Policies
from tests.support.generated_vocabularies import CODES
from tests.support.naive_evaluator import holds
from tests.support.small_records import Block, Grant, Reader, Request
from tests.support.small_schema import checked

READ = "allow(_reader: Reader, action: String, request: Request) if action = request.action and "


def partial_and_completion(drawn: GeneratedPolicy, random: Random) -> tuple[PartialRecord, Any]:
    """A request with some open attributes, and one of the requests that it may turn out to be."""
    request, other = drawn.request(random), drawn.request(random)
    fields = drawn.vocabulary.schema.records["Request"].fields
    open_: dict[str, Any] = {}
    completed: dict[str, Any] = {}
    for name, field in fields.items():
        key = attribute(name)
        if name == "action" or random.random() < 0.6:
            continue
        if isinstance(field.type, Collection) and isinstance(field.type.of, Record):
            certain, possible = getattr(request, key), getattr(other, key)
            open_[key] = OpenRows(certain, possible)
            completed[key] = (*certain, *(row for row in possible if random.random() < 0.5))
        else:
            open_[key] = UNKNOWN
            completed[key] = getattr(other, key)
    return PartialRecord(request, open_), dataclasses.replace(request, **completed)


@pytest.mark.parametrize("seed", range(2))
def test_what_is_settled_holds_of_every_completion(seed: int) -> None:
    policies, random, seen = Policies(seed), Random(seed), Counter[bool | None]()
    for _ in range(100):
        drawn = policies.draw()
        subject = drawn.subject()
        for _ in range(6):
            partial, completion = partial_and_completion(drawn, random)
            interpreter = three_valued(drawn.program, attribute, partial)
            calls = [("allow", subject, "read"), *(("reason", code) for code in CODES)]
            for name, *rest in calls:
                first, last = (rest, []) if name == "allow" else ([], rest)
                truth = interpreter.call(name, *first, partial.record, *last)
                seen[truth] += 1
                assert truth in (None, holds(drawn.program, name, *first, completion, *last)), drawn.text
    assert min(seen[True], seen[False], seen[None]) > 50, seen


def test_where_nothing_is_open_everything_is_settled() -> None:
    policies, random = Policies(9), Random(9)
    for _ in range(100):
        drawn = policies.draw()
        request = drawn.request(random)
        three = three_valued(drawn.program, attribute, PartialRecord(request, {}))
        two = two_valued(drawn.program, attribute)
        arguments = (drawn.subject(), "read", request)
        assert three.call("allow", *arguments) is two.call("allow", *arguments), drawn.text


ROW, ROW_OF_ANN = Grant(holder="bob"), Grant(holder="ann")
HOLDER = 'g in request.grants and g.holder = "ann"'
SITUATIONS: dict[str, tuple[str, dict[str, Any], bool | None]] = {
    "an unknown value": ("request.open", {"open": UNKNOWN}, None),
    "an unknown value beside a conjunct that does not hold": (
        "request.open and request.withdrawn",
        {"open": UNKNOWN},
        False,
    ),
    "an unknown value beside a disjunct that holds": ("(request.open or request.consent)", {"open": UNKNOWN}, True),
    "an unknown value under a not": ("not request.open", {"open": UNKNOWN}, None),
    "a value that may be absent": ("request.limit = nil", {"limit": UNKNOWN}, None),
    "a field of a record that is unknown": ('request.owner.id = "ann"', {"owner": UNKNOWN}, None),
    "an unknown argument meets a literal in a head": ("f(request, request.name)", {"name": UNKNOWN}, None),
    "an unknown argument meets a literal before what does not hold": (
        "g(request, request.name)",
        {"name": UNKNOWN},
        False,
    ),
    "a certain row": (HOLDER, {"grants": OpenRows((ROW_OF_ANN,), (ROW,))}, True),
    "a row that is only possible": (HOLDER, {"grants": OpenRows((ROW,), (ROW_OF_ANN,))}, None),
    "no row that could be there": (HOLDER, {"grants": OpenRows((ROW,), (ROW,))}, False),
    "a row that must not be is only possible": (f"not ({HOLDER})", {"grants": OpenRows((), (ROW_OF_ANN,))}, None),
    "rows of which nothing is known": (HOLDER, {"grants": UNKNOWN}, None),
    "rows of which nothing is known, and what no row meets": (
        "g in request.grants and g.open and request.withdrawn",
        {"grants": UNKNOWN},
        False,
    ),
    "a list of which nothing is known": ('"ann" in request.names', {"names": UNKNOWN}, None),
    "a value in no list that is known": ('request.name in ["bob", "zoe"]', {}, False),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_situations(name: str) -> None:
    body, open_, expected = SITUATIONS[name]
    program = checked(f'f(_r: Request, "ann") if _r.open;\ng(r: Request, "ann") if r.withdrawn;\n{READ}{body};')
    request = Request(withdrawn=False, grants=(ROW,), blocks=(Block(),))
    interpreter = three_valued(program, attribute, PartialRecord(request, open_))
    assert interpreter.call("allow", Reader(), "read", request) is expected


def test_a_test_of_open_rows_is_unknown() -> None:
    algebra = ThreeValued(PartialRecord(Request(), {}))
    assert algebra.test(lambda value, members: value in members, "a", OpenRows((), ())) is None


def test_a_field_of_an_absent_or_unknown_record_is_unknown() -> None:
    algebra = ThreeValued(PartialRecord(Request(), {}))
    assert algebra.read(None, "closed") is UNKNOWN
    assert algebra.read(UNKNOWN, "closed") is UNKNOWN


def test_only_the_partial_record_itself_is_open() -> None:
    request, equal = Request(level=1), Request(level=1)
    algebra = ThreeValued(PartialRecord(request, {"level": UNKNOWN}))
    assert algebra.read(request, "level") is UNKNOWN
    assert algebra.read(equal, "level") == 1


OPEN_TESTS = {
    "request.open": {True: True, False: False},
    "not request.open": {True: False, False: True},
    "request.verified != nil and request.verified": {True: True, False: False, None: False},
    "not (request.verified != nil and request.verified)": {True: False, False: True, None: True},
    "request.verified = nil": {True: False, False: False, None: True},
    "request.open = true": {True: True, False: False},
    "request.open != true": {True: False, False: True},
    "request.open in [true]": {True: True, False: False},
}


@pytest.mark.parametrize("body", OPEN_TESTS)
def test_a_test_of_a_boolean_is_unknown_just_where_the_boolean_is(body: str) -> None:
    program = checked(f"rule(request: Request) if {body};")
    field = "verified" if "verified" in body else "open"
    for value, expected in OPEN_TESTS[body].items():
        request = Request(**{field: value})
        assert three_valued(program, attribute, PartialRecord(request, {})).call("rule", request) is expected
        assert three_valued(program, attribute, PartialRecord(request, {field: UNKNOWN})).call("rule", request) is None

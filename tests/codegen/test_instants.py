"""The instants that a compiled collector finds: those of the fields that rules read, each field by itself."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from authz.bundle.vocabulary import attribute
from authz.codegen.python.instants import compile_instants
from authz.instants import END
from tests.support.small_records import NOON, Grant, Request
from tests.support.small_schema import checked

HOURS = [NOON + timedelta(hours=n) for n in range(10)]
ROW = Grant(begins=HOURS[1], ends=HOURS[2], until=HOURS[3])
REQUEST = Request(at=HOURS[0], until=HOURS[4], instants=(HOURS[5], HOURS[6]), grants=(ROW,))
READS = {
    "g in request.grants and g.begins > request.at": {HOURS[1]},
    "g in request.grants and g.ends > request.at": {HOURS[2]},
    "g in request.grants and g.until != nil and g.until > request.at": {HOURS[3]},
    "request.until != nil and request.until > request.at": {HOURS[4]},
    "request.at in request.instants": {HOURS[5], HOURS[6]},
    "request.open": set(),
}


def collected(body: str, request: Request, at: datetime = NOON) -> set[datetime]:
    return compile_instants(checked(f"rule(request: Request) if {body};"), attribute)(request, at)


@pytest.mark.parametrize("body", READS)
def test_an_instant_is_collected_where_it_is_the_only_field_that_rules_read(body: str) -> None:
    assert collected(body, REQUEST) == READS[body]


def test_instants_before_the_decision_and_the_end_of_time_are_left_out() -> None:
    body = "g in request.grants and g.ends > request.at"
    for ends, expected in ((NOON, {NOON}), (NOON - timedelta(microseconds=1), set()), (END, set())):
        assert collected(body, replace(REQUEST, grants=(replace(ROW, ends=ends),))) == expected


def test_an_absent_value_has_no_instant() -> None:
    absent = replace(REQUEST, until=None, grants=(replace(ROW, until=None),))
    assert collected("request.until != nil and request.until > request.at", absent) == set()
    assert collected("g in request.grants and g.until != nil and g.until > request.at", absent) == set()

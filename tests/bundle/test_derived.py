"""Derived fields: what each kind computes, and that it is nil as soon as one of its sources is."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from authz.bundle.derived import (
    KINDS,
    AgeTable,
    Derivation,
    HoursTable,
    PartTable,
    kind_of,
    sample_instants,
    source_paths,
)
from authz.language.types import DATE, INSTANT, INTEGER, STRING, Enumeration, Record, Schema

COLOUR = Enumeration("Colour", ("red", "green"))
SCHEMA = Schema({}, {"Colour": COLOUR}, Record("Visitor"), Record("Request"))
VERB = PartTable("before_underscore", "action")
LEVEL = PartTable("after_underscore", "action", "Colour")
ADULT = AgeTable("visitor.born", "parameters.adult_age", "Europe/Amsterdam")
LATER = HoursTable("closing", "parameters.grace")
MOVING = HoursTable("at", "parameters.grace")
TABLES: list[Derivation] = [VERB, LEVEL, ADULT, LATER, MOVING]
AT = datetime(2025, 3, 10, 12, tzinfo=UTC)
VALUES: dict[Any, Any] = {STRING: "open_red", DATE: date(2009, 3, 10), INTEGER: 16, INSTANT: AT}


def value(table: Derivation, *values: Any) -> Any:
    return kind_of(table).function(table, SCHEMA)(*values)


@pytest.mark.parametrize("table", TABLES, ids=repr)
def test_a_field_is_nil_as_soon_as_one_source_is(table: Derivation) -> None:
    present = [VALUES[source.type] for source in kind_of(table).sources(table)]
    assert value(table, *present) is not None
    for index in range(len(present)):
        assert value(table, *present[:index], None, *present[index + 1 :]) is None


@pytest.mark.parametrize(
    ("table", "text", "part"),
    [
        (VERB, "open_red", "open"),
        (VERB, "open_red_green", "open"),
        (VERB, "_red", ""),
        (VERB, "open", None),
        (VERB, "", None),
        (LEVEL, "open_red", "red"),
        (LEVEL, "open_Red", None),
        (LEVEL, "open_", None),
        (LEVEL, "open_red_green", None),
    ],
)
def test_a_part_lies_before_or_after_the_first_underscore(table: PartTable, text: str, part: str | None) -> None:
    assert value(table, text) == part


def test_the_types_of_the_kinds() -> None:
    assert [kind_of(table).type(table, SCHEMA) for table in TABLES] == [STRING, COLOUR, INSTANT, INSTANT, INSTANT]
    assert {type(kind) for kind in map(kind_of, TABLES)} == {type(kind) for kind in KINDS.values()}
    assert [source_paths(table) for table in (VERB, ADULT, LATER)] == [
        ("action",),
        ("visitor.born", "parameters.adult_age"),
        ("closing", "parameters.grace"),
    ]


def test_only_hours_after_the_request_move_with_it() -> None:
    moved = [kind_of(table).hours_after_request(table) for table in TABLES]
    assert moved == ["", "", "", "", "parameters.grace"]


@pytest.mark.parametrize("years", [1, 16, 30])
def test_sample_dates_lie_on_both_sides_of_the_age(years: int) -> None:
    dates = kind_of(ADULT).sample_dates(ADULT, AT, {"parameters.adult_age": years}.get)
    reached = [value(ADULT, born, years) for born in dates]
    assert {instant <= AT for instant in reached} == {True, False}
    assert min(abs(instant - AT) for instant in reached) < timedelta(days=1)
    assert sample_instants(ADULT, SCHEMA, dates, {"parameters.adult_age": years}.get) == tuple(reached)


def test_there_are_no_samples_where_a_source_is_absent_or_is_no_date() -> None:
    assert kind_of(ADULT).sample_dates(ADULT, AT, lambda path: None) == ()
    assert kind_of(ADULT).sample_dates(ADULT, AT, lambda path: 2025) == ()
    assert sample_instants(ADULT, SCHEMA, [date(2009, 3, 10)], lambda path: None) == ()
    assert sample_instants(VERB, SCHEMA, [date(2009, 3, 10)], lambda path: None) == ()

"""Instants and dates: what is read, what is refused, and where clocks jump."""

from datetime import UTC, date, datetime, timedelta

import pytest

from authz.instants import (
    BEGIN,
    END,
    format_instant,
    hours_after,
    midnight,
    midnight_of_age,
    parse_date,
    parse_instant,
    zone,
)

HERE = "Europe/Amsterdam"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


READ = {
    "2025-03-10T12:00:00Z": utc(2025, 3, 10, 12),
    "2025-03-10t12:00:00z": utc(2025, 3, 10, 12),
    "2025-03-10 12:00:00Z": utc(2025, 3, 10, 12),
    "2025-03-10T12:00:00+01:00": utc(2025, 3, 10, 11),
    "2025-03-10T12:00:00-00:00": utc(2025, 3, 10, 12),
    "2025-03-10T00:30:00+23:59": utc(2025, 3, 9, 0, 31),
    "2025-03-10T12:00:00.5Z": utc(2025, 3, 10, 12, 0, 0, 500000),
    "2025-03-10T12:00:00.123456Z": utc(2025, 3, 10, 12, 0, 0, 123456),
    "0001-01-01T00:00:00.000001Z": utc(1, 1, 1, 0, 0, 0, 1),
    "9999-12-31T23:59:59Z": utc(9999, 12, 31, 23, 59, 59),
    "2025-03-10": utc(2025, 3, 9, 23),
    "2025-07-10": utc(2025, 7, 9, 22),
    "9999-12-31": utc(9999, 12, 30, 23),
}

NO_OFFSET = "has no offset: write `Z` or `+01:00` behind it"
NO_INSTANT = "is not an instant: write `2025-03-10T12:00:00Z`, or a date"
NO_SUCH_TIME = "is not an instant: no such day or time"
NO_SUCH_DAY = "is not a date: no such day"
OUTSIDE = "is outside the calendar"

REFUSED = {
    "2025-03-10T12:00:00": NO_OFFSET,
    "2025-03-30T02:30:00": NO_OFFSET,
    "2025-03-10 12:00": NO_OFFSET,
    "": NO_INSTANT,
    "now": NO_INSTANT,
    " 2025-03-10": NO_INSTANT,
    "2025-03-10\n": NO_INSTANT,
    "2025-03-10T12:00:00Z\n": NO_INSTANT,
    "2025-03-10T12:00Z": NO_INSTANT,
    "2025-03-10T12:00:00+0100": NO_INSTANT,
    "2025-03-10T12:00:00+01": NO_INSTANT,
    "2025-03-10T12:00:00+01:60": NO_INSTANT,
    "2025-03-10T12:00:00z+01:00": NO_INSTANT,
    "2025-03-10T12:00:00,5Z": NO_INSTANT,
    "2025-03-10T12:00:00.Z": NO_INSTANT,
    "2025-03-10T12:00:00.1234567Z": NO_INSTANT,
    "20250310T120000Z": NO_INSTANT,
    "2025-W11-1": NO_INSTANT,
    "2025-3-1": NO_INSTANT,
    "12025-03-10": NO_INSTANT,
    "-0001-03-10": NO_INSTANT,
    "２０２５-03-10": NO_INSTANT,  # noqa: RUF001 - digits, and not ASCII's
    "2025-03-10T24:00:00Z": NO_SUCH_TIME,
    "2025-03-10T25:00:00Z": NO_SUCH_TIME,
    "2025-06-30T23:59:60Z": NO_SUCH_TIME,
    "2025-03-10T12:00:00+24:00": NO_SUCH_TIME,
    "2025-02-29T00:00:00Z": NO_SUCH_TIME,
    "0000-01-01T00:00:00Z": NO_SUCH_TIME,
    "2025-02-29": NO_SUCH_DAY,
    "2025-13-01": NO_SUCH_DAY,
    "0000-01-01": NO_SUCH_DAY,
    "0001-01-01": OUTSIDE,
    "0001-01-01T00:00:00Z": OUTSIDE,
    "0001-01-01T00:00:00+01:00": OUTSIDE,
    "9999-12-31T23:59:59-01:00": OUTSIDE,
    "9999-12-31T23:59:59.999999Z": OUTSIDE,
}


@pytest.mark.parametrize("text", READ)
def test_an_instant_is_read_in_utc(text: str) -> None:
    assert parse_instant(text, HERE) == READ[text]


@pytest.mark.parametrize("text", REFUSED, ids=repr)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_instant(text, HERE)
    assert str(refused.value) == f"`{text}` {REFUSED[text]}"


@pytest.mark.parametrize(
    ("day", "hours"), [("2025-03-30", 23), ("2025-10-26", 25), ("2025-03-29", 24)], ids=["short", "long", "plain"]
)
def test_a_day_is_as_long_as_the_clocks_make_it(day: str, hours: int) -> None:
    start = parse_date(day)
    assert midnight(start + timedelta(days=1), HERE) - midnight(start, HERE) == timedelta(hours=hours)


def test_a_day_without_midnight_begins_when_the_clocks_have_jumped() -> None:
    assert midnight(date(2018, 11, 4), "America/Sao_Paulo") == utc(2018, 11, 4, 3)


@pytest.mark.parametrize(
    ("birth", "years", "reached"),
    [
        (date(2009, 5, 12), 16, utc(2025, 5, 11, 22)),
        (date(2008, 2, 29), 16, utc(2024, 2, 28, 23)),
        (date(2008, 2, 29), 17, utc(2025, 2, 28, 23)),
        (date(2009, 3, 30), 16, utc(2025, 3, 29, 23)),
        (date(2009, 5, 12), 0, utc(2009, 5, 11, 22)),
        (date(9990, 1, 1), 16, END),
        (date(1, 1, 1), 0, BEGIN),
    ],
    ids=[
        "birthday",
        "leap-day-in-leap-year",
        "leap-day-in-other-year",
        "short-day",
        "at-birth",
        "after-all",
        "before-all",
    ],
)
def test_an_age_is_reached_at_local_midnight(birth: date, years: int, reached: datetime) -> None:
    assert midnight_of_age(birth, years, HERE) == reached


@pytest.mark.parametrize("text", ["2025-3-1", "2025-03-10T00:00:00Z", "", "2025-03-10 "], ids=repr)
def test_a_date_has_one_form(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_date(text)
    assert str(refused.value) == f"`{text}` is not a date: write `2009-05-12`"


@pytest.mark.parametrize(("hours", "expected"), [(10**9, END), (-(10**9), BEGIN), (24, utc(2025, 1, 2))])
def test_hours_past_the_calendar_end_where_it_ends(hours: int, expected: datetime) -> None:
    assert hours_after(utc(2025, 1, 1), hours) == expected


@pytest.mark.parametrize("text", READ)
def test_an_instant_written_is_read_again(text: str) -> None:
    assert parse_instant(format_instant(READ[text]), HERE) == READ[text]


@pytest.mark.parametrize("name", ["", "Mars", "Europe", "../../etc/passwd", "a\0b", "x" * 5000], ids=lambda n: n[:9])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError) as refused:
        zone(name)
    assert str(refused.value) == f"`{name}` is not a time zone"


def test_an_age_before_the_calendar_is_reached_at_the_beginning_of_time() -> None:
    assert midnight_of_age(date(2000, 1, 1), -3000, "UTC") == BEGIN
    assert midnight_of_age(date(2000, 1, 1), 9000, "UTC") == END

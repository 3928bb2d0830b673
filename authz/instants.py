"""Instants and dates: RFC 3339 with an offset, or a bare date; always in UTC once read.

A time without an offset is refused, because it does not name one instant. `BEGIN` and `END` stand for absent bounds.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

BEGIN = datetime.min.replace(tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-5][0-9])"
)
_NAIVE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]+")


@cache
def zone(name: str) -> ZoneInfo:
    """The time zone of this name.

    Raises:
        ValueError: there is no such time zone.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"`{name}` is not a time zone") from None


def parse_instant(text: str, bare_date_zone: str) -> datetime:
    """The instant that a text names, in UTC; a bare date is the midnight at which that day begins in a zone.

    Raises:
        ValueError: the text is no instant, has no offset, is finer than a microsecond, or outside the calendar.
    """
    if _DATE.fullmatch(text):
        instant = midnight(parse_date(text), bare_date_zone)
    elif _INSTANT.fullmatch(text):
        instant = _aware(text)
    elif _NAIVE.fullmatch(text):
        raise ValueError(f"`{text}` has no offset: write `Z` or `+01:00` behind it")
    else:
        raise ValueError(f"`{text}` is not an instant: write `2025-03-10T12:00:00Z`, or a date")
    if not BEGIN < instant < END:
        raise ValueError(f"`{text}` is outside the calendar")
    return instant


@lru_cache(maxsize=4096)
def _aware(text: str) -> datetime:
    try:
        if text[11:13] == "24":  # `fromisoformat` of Python 3.14 reads it as midnight of the next day
            raise ValueError
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"`{text}` is outside the calendar") from None
    except ValueError:
        raise ValueError(f"`{text}` is not an instant: no such day or time") from None


def parse_date(text: str) -> date:
    """The day that a text names.

    Raises:
        ValueError: the text is no date.
    """
    if not _DATE.fullmatch(text):
        raise ValueError(f"`{text}` is not a date: write `2009-05-12`")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"`{text}` is not a date: no such day") from None


@lru_cache(maxsize=4096)
def midnight(day: date, zone_name: str) -> datetime:
    """The instant at which a day begins in a zone; where clocks jump over midnight, the first instant after."""
    try:
        local = datetime(day.year, day.month, day.day, tzinfo=zone(zone_name))
        return local.astimezone(UTC)
    except OverflowError:
        return BEGIN if day.year == 1 else END


@lru_cache(maxsize=4096)
def midnight_of_age(birth: date, years: int, zone_name: str) -> datetime:
    """The local midnight at which a person reaches an age; born on 29 February: 1 March in other years."""
    year = birth.year + years
    if not date.min.year <= year <= date.max.year:
        return END if years > 0 else BEGIN
    try:
        day = birth.replace(year=year)
    except ValueError:
        day = date(year, 3, 1)
    return midnight(day, zone_name)


def hours_after(instant: datetime, hours: int) -> datetime:
    """An instant plus hours; past the calendar, the end of time."""
    try:
        return instant + timedelta(hours=hours)
    except OverflowError:
        return END if hours > 0 else BEGIN


def format_instant(instant: datetime) -> str:
    """An instant as RFC 3339 in UTC: `2025-03-10T12:00:00Z`."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")

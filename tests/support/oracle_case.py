"""The case that the plain reading judges: one request beside the facts, and what is in force when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]

CATEGORIES = ("name", "schedule", "homework", "grades")
PURPOSES = ("homework_guidance", "identification")


# Time: section 3


AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@lru_cache(maxsize=4096)
def instant(text: str) -> datetime:
    """An RFC 3339 instant, or a bare date: 00:00 in Amsterdam of that day."""
    if len(text) == len("2025-03-10"):
        return midnight(date.fromisoformat(text))
    return datetime.fromisoformat(text).astimezone(UTC)


def midnight(day: date) -> datetime:
    """The first instant of a day in Amsterdam."""
    return datetime.combine(day, time(), AMSTERDAM).astimezone(UTC)


@lru_cache(maxsize=4096)
def birthday(birth_date: str, age: int) -> datetime:
    """When somebody reaches an age; born on 29 February: on 1 March in other years."""
    born = date.fromisoformat(birth_date)
    try:
        return midnight(born.replace(year=born.year + age))
    except ValueError:
        return midnight(date(born.year + age, 3, 1))


def begun(row: Row, when: datetime) -> bool:
    """The row's validity has begun; with no `valid_from` it always had."""
    return row.get("valid_from") is None or instant(row["valid_from"]) <= when


def over(row: Row, when: datetime) -> bool:
    """The row's validity is over; with no `valid_until` it never is."""
    return row.get("valid_until") is not None and instant(row["valid_until"]) <= when


def in_force(row: Row, when: datetime) -> bool:
    """The instant lies in the half-open interval of the row."""
    return begun(row, when) and not over(row, when)


# The case


@dataclass(frozen=True, slots=True)
class Case:
    """One request beside the facts; `school` and `institute` are None unless named and known."""

    facts: dict[str, Any]
    request: dict[str, Any]
    parameters: dict[str, Any]
    at: datetime
    category: str
    purpose: str
    school: str | None
    institute: str | None

    def rows(self, kind: str, **fields: str | None) -> list[Row]:
        """The facts of a kind that have these values."""
        wanted = fields.items()
        return [row for row in self.facts.get(kind) or () if all(row[name] == value for name, value in wanted)]

    def any_in_force(self, rows: list[Row]) -> bool:
        """Some row is in force now."""
        return any(in_force(row, self.at) for row in rows)

    def lacking(self, rows: list[Row], ended: str, to_come: str, none: str) -> Iterator[str]:
        """No row is in force now: the code for ended, if some ended; else to come; else none."""
        if self.any_in_force(rows):
            return
        if any(over(row, self.at) for row in rows):
            yield ended
        elif any(not begun(row, self.at) for row in rows):
            yield to_come
        else:
            yield none

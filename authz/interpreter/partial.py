"""Partial records: what is unknown of a request while only some changes to its facts are settled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class _Unknown:
    """The type of `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Any = _Unknown()
"""A value, a record or a row that could be anything."""


@dataclass(frozen=True, slots=True)
class OpenRows:
    """A collection of which only some rows are certain."""

    certain: tuple[Any, ...]
    """The rows that are there whatever happens."""
    possible: tuple[Any, ...]
    """The rows that could be there: those that could be added, and those that could be taken away."""


@dataclass(frozen=True, slots=True)
class PartialRecord:
    """A record, some of whose attributes are `UNKNOWN` or have `OpenRows`."""

    record: Any
    open: Mapping[str, Any]
    """The value of each attribute that is not as in `record`."""

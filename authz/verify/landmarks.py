"""Landmarks of a world: the instants, dates and ids at which a decision on it may turn."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from authz.bundle.derived import kind_of, sample_instants
from authz.engine.expiry import STEP
from authz.engine.policy import Policy
from authz.facts.gather import follow
from authz.facts.memory import Facts
from authz.instants import BEGIN, END
from authz.verify.worlds import World

ENDS = {BEGIN, END}


@dataclass(frozen=True, slots=True)
class Landmarks:
    """What edits of a world draw instants, dates and ids from."""

    derived: tuple[datetime, ...]
    """The instants that derived fields give the request, such as the one at which the student comes of age."""
    instants: tuple[datetime, ...]
    """Every instant in the facts, the request and its derived fields."""
    dates: tuple[date, ...]
    ids: Mapping[str, tuple[str, ...]]
    """The ids of each record type that has ids."""


def landmarks_of(policy: Policy, world: World, gathered: Any) -> Landmarks:
    """The landmarks of a world, of which `gathered` are the request's records."""
    vocabulary = policy.bundle.vocabulary
    values = list(_values(world.facts))
    written = {value for value in values if isinstance(value, datetime)} - ENDS
    dates = {value for value in values if isinstance(value, date) and not isinstance(value, datetime)}
    read = {world.at, *policy.analyses.instants_read(gathered, BEGIN + STEP)} - ENDS
    reached: set[datetime] = set()

    def value_at(path: str) -> Any:
        return follow(gathered, path)

    for table in vocabulary.derived.values():
        kind = kind_of(table)
        for instant in sorted({world.at, *written}):
            dates |= set(kind.sample_dates(table, instant, value_at))
        read |= set(kind.source_instants(table, world.at, value_at))
        reached |= set(sample_instants(table, vocabulary.schema, dates, value_at))
    return Landmarks(
        tuple(sorted(read - written - {world.at})),
        tuple(sorted((read | written | reached) - ENDS)) or (world.at,),
        tuple(sorted(dates)) or (world.at.date(),),
        {kind.name: tuple(world.facts.ids(kind.name)) for kind in vocabulary.rows.values() if kind.facts and kind.key},
    )


def _values(facts: Facts) -> Iterator[Any]:
    for rows in facts.lists.values():
        for row in rows:
            yield from (getattr(row, field.name) for field in dataclasses.fields(row))

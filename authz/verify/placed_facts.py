"""Facts whose parts come from several places, such as a scenario and the file that it extends."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authz.bundle.vocabulary import Vocabulary
from authz.documents.places import Loc, diagnostic_at, dotted
from authz.language.diagnostics import Diagnostic, did_you_mean

Place = tuple[str, Loc]
"""A file as shown, and a location in it."""


@dataclass(frozen=True, slots=True)
class PlacedFacts:
    """A facts document whose parts come from several places, so that each fault is reported where its part stands."""

    values: Mapping[str, Any] = field(default_factory=dict)
    keys: Mapping[str, Place] = field(default_factory=dict)
    rows: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)
    """The places of single rows, for the lists that `add` and `remove` changed."""

    def overlaid(self, facts: Mapping[str, Any], shown: str, at: Loc) -> "PlacedFacts":
        """These facts with whole keys replaced."""
        assert not self.rows  # `add` and `remove` come last
        return PlacedFacts({**self.values, **facts}, {**self.keys, **{key: (shown, (*at, key)) for key in facts}})

    def row_places(self, key: str) -> tuple[Place, ...]:
        """The place of each row of a list."""
        if key in self.rows or key not in self.keys:
            return self.rows.get(key, ())
        shown, loc = self.keys[key]
        return tuple((shown, (*loc, index)) for index in range(len(self.values[key])))

    def relocated(self, diagnostic: Diagnostic, at: Loc) -> Diagnostic:
        """A fault in the facts that were read at `at`, at the place where the faulty part stands."""
        place, colon, problem = diagnostic.problem.partition(": ")
        for key in self.keys:
            rest = place.removeprefix(dotted((*at, key)))
            if rest == place or rest[:1] not in ("", "[", "."):
                continue
            shown, loc = self.keys[key]
            if key in self.rows and rest.startswith("["):
                index, _, rest = rest[1:].partition("]")
                shown, loc = self.rows[key][int(index)]
            span = dataclasses.replace(diagnostic.span, path=shown)
            return dataclasses.replace(diagnostic, span=span, problem=f"{dotted(loc)}{rest}{colon}{problem}")
        return diagnostic


def list_fault(name: str, facts: Mapping[str, Any], vocabulary: Vocabulary, shown: str, at: Loc) -> Diagnostic | None:
    """Why rows cannot be added to, or removed from, a list of this name."""
    if name in vocabulary.values:
        return diagnostic_at(shown, at, "is one value and not a list", "set it in `facts`")
    lists = [kind.facts for kind in vocabulary.rows.values() if kind.facts]
    if name not in lists:
        return diagnostic_at(shown, at, "is not known here", did_you_mean(name, lists))
    if not isinstance(facts.get(name, []), list):
        return diagnostic_at(shown, at, "the facts that it builds on are not a list")
    return None


def without_rows(
    facts: PlacedFacts, name: str, rows: list[dict[str, Any]], shown: str, at: Loc
) -> tuple[PlacedFacts, list[Diagnostic]]:
    """The facts without some rows, and a fault for each row that does not stand there exactly once."""
    kept = list(zip(facts.values.get(name, ()), facts.row_places(name), strict=True))
    faults: list[Diagnostic] = []
    for index, row in enumerate(rows):
        same = [each for each in kept if _canonical(each[0]) == _canonical(row)]
        if len(same) == 1:
            kept = [each for each in kept if each is not same[0]]
        else:
            problem = f"stands {len(same)} times in `{name}`" if same else f"no such row stands in `{name}`"
            faults.append(diagnostic_at(shown, (*at, index), problem))
    return _with_rows(facts, name, kept, (shown, at)), faults


def with_rows(facts: PlacedFacts, name: str, rows: list[dict[str, Any]], shown: str, at: Loc) -> PlacedFacts:
    """The facts with some rows added at the end of a list."""
    now = list(zip(facts.values.get(name, ()), facts.row_places(name), strict=True))
    more = [(row, (shown, (*at, index))) for index, row in enumerate(rows)]
    return _with_rows(facts, name, [*now, *more], (shown, at))


def _with_rows(facts: PlacedFacts, name: str, rows: list[tuple[Any, Place]], at: Place) -> PlacedFacts:
    return PlacedFacts(
        {**facts.values, name: [row for row, _ in rows]},
        {name: at, **facts.keys},
        {**facts.rows, name: tuple(place for _, place in rows)},
    )


def _canonical(row: object) -> str:
    """A row as JSON with sorted keys: `1`, `true` and `1.0` are different values."""
    return json.dumps(row, sort_keys=True)

"""Generate worlds near the line between permit and refusal, each a pure function of a short list of integers.

Worlds drawn evenly are refused for ten reasons at once and test almost nothing. A generated world is a seed (a
bundle's own scenario, or a plain world mended until it permits) after at most three edits. Everything comes from the
vocabulary, the rules and the seeds, so it serves any bundle. All zeros give the first seed as it is.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from authz.engine.policy import Policy
from authz.facts.store import Row
from authz.verify.edits import EDITS, with_rows
from authz.verify.landmarks import landmarks_of
from authz.verify.values import Draw, Values
from authz.verify.worlds import World, decide

NUMBERS_OF_EDITS = (0, 1, 1, 2, 2, 3)
MOST_REDRAWS = 3


def replay(numbers: Sequence[int]) -> Draw:
    """Draws these numbers, and then zeros."""
    following = iter(numbers)
    return lambda bound: next(following, 0) % bound


class WorldGenerator:
    """Draws worlds of one policy. Mutable: it remembers what is known near each seed, and policies by parameters."""

    def __init__(self, policy: Policy, seeds: Sequence[World]) -> None:
        """`seeds`: those that permit come first."""
        self.policy, self.seeds = policy, seeds
        self.listed = policy.analyses.facts_reader.lists
        permitting = next((i for i, seed in enumerate(seeds) if not decide(policy, seed)), len(seeds))
        self._permitting = range(permitting or len(seeds))
        self._groups = _by_parameters(seeds, self._permitting)
        self._values: dict[int, Values] = {}
        self._policies: dict[str, Policy] = {"{}": policy}

    def world(self, numbers: Sequence[int]) -> World:
        """The world of a list of integers."""
        return self.draw(replay(numbers))

    def draw(self, draw: Draw) -> World:
        """A seed after some edits."""
        index = self._seed(draw)
        world = dataclasses.replace(self.seeds[index], seed=index)
        values = self._values_near(index)
        for _ in range(NUMBERS_OF_EDITS[draw(len(NUMBERS_OF_EDITS))]):
            world = _edited(draw, world, values)
        return world

    def policy_of(self, world: World) -> Policy:
        """The policy with a world's parameters."""
        key = repr(world.parameters)
        if key not in self._policies:
            self._policies[key] = self.policy.with_parameters(world.parameters)
        return self._policies[key]

    def gathered(self, world: World) -> Any:
        """The records of a world's request."""
        policy = self.policy_of(world)
        return policy.analyses.gather(world.request, world.facts, world.at, policy.parameters)

    def row(self, draw: Draw, world: World, name: str) -> Row | None:
        """A row for a list; None if what was drawn is not valid."""
        values = self._values_of(world) if world.seed < 0 else self._values_near(world.seed)
        return values.row(draw, world, self.listed[name])

    def with_row(self, world: World, name: str, row: Row) -> World:
        """The world with one row more."""
        return self.with_rows(world, {name: (*world.facts.lists[name], row)})

    def with_rows(self, world: World, lists: Mapping[str, tuple[Row, ...]]) -> World:
        """The world with some lists replaced."""
        return with_rows(world, lists)

    def _seed(self, draw: Draw) -> int:
        """The index of a seed: two of three times one that permits, half of these by their parameters first."""
        if draw(3) == 2:
            return draw(len(self.seeds))
        group: Sequence[int] = self._permitting
        if draw(2):
            group = self._groups[draw(len(self._groups))]
        return group[draw(len(group))]

    def _values_near(self, index: int) -> Values:
        if index not in self._values:
            self._values[index] = self._values_of(self.seeds[index])
        return self._values[index]

    def _values_of(self, world: World) -> Values:
        return Values(self.policy, world, landmarks_of(self.policy, world, self.gathered(world)))


def _edited(draw: Draw, world: World, values: Values) -> World:
    """The world after an edit; another edit is drawn, a few times, where one changes nothing."""
    for _ in range(MOST_REDRAWS):
        edited = EDITS[draw(len(EDITS))](draw, world, values)
        if edited is not world:
            return edited
    return world


def _by_parameters(seeds: Sequence[World], indexes: Sequence[int]) -> list[list[int]]:
    """Seeds grouped by their parameters: what few scenarios set must be reached as often as what most do not."""
    groups: dict[str, list[int]] = {}
    for index in indexes:
        groups.setdefault(repr(seeds[index].parameters), []).append(index)
    return list(groups.values())

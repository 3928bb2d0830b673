"""Shrink a counterexample: first to fewer and smaller integers, then to fewer rows."""

from collections.abc import Callable, Iterator, Mapping

from authz.facts.document import row_problems
from authz.verify.campaign import Campaign
from authz.verify.generate import WorldGenerator, replay
from authz.verify.oracles import Counterexample
from authz.verify.values import Draw
from authz.verify.worlds import World

MOST_TRIES = 1_000
"""The largest number of lists of integers that are tried."""


def judge_again(
    campaign: Campaign, known: Counterexample, world: World, draw: Draw, same_row: bool = False
) -> Counterexample | None:
    """The counterexample that the same oracle finds in another world.

    `same_row`: a broken law must be broken by the row that broke it before.
    """
    oracles = campaign.oracles
    by_name: Mapping[str, Callable[[], Counterexample | None]] = {
        "error": lambda: oracles.error(world),
        "permit with a reason": lambda: oracles.consistency(world),
        "refusal without a reason": lambda: oracles.consistency(world),
        "order": lambda: oracles.order(world, draw),
        "many rows": lambda: oracles.many_rows(world),
        "law": lambda: _law(campaign, known, world) if same_row else campaign.law(world, draw),
        "search": lambda: oracles.search(world),
        "oso": lambda: oracles.reference(world, True),
    }
    try:
        found = by_name[known.oracle]()
    except Exception:  # noqa: BLE001 - a world on which deciding raises is no smaller counterexample of this kind
        return None
    return found if found and found.oracle == known.oracle else None


def _law(campaign: Campaign, known: Counterexample, world: World) -> Counterexample | None:
    """The same law broken by the same row, in a world that still has the row."""
    law, row = known.law, known.row
    assert law is not None and row is not None  # a broken law has both
    rows = world.facts.lists[law.never_grants]
    if row not in rows:
        return None
    index = rows.index(row)
    before = campaign.oracles.worlds.with_rows(world, {law.never_grants: (*rows[:index], *rows[index + 1 :])})
    applies, _ = campaign.oracles.law_applies(law, before, row)
    return campaign.oracles.law(before, law, row) if applies else None


def shrink_numbers(campaign: Campaign, known: Counterexample, numbers: list[int]) -> Counterexample:
    """The counterexample of the shortest and least list of integers that is found to fail alike."""
    best, tries = list(numbers), 0
    improved = True
    while improved and tries < MOST_TRIES:
        improved = False
        for smaller in _smaller(best):
            tries += 1
            draw = replay(smaller)
            world = campaign.oracles.worlds.draw(draw)
            found = judge_again(campaign, known, world, draw) if tries < MOST_TRIES else None
            if found:
                best, known, improved = smaller, found, True
                break
    return known


def _smaller(numbers: list[int]) -> Iterator[list[int]]:
    """Shorter lists, and lists with one smaller number."""
    size = len(numbers)
    for length in (8, 4, 2, 1):
        for start in range(0, size, length):
            yield numbers[:start] + numbers[start + length :]
    for index, number in enumerate(numbers):
        for less in (0, number // 2, number - 1):
            if 0 <= less < number:
                yield [*numbers[:index], less, *numbers[index + 1 :]]


def shrink_rows(campaign: Campaign, known: Counterexample) -> Counterexample:
    """The counterexample with as few rows as are found to fail alike."""
    improved = True
    while improved:
        improved = False
        for fewer in _fewer_rows(campaign.oracles.worlds, known.world):
            found = judge_again(campaign, known, fewer, replay(()), same_row=True)
            if found:
                known, improved = found, True
                break
    return known


def _fewer_rows(worlds: WorldGenerator, world: World) -> Iterator[World]:
    """The valid worlds with one row less."""
    for name, rows in world.facts.lists.items():
        for index in range(len(rows)):
            fewer = worlds.with_rows(world, {name: (*rows[:index], *rows[index + 1 :])})
            lists = fewer.facts.lists.items()
            if not any(row_problems(worlds.listed[list], row, fewer.facts) for list, left in lists for row in left):
                yield fewer

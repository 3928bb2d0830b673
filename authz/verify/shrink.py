"""Shrinking what `authz fuzz` found: fewer and smaller integers first, and then fewer rows."""

from collections.abc import Callable, Mapping

from authz.verify.generate import Draw, Worlds, replay
from authz.verify.oracles import Checks, Wrong
from authz.verify.worlds import World

MOST_SHRINKS = 1_000
"""How many lists of integers are tried at most."""


def again(checks: Checks, wrong: Wrong, world: World, draw: Draw, kept: bool = False) -> Wrong | None:
    """The same comparison of another world; of a broken law `kept` says that the row that broke it is in the world."""
    made: Mapping[str, Callable[[], Wrong | None]] = {
        "breaks": lambda: checks.breaking(world),
        "permit with a reason": lambda: checks.lawful(world),
        "refusal without a reason": lambda: checks.lawful(world),
        "order": lambda: checks.rearranged(world, draw),
        "many rows": lambda: checks.halves(world),
        "law": lambda: _law(checks, wrong, world) if kept else checks.laws(world, draw),
        "search": lambda: checks.searched(world),
        "oso": lambda: checks.reference(world, True),
    }
    try:
        found = made[wrong.check]()
    except Exception:  # noqa: BLE001 - a world that breaks otherwise is no smaller failure of this kind
        return None
    return found if found and found.check == wrong.check else None


def _law(checks: Checks, wrong: Wrong, world: World) -> Wrong | None:
    """The same law, broken by the same row, in a world that still has it."""
    assert wrong.added is not None  # of a broken law there is one
    law, row = wrong.added
    rows = world.facts.lists[law.never_grants]
    if row not in rows:
        return None
    index = rows.index(row)
    before = checks.worlds.with_rows(world, {law.never_grants: (*rows[:index], *rows[index + 1 :])})
    return checks.granted(before, law, row) if checks.speaks(law, before, row) else None


def shrink_numbers(checks: Checks, wrong: Wrong, numbers: list[int]) -> Wrong:
    """The failure of the shortest and least list of integers that is found to fail alike."""

    def fails(tried: list[int]) -> Wrong | None:
        draw = replay(tried)
        world = checks.worlds.draw(draw)
        return again(checks, wrong, world, draw)

    best, left = list(numbers), MOST_SHRINKS
    improved = True
    while improved and left > 0:
        improved = False
        size = len(best)
        tries = [best[:start] + best[start + length :] for length in (8, 4, 2, 1) for start in range(0, size, length)]
        tries += [
            [*best[:i], n, *best[i + 1 :]]
            for i in range(size)
            for n in (0, best[i] // 2, best[i] - 1)
            if 0 <= n < best[i]
        ]
        for tried in tries:
            left -= 1
            found = fails(tried) if left > 0 else None
            if found:
                best, wrong, improved = tried, found, True
                break
    return wrong


def shrink_rows(checks: Checks, wrong: Wrong) -> Wrong:
    """The failure with as few rows as are found to fail alike."""
    improved = True
    while improved:
        improved = False
        for name, rows in wrong.world.facts.lists.items():
            for index in range(len(rows)):
                fewer = checks.worlds.with_rows(wrong.world, {name: (*rows[:index], *rows[index + 1 :])})
                found = again(checks, wrong, fewer, replay(()), kept=True) if _whole(checks.worlds, fewer) else None
                if found:
                    wrong, improved = found, True
                    break
            if improved:
                break
    return wrong


def _whole(worlds: Worlds, world: World) -> bool:
    """Whether what rows name is there."""
    reader = worlds.policy.facts_reader
    return not any(reader.problems(name, row, world.facts) for name, rows in world.facts.lists.items() for row in rows)

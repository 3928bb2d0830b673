"""All Hypothesis strategies: worlds near the line, and what may be added to one."""

import copy
import random
from typing import Any

from hypothesis import strategies as st

from tests.support import student_worlds as worlds
from tests.support.student_worlds import World


@st.composite
def near_worlds(draw: st.DrawFn) -> World:
    """A permitting world with at most two things redrawn; shrinks towards the plainest permitting one."""
    return worlds.world(lambda bound: draw(st.integers(0, bound - 1)))


def with_rows(world: World, **rows: list[dict[str, Any]]) -> World:
    """The world with rows added."""
    facts = copy.deepcopy(world.facts)
    for kind, more in rows.items():
        facts[kind] = [*facts.get(kind, []), *more]
    return World(facts, world.request, world.parameters)


def without(world: World, *kinds: str) -> World:
    """The world with no row of some kinds."""
    facts = {kind: rows for kind, rows in world.facts.items() if kind not in kinds}
    return World(facts, world.request, world.parameters)


def at(world: World, instant: str) -> World:
    """The world, asked at another instant."""
    return World(world.facts, {**world.request, "at": instant}, world.parameters)


def rearranged(world: World, seed: int) -> World:
    """The world with every list in another order, and some rows without an id said twice."""
    stream = random.Random(seed)
    facts: dict[str, Any] = {}
    for kind, rows in world.facts.items():
        if not isinstance(rows, list):
            facts[kind] = rows
            continue
        more = [] if rows and "id" in rows[0] else [row for row in rows if stream.random() < 0.5]
        facts[kind] = stream.sample([*rows, *more], len(rows) + len(more))
    return World(facts, world.request, world.parameters)


def key_of(world: World) -> dict[str, Any] | None:
    """Student, institute, supplier and school of the request, if all four are known ids."""
    key = {name: world.request.get(name) for name in ("student", "institute", "supplier", "school")}
    known = {name: {row["id"] for row in world.facts.get(f"{name}s", ())} for name in key}
    return key if all(id in known[name] for name, id in key.items()) else None

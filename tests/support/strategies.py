"""All Hypothesis strategies: worlds near the line, and what may be added to one."""

import copy
import random
from typing import Any

from hypothesis import strategies as st

from tests.support.student import Situation, generated


@st.composite
def near_situations(draw: st.DrawFn) -> Situation:
    """Generated situations; shrinks towards the first permitting scenario of the bundle."""
    return generated(lambda bound: draw(st.integers(0, bound - 1)))


def with_rows(situation: Situation, **rows: list[dict[str, Any]]) -> Situation:
    """The situation with rows added."""
    facts = copy.deepcopy(situation.facts)
    for kind, more in rows.items():
        facts[kind] = [*facts.get(kind, []), *more]
    return Situation(facts, situation.request, situation.parameters)


def without(situation: Situation, *kinds: str) -> Situation:
    """The situation with no row of some kinds."""
    facts = {kind: rows for kind, rows in situation.facts.items() if kind not in kinds}
    return Situation(facts, situation.request, situation.parameters)


def at(situation: Situation, instant: str) -> Situation:
    """The situation, asked at another instant."""
    return Situation(situation.facts, {**situation.request, "at": instant}, situation.parameters)


def rearranged(situation: Situation, seed: int) -> Situation:
    """The situation with every list in another order, and some rows without an id said twice."""
    stream = random.Random(seed)
    facts: dict[str, Any] = {}
    for kind, rows in situation.facts.items():
        if not isinstance(rows, list):
            facts[kind] = rows
            continue
        more = [] if rows and "id" in rows[0] else [row for row in rows if stream.random() < 0.5]
        facts[kind] = stream.sample([*rows, *more], len(rows) + len(more))
    return Situation(facts, situation.request, situation.parameters)


def key_of(situation: Situation) -> dict[str, Any] | None:
    """Student, institute, supplier and school of the request, if all four are known ids."""
    key = {name: situation.request.get(name) for name in ("student", "institute", "supplier", "school")}
    known = {name: {row["id"] for row in situation.facts.get(f"{name}s", ())} for name in key}
    return key if all(id in known[name] for name, id in key.items()) else None

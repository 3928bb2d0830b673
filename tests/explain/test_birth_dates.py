"""The smallest change where a birth date may be filled in: no date of a whole childhood does with fewer changes."""

import dataclasses
import itertools
import random
from datetime import date, timedelta

from authz import Policy, read_facts
from authz.facts.changes import Change, ChangeKind, apply_changes
from authz.facts.possible_changes import possible_changes
from tests.support.decide import decide
from tests.support.effort import effort
from tests.support.student import Situation, generated

DATES = [date(2004, 1, 1) + timedelta(days=23 * step) for step in range(280)]


def without_birth_date(world: Situation) -> Situation:
    students = [{k: v for k, v in row.items() if k != "birth_date"} for row in world.facts["students"]]
    return dataclasses.replace(world, facts={**world.facts, "students": students})


def test_no_birth_date_permits_with_fewer_changes(policy: Policy) -> None:
    stream, compared = random.Random(16), 0
    for _ in range(effort(250)):
        world = without_birth_date(generated(stream.randrange))
        decision = decide(policy, world)
        if decision or decision.error:
            continue
        smallest = decision.explain().smallest
        assert smallest is not None
        need = 3 if smallest.changes is None else len(smallest.changes)
        configured = policy.with_parameters(world.parameters)
        facts = read_facts(world.facts, policy)
        pool = possible_changes(policy.bundle, policy.analyses.comparisons, decision.inputs.gathered).changes
        fills = [change for change in pool if change.kind is ChangeKind.FILL and change.filled == "birth_date"]
        if need == 1 or not fills:
            continue
        compared += 1
        dated = [dataclasses.replace(fills[0], row=dataclasses.replace(fills[0].row, birth_date=day)) for day in DATES]
        others = [change for change in pool if change.slot != fills[0].slot] if need == 3 else []
        sets: list[tuple[Change, ...]] = [(each,) for each in dated]
        sets += [(each, other) for each, other in itertools.product(dated[::3], others) if other.facts != "students"]
        for changes in sets:
            assert not configured.decide(world.request, apply_changes(changes, facts)), changes
    assert compared > effort(20)

"""Deadlines of explanations: the work itself is given up, wherever the deadline passes."""

import itertools
from typing import Any

import pytest

from authz import Policy
from authz.deadline import STEPS_BETWEEN_LOOKS, Deadline, DeadlineError
from authz.engine.policy import ExplainableDecision
from tests.support.decide import decide
from tests.support.student import consent, permitting


def deadline_after(looks: int) -> Deadline:
    """A deadline that passes when the clock has been read this many times."""
    return Deadline(looks, itertools.count().__next__)


def test_the_clock_is_read_at_the_first_step_and_then_now_and_again() -> None:
    deadline = deadline_after(1)
    for _ in range(STEPS_BETWEEN_LOOKS):
        deadline.step()
    with pytest.raises(DeadlineError):
        deadline.step()
    with pytest.raises(DeadlineError):
        deadline_after(0).step()


def refusal(policy: Policy, words: int) -> ExplainableDecision:
    """The refusal of a student with many words on consent, of four guardians, of whom one withdrew last."""
    people = [f"g{index}" for index in range(4)]
    world = permitting(
        *(
            consent(people[index % 4], at=f"2024-09-{1 + index // 24:02}T{index % 24:02}:00:00Z")
            if index % 2
            else {
                key: value
                for key, value in consent(
                    people[index % 4], at=f"2024-09-{1 + index // 24:02}T{index % 24:02}:30:00Z"
                ).items()
                if key not in ("categories", "purposes", "issuer")
            }
            | {"event": "withdrawn"}
            for index in range(words)
        ),
        guardianships=[{"person": person, "student": "tim"} for person in people],
    )
    decision = decide(policy, world)
    assert not decision and not decision.error
    return decision


def test_an_explanation_ends_at_its_deadline_or_is_whole(policy: Policy) -> None:
    decision = refusal(policy, 6)
    whole = decision.explain()
    ended = 0
    for looks in (2**power for power in itertools.count()):
        try:
            assert decision.explain(deadline_after(looks)) == whole
            break
        except DeadlineError:
            ended += 1
    assert ended > 3


@pytest.mark.parametrize("looks", [0, 1, 5, 40])
def test_an_explanation_of_many_rows_is_given_up_inside_the_work(policy: Policy, looks: int) -> None:
    with pytest.raises(DeadlineError):
        refusal(policy, 300).explain(deadline_after(looks))


def test_a_search_that_takes_too_many_steps_says_so(policy: Policy, monkeypatch: Any) -> None:
    decision = refusal(policy, 6)
    monkeypatch.setattr("authz.explain.counterfactual.MOST_STEPS", 100)
    smallest = decision.explain().smallest
    assert smallest is not None
    assert (smallest.changes, smallest.outcome) == (None, "cut_off")

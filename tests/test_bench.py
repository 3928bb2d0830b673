"""The benchmarks' own claims that need no clock: what is compared agrees before it is timed."""

import pytest

from bench.peers.contenders import by_hand, oso, poort, poort_loaded, poort_whole
from bench.peers.workload import cases, oracle


@pytest.mark.parametrize("make", [by_hand, poort, poort_loaded, poort_whole])
def test_contenders_of_ours_agree_with_the_oracle(make: object) -> None:
    contender = make()  # type: ignore[operator]
    for case in cases(1, 400):
        assert contender.decide(contender.prepare(case)) is oracle(case), contender.name


def test_oso_agrees_with_the_oracle() -> None:
    pytest.importorskip("oso")
    contender = oso()
    for case in cases(1, 60):
        assert contender.decide(contender.prepare(case)) is oracle(case)


def test_half_of_the_cases_are_permitted_and_each_condition_is_missed() -> None:
    drawn = cases(3, 2_000)
    assert sum(map(oracle, drawn)) == 1_000

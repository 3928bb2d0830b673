"""Time contenders in pairs: alternating in one run, by medians of rounds, in processor time, the collector off."""

import gc
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import thread_time_ns
from typing import Any

Call = tuple[Any, ...]
Contender = tuple[Callable[..., object], Sequence[Call]]
"""A function, and the arguments of the calls that are one piece of work."""

ROUND_NS = 4_000_000
"""About how long each contender runs in a round."""


def once(contender: Contender, times: int = 1) -> float:
    """Nanoseconds of processor time a call, the loop around the calls counted in; neighbours on the core are not."""
    function, calls = contender
    if all(len(call) == 1 for call in calls):
        singles = [call[0] for call in calls] * times
        start = thread_time_ns()
        for single in singles:
            function(single)
        return (thread_time_ns() - start) / len(singles)
    triples = list(calls) * times
    start = thread_time_ns()
    for one, two, three in triples:
        function(one, two, three)
    return (thread_time_ns() - start) / len(triples)


def paired(contenders: Mapping[str, Contender], rounds: int) -> dict[str, list[float]]:
    """Nanoseconds a call for each contender and round; in every round each has its turn, the first one first."""
    times = {}
    for name, contender in contenders.items():
        warm = min(once(contender) for _ in range(3))
        times[name] = max(1, int(ROUND_NS / (warm * len(contender[1]))))
    found: dict[str, list[float]] = {name: [] for name in contenders}
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, contender in contenders.items():
                found[name].append(once(contender, times[name]))
    finally:
        gc.enable()
    return found


def ratio(these: Sequence[float], those: Sequence[float]) -> float:
    """The median over the rounds of how much longer the first took."""
    return median(this / that for this, that in zip(these, those, strict=True))

"""Time explanations of the worked cases: `python -m bench.explaining [--rounds N]`, from the root of the repository.

The condition tree, the smallest change that would allow (refusals), and when a permit ends, each by itself.
"""

import argparse
import gc
import os
import platform
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import thread_time_ns

from authz.bundle.vocabulary import attribute
from authz.engine.loading import load_bundle
from authz.engine.policy import ExplainableDecision
from authz.explain.tree import condition_tree
from authz.interpreter.evaluate import two_valued
from authz.verify.seeds import seeds

BUNDLE = Path("policies/student_data")


def main() -> None:
    """Explain every worked case, and print the medians and the slowest."""
    parser = argparse.ArgumentParser(prog="python -m bench.explaining", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="how often each is explained; its median counts")
    rounds = parser.parse_args().rounds
    policy = load_bundle(BUNDLE)
    decisions = [
        policy.with_parameters(world.parameters).decide(world.request, world.facts) for world in seeds(policy)[0]
    ]
    permits, refusals = [d for d in decisions if d], [d for d in decisions if not d]
    print(f"CPython {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    print(f"{len(permits)} permits and {len(refusals)} refusals\n")
    print(f"{'':48}{'median ms':>10}{'slowest ms':>12}")
    for name, some, explain in (
        ("the condition tree", decisions, conditions),
        ("all of it: tree and smallest change", refusals, lambda d: d.explain()),
        ("when a permit ends", permits, lambda d: d.expires_at),
    ):
        times = sorted(median(each) for each in (list(timed(explain, d, rounds)) for d in some))
        print(f"{name:48}{median(times):10.2f}{times[-1]:12.2f}")


def conditions(decision: ExplainableDecision) -> object:
    """The condition tree alone."""
    policy, gathered = decision.inputs.policy, decision.inputs.gathered
    return condition_tree(
        two_valued(policy.bundle.program, attribute), policy.analyses.subject_of(gathered), gathered.action, gathered
    )


def timed(
    explain: Callable[[ExplainableDecision], object], decision: ExplainableDecision, rounds: int
) -> Iterator[float]:
    """Milliseconds of processor time of each round."""
    gc.disable()
    try:
        for _ in range(rounds):
            started = thread_time_ns()
            explain(decision)
            yield (thread_time_ns() - started) / 1e6
    finally:
        gc.enable()


if __name__ == "__main__":
    main()

"""Fuzz a bundle: judge generated worlds by every oracle, and shrink a counterexample to a scenario that runs.

A corpus is kept: the counterexamples, and the first world that reached each combination of few reasons.
"""

import random
import time
from collections.abc import Callable
from pathlib import Path

from authz.engine.policy import Policy
from authz.language.diagnostics import Diagnostic, DiagnosticError, Span
from authz.verify.campaign import Campaign, clause_name
from authz.verify.corpus import Corpus
from authz.verify.fuzz_report import FuzzReport
from authz.verify.generate import WorldGenerator, replay
from authz.verify.oracles import Counterexample
from authz.verify.seeds import seeds
from authz.verify.shrink import shrink_numbers, shrink_rows

Progress = Callable[[int, int | None], None]
PROGRESS_EVERY = 200


def fuzz(
    policy: Policy,
    seconds: float,
    seed: int,
    folder: Path,
    progress: Progress = lambda done, total: None,
    clock: Callable[[], float] = time.monotonic,
    most: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> FuzzReport:
    """Judge the worlds of the corpus in `folder`, then generated ones, until there is a counterexample.

    It stops too when `seconds` have passed, `most` worlds have been judged, or `stopped` says so.

    Raises:
        DiagnosticError: no world can be generated for this bundle, or oso refuses its rules.
        OSError: the corpus cannot be written.
    """
    known, _ = seeds(policy)
    if not known:
        problem = "no world can be generated: the bundle has no scenario that can be read"
        raise DiagnosticError([Diagnostic(Span(policy.bundle.path), problem, "add a scenario that permits")])
    campaign, corpus = Campaign.of(WorldGenerator(policy, known)), Corpus(folder, policy)
    started = clock()

    def time_is_up() -> bool:
        campaign.spent = clock() - started
        return campaign.spent >= seconds or stopped()

    found, replayed = _replay(campaign, corpus, time_is_up)
    if found is None:
        found = _generate(campaign, corpus, random.Random(seed), most, time_is_up, progress)
    passed = clock() - started
    found = shrink_rows(campaign, found) if found else None
    bundle = policy.bundle
    clauses = tuple(clause_name(rule.span, bundle) for rules in bundle.program.rules.values() for rule in rules)
    scenario = corpus.fail(found) if found else None
    return FuzzReport(
        seed,
        passed,
        campaign.counts,
        replayed,
        corpus.skipped,
        tuple(bundle.reasons),
        clauses,
        found,
        scenario,
        bundle.path,
    )


def _replay(campaign: Campaign, corpus: Corpus, time_is_up: Callable[[], bool]) -> tuple[Counterexample | None, int]:
    """Judge the worlds of a corpus: the first counterexample, and how many worlds were judged."""
    replayed = 0
    for world in corpus.worlds():
        if time_is_up():
            break
        replayed += 1
        if found := campaign.judge_fully(world, replay([replayed])):
            return found, replayed
    return None, replayed


def _generate(
    campaign: Campaign,
    corpus: Corpus,
    source: random.Random,
    most: int | None,
    time_is_up: Callable[[], bool],
    progress: Progress,
) -> Counterexample | None:
    """Judge generated worlds: the first counterexample, with the integers it was drawn from shrunk."""
    numbers: list[int] = []

    def draw(bound: int) -> int:
        numbers.append(source.getrandbits(16) % bound)
        return numbers[-1]

    while (most is None or campaign.counts.worlds < most) and not time_is_up():
        numbers.clear()
        if found := campaign.judge_next(draw):
            return shrink_numbers(campaign, found, numbers)
        if campaign.novel:
            corpus.keep(campaign.novel, campaign.reasons)
        if campaign.counts.worlds % PROGRESS_EVERY == 0:
            progress(campaign.counts.worlds, None)
    return None

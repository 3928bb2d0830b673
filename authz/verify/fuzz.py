"""Doubt a bundle: generated worlds, decided in more than one way; what differs is shrunk to a scenario that runs.

Compared are the compiled form with the laws that hold of every bundle (a permit has no reason, a refusal has one, order
and duplicates do not matter), with itself for many rows, with the laws that the bundle declares, with search, and with
oso. A corpus is kept: what failed, and the first world that reached each combination of reasons.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from authz.engine.policy import Policy
from authz.language.diagnostics import Diagnostic, DiagnosticError, Span
from authz.verify.corpus import Corpus
from authz.verify.generate import Worlds, replay
from authz.verify.oracles import Checks, Counts, Wrong, clause
from authz.verify.seeds import seeds
from authz.verify.shrink import shrink_numbers, shrink_rows

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did, and what it found."""

    seed: int
    seconds: float
    counts: Counts
    replayed: int
    skipped: int
    all_codes: tuple[str, ...]
    all_clauses: tuple[str, ...]
    wrong: Wrong | None = None
    scenario: Path | None = None

    def lines(self) -> Iterator[str]:
        """The run, for people."""
        rate = self.counts.worlds / self.seconds if self.seconds else 0.0
        share = 100 * self.counts.permits / self.counts.worlds if self.counts.worlds else 0.0
        yield (
            f"{self.counts.worlds} worlds in {self.seconds:.0f} s ({rate:.0f} a second), "
            f"{share:.0f} % permits, seed {self.seed}"
        )
        if self.replayed or self.skipped:
            skipped = f", {self.skipped} of an older vocabulary skipped" if self.skipped else ""
            yield f"corpus: {self.replayed} replayed first{skipped}"
        if self.counts.oso:
            yield f"compared with oso: {self.counts.oso} decisions, {self.counts.oso_reasons} of them with all codes"
        else:
            yield "not compared with oso: it is not installed here, or there was no time"
        for law, count in sorted(self.counts.laws.items()):
            yield f"law: {law}: {count} rows added"
        for what, found, known in (
            ("codes", self.counts.codes, self.all_codes),
            ("clauses", self.counts.clauses, self.all_clauses),
        ):
            missed = [one for one in known if not found[one]]
            yield f"reached: {len(known) - len(missed)} of {len(known)} {what}"
            if missed:
                shown = ", ".join(missed[:8])
                yield f"  not: {shown}{f' and {len(missed) - 8} more' if len(missed) > 8 else ''}"
        if self.wrong:
            yield f"FAILED {self.wrong.check}: {self.wrong.said}"
            yield f"  the smallest world found is in {self.scenario}: run `authz test {self.scenario}`"
        else:
            yield "no difference, and no law broken"


def fuzz(
    policy: Policy,
    seconds: float,
    seed: int,
    corpus: Path,
    progress: Progress = lambda done, total: None,
    clock: Callable[[], float] = time.monotonic,
    most: int | None = None,
) -> Report:
    """Compare the worlds of a corpus, and then draw others, until the time is up, `most` are drawn, or one is wrong.

    Raises:
        DiagnosticError: no world can be drawn for this bundle, or the reference refuses it.
        OSError: the corpus cannot be written.
    """
    own, _ = seeds(policy)
    if not own:
        place = Span(policy.bundle.path)
        raise DiagnosticError(
            [Diagnostic(place, "no world could be drawn to decide on", "add a scenario that permits")]
        )
    checks, kept = Checks(Worlds(policy, own)), Corpus(corpus, policy)
    started, replayed = clock(), 0
    wrong: Wrong | None = None
    for world in kept.worlds():
        checks.spent = clock() - started
        if checks.spent >= seconds:
            break
        replayed += 1
        wrong = checks.all(world, replay([replayed]))
        if wrong:
            break
    bits = random.Random(seed).getrandbits
    numbers: list[int] = []

    def draw(bound: int) -> int:
        number = bits(16) % bound
        numbers.append(number)
        return number

    while wrong is None and (most is None or checks.counts.worlds < most):
        checks.spent = clock() - started
        if checks.spent >= seconds:
            break
        numbers.clear()
        wrong = checks.one(draw)
        if wrong:
            wrong = shrink_numbers(checks, wrong, numbers)
        elif checks.new:
            kept.keep(checks.new, checks.reasons)
        if checks.counts.worlds % 200 == 0:
            progress(checks.counts.worlds, None)
    passed = clock() - started
    if wrong:
        wrong = shrink_rows(checks, wrong)
    bundle = policy.bundle
    return Report(
        seed,
        passed,
        checks.counts,
        replayed,
        kept.skipped,
        tuple(bundle.reasons),
        tuple(clause(rule.span, bundle) for rules in bundle.program.rules.values() for rule in rules),
        wrong,
        kept.fail(wrong) if wrong else None,
    )

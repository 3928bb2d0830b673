"""The report of a fuzzing run."""

import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from authz.verify.campaign import Counts
from authz.verify.oracles import Counterexample

MOST_LISTED = 8
"""How many unreached codes or clauses a report lists."""


@dataclass(frozen=True, slots=True)
class FuzzReport:
    """What a fuzzing run judged and reached, and the counterexample that it found."""

    seed: int
    seconds: float
    counts: Counts
    replayed: int
    skipped: int
    all_codes: tuple[str, ...]
    all_clauses: tuple[str, ...]
    counterexample: Counterexample | None = None
    scenario: Path | None = None
    """The scenario file that the counterexample was written to."""
    bundle_path: str = ""
    """The folder of the bundle, as it was given."""

    def lines(self) -> Iterator[str]:
        """The report, for people."""
        counts = self.counts
        rate = counts.worlds / self.seconds if self.seconds else 0.0
        share = 100 * counts.permits / counts.worlds if counts.worlds else 0.0
        yield (
            f"{counts.worlds} worlds in {self.seconds:.0f} s ({rate:.0f} a second), {share:.0f} % permits, "
            f"seed {self.seed}"
        )
        if self.replayed or self.skipped:
            skipped = f", {self.skipped} of an older vocabulary skipped" if self.skipped else ""
            yield f"corpus: {self.replayed} replayed first{skipped}"
        if counts.oso:
            yield f"compared with oso: {counts.oso} decisions, {counts.oso_reasons} of them with all codes"
        else:
            yield "not compared with oso: it is not installed here, or there was no time"
        for law, count in sorted(counts.laws.items()):
            yield f"law: {law}: {count} rows added"
        yield from _reached("codes", counts.codes, self.all_codes)
        yield from _reached("clauses", counts.clauses, self.all_clauses)
        if self.counterexample:
            yield f"FAILED {self.counterexample.oracle}: {self.counterexample.message}"
            # The corpus is in no bundle: without its option the command would test another bundle.
            command = shlex.join(["authz", "test", str(self.scenario), "--policy", self.bundle_path])
            yield f"  the smallest world found is in {self.scenario}: run `{command}`"
        else:
            yield "no difference, and no law broken"


def _reached(what: str, counts: Counter[str], known: tuple[str, ...]) -> Iterator[str]:
    missed = [name for name in known if not counts[name]]
    yield f"reached: {len(known) - len(missed)} of {len(known)} {what}"
    if missed:
        more = f" and {len(missed) - MOST_LISTED} more" if len(missed) > MOST_LISTED else ""
        yield f"  not: {', '.join(missed[:MOST_LISTED])}{more}"

"""A fuzzing campaign: which oracle judges which world, and what the worlds have reached so far."""

import time
from collections import Counter
from dataclasses import dataclass, field

from authz.bundle.loading import Bundle
from authz.bundle.vocabulary import attribute
from authz.interpreter.evaluate import record_holding, two_valued
from authz.language.diagnostics import Span
from authz.verify.generate import WorldGenerator
from authz.verify.oracles import Counterexample, Oracles, raised
from authz.verify.values import Draw
from authz.verify.worlds import World

OFTEN, SELDOM, REASONS_SELDOM = 4, 32, 10
"""Every how many worlds the cheaper oracles judge, the dearer ones, and oso with all reasons."""
OSO_SHARE = 0.3
"""The largest share of the time that oso may take."""
FEW_REASONS = 2
"""A world with more reasons than these is refused for too much to be worth keeping."""


@dataclass(slots=True)
class Counts:
    """What a campaign has judged and reached so far."""

    worlds: int = 0
    permits: int = 0
    oso: int = 0
    oso_reasons: int = 0
    laws: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    clauses: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Campaign:
    """Judges one world after another. Mutable: each world adds to the counts, which say what is due next."""

    oracles: Oracles
    counts: Counts = field(default_factory=Counts)
    spent: float = 0.0
    """Seconds since the start, as the caller measures them."""
    spent_on_oso: float = 0.0
    reasons: tuple[str, ...] = ()
    """The reasons of the last world."""
    novel: World | None = None
    """The last world, if it is the first with its few reasons."""
    _seen: set[tuple[str, ...]] = field(default_factory=set)

    @classmethod
    def of(cls, worlds: WorldGenerator) -> "Campaign":
        """A campaign that has judged nothing yet."""
        return cls(Oracles.of(worlds))

    def judge_next(self, draw: Draw) -> Counterexample | None:
        """Draw a world and judge it by the oracles that are due: the cheap ones always, the dear ones now and then."""
        world = self.oracles.worlds.draw(draw)
        number = self.counts.worlds
        self.counts.worlds += 1
        try:
            return self._judge(world, draw, number)
        except Exception as error:  # noqa: BLE001 - every exception is a finding
            return raised(error, world)

    def judge_fully(self, world: World, draw: Draw) -> Counterexample | None:
        """Judge a world by every oracle."""
        self.counts.worlds += 1
        try:
            self._note_clauses(world)
            found = self._consistency(world) or self.oracles.order(world, draw) or self.oracles.many_rows(world)
            return found or self.law(world, draw) or self.oracles.search(world) or self._reference(world, True)
        except Exception as error:  # noqa: BLE001 - every exception is a finding
            return raised(error, world)

    def _judge(self, world: World, draw: Draw, number: int) -> Counterexample | None:
        found = self._consistency(world)
        if found is None and number % OFTEN == 0:
            found = self.oracles.order(world, draw) or self.oracles.many_rows(world)
        if found is None and self.reasons:
            found = self.law(world, draw)
        if found is None and number % SELDOM == 0:
            found = self.oracles.search(world)
            self._note_clauses(world)
        if found is None and self.spent_on_oso <= OSO_SHARE * self.spent:
            found = self._reference(world, number % REASONS_SELDOM == 0)
        return found

    def _consistency(self, world: World) -> Counterexample | None:
        permits, self.reasons = self.oracles.verdict(world)
        self.counts.permits += permits
        self.counts.codes.update(self.reasons)
        self.novel = None
        if self.reasons not in self._seen and len(self.reasons) <= FEW_REASONS:
            self._seen.add(self.reasons)
            self.novel = world
        return self.oracles.consistency(world)

    def law(self, world: World, draw: Draw) -> Counterexample | None:
        """Draw a law of the bundle and a row that it speaks of, and hold the world to it."""
        laws = self.oracles.worlds.policy.bundle.laws
        if not laws:
            return None
        law = laws[draw(len(laws))]
        row = self.oracles.worlds.row(draw, world, law.never_grants)
        if row is None:
            return None
        applies, clauses = self.oracles.law_applies(law, world, row)
        self._count_clauses(clauses)
        if not applies:
            return None
        self.counts.laws[law.about or law.never_grants] += 1
        return self.oracles.law(world, law, row)

    def _reference(self, world: World, all_reasons: bool) -> Counterexample | None:
        if self.oracles.oso is None:
            return None
        started = time.monotonic()
        found = self.oracles.reference(world, all_reasons)
        self.spent_on_oso += time.monotonic() - started
        self.counts.oso += 1
        self.counts.oso_reasons += all_reasons
        return found

    def _note_clauses(self, world: World) -> None:
        """Count the clauses that hold somewhere in a world."""
        policy, gathered = self.oracles.worlds.policy_of(world), self.oracles.worlds.gathered(world)
        clauses: set[Span] = set()
        interpreter = two_valued(policy.bundle.program, attribute, record_holding(clauses))
        interpreter.call("allow", policy.analyses.subject_of(gathered), world.request.action, gathered)
        for code in policy.bundle.reasons:
            interpreter.call("reason", gathered, code)
        self._count_clauses(clauses)

    def _count_clauses(self, clauses: set[Span]) -> None:
        bundle = self.oracles.worlds.policy.bundle
        self.counts.clauses.update(clause_name(span, bundle) for span in clauses)


def clause_name(span: Span, bundle: Bundle) -> str:
    """A clause by its file in the bundle and its line."""
    return f"{span.path.removeprefix(f'{bundle.path}/')}:{span.line}"

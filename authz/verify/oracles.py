"""The comparisons of `authz fuzz`: a world decided in more than one way, and what is wrong where they differ."""

import dataclasses
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from authz.bundle.loading import Bundle
from authz.bundle.requests import EvaluationRequest
from authz.bundle.toml_schema import LawTable
from authz.bundle.vocabulary import attribute
from authz.codegen.python import compile_program
from authz.engine.decision import Evaluator
from authz.engine.policy import Policy
from authz.engine.search import Searched, search
from authz.facts.memory import Row
from authz.interpreter.evaluate import Reading
from authz.language.diagnostics import Span
from authz.verify import oso as reference
from authz.verify.generate import Draw, Worlds
from authz.verify.worlds import World

OFTEN, SELDOM = 4, 32
"""Every how many worlds the cheaper, and the dearer, comparisons are made."""
OSO_SHARE = 0.3
"""How much of the time oso may take."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a world: which comparison says so, what it says, and what would be right."""

    check: str
    said: str
    world: World
    right: str = "deny"
    reasons: tuple[str, ...] | None = None
    added: tuple[LawTable, Row] | None = None
    """Of a broken law: the law, and the row of the world that broke it."""


@dataclass(slots=True)
class Counts:
    """What the comparisons have seen so far."""

    worlds: int = 0
    permits: int = 0
    oso: int = 0
    oso_reasons: int = 0
    laws: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    clauses: Counter[str] = field(default_factory=Counter)


class Checks:
    """The comparisons, made of one world after another."""

    def __init__(self, worlds: Worlds) -> None:
        self.worlds, self.counts, self.policy = worlds, Counts(), worlds.policy
        bundle = self.policy.bundle
        self.many: Evaluator = compile_program(bundle.program, attribute, many=-1)
        self.oso = reference.Reference(bundle) if reference.available() else None
        self.seen: set[tuple[str, ...]] = set()
        self.new: World | None = None
        self.reasons: tuple[str, ...] = ()
        self.spent, self.spent_on_oso = 0.0, 0.0

    def one(self, draw: Draw) -> Wrong | None:
        """Draw a world and compare: the cheap always, the dear now and then."""
        world = self.worlds.draw(draw)
        try:
            return self.compared(world, draw)
        except Exception as error:  # noqa: BLE001 - whatever breaks is what we look for
            return Wrong("breaks", f"deciding raises {type(error).__name__}: {error}", world)

    def compared(self, world: World, draw: Draw) -> Wrong | None:
        """Compare a world as its number asks."""
        number = self.counts.worlds
        self.counts.worlds += 1
        wrong = self.lawful(world)
        if wrong is None and number % OFTEN == 0:
            wrong = self.rearranged(world, draw) or self.halves(world)
        if wrong is None and self.reasons:
            wrong = self.laws(world, draw)
        if wrong is None and number % SELDOM == 0:
            wrong = self.searched(world)
            self.reach(world)
        if wrong is None and self.oso is not None and self.spent_on_oso <= OSO_SHARE * self.spent:
            wrong = self.reference(world, number % 10 == 0)
        return wrong

    def all(self, world: World, draw: Draw) -> Wrong | None:
        """Compare one world in every way."""
        self.counts.worlds += 1
        try:
            self.reach(world)
            wrong = self.lawful(world) or self.rearranged(world, draw) or self.halves(world)
            return wrong or self.laws(world, draw) or self.searched(world) or self.reference(world, True)
        except Exception as error:  # noqa: BLE001 - whatever breaks is what we look for
            return Wrong("breaks", f"deciding raises {type(error).__name__}: {error}", world)

    def decided(self, world: World, evaluator: Evaluator | None = None) -> tuple[bool, tuple[str, ...]]:
        """Whether a world permits, and all codes that hold."""
        policy, request = self.worlds.policy_of(world), world.request
        gathered = policy.gather(request, world.facts, world.at, policy.parameters)
        subject = policy.subject(request, gathered)
        evaluator = evaluator or policy.evaluator
        permits = subject is not None and evaluator.allow(subject, request.action, gathered) is True
        return permits, evaluator.reasons(gathered)

    def breaking(self, world: World) -> Wrong | None:
        """Deciding a world does not break."""
        try:
            self.decided(world)
        except Exception as error:  # noqa: BLE001 - whatever breaks is what we look for
            return Wrong("breaks", f"deciding raises {type(error).__name__}: {error}", world)
        return None

    def lawful(self, world: World) -> Wrong | None:
        """A permit has no reason code, a refusal has one, and nothing breaks."""
        permits, reasons = self.decided(world)
        self.counts.permits += permits
        self.counts.codes.update(reasons)
        self.reasons, self.new = reasons, None
        if reasons not in self.seen and len(reasons) <= 2:
            self.seen.add(reasons)
            self.new = world
        if permits and reasons:
            return Wrong(
                "permit with a reason", f"permitted, although {', '.join(reasons)} holds", world, "deny", reasons
            )
        if not permits and not reasons:
            return Wrong("refusal without a reason", "refused, and no reason holds", world, "allow")
        return None

    def rearranged(self, world: World, draw: Draw) -> Wrong | None:
        """Order and duplicates do not matter."""
        lists = {}
        for name, rows in world.facts.lists.items():
            if len(rows) > 1 or (rows and not self.worlds.listed[name].key):
                more = [] if self.worlds.listed[name].key else [rows[draw(len(rows))]]
                turn = draw(len(rows))
                lists[name] = (*rows[turn:], *more, *rows[:turn][::-1])
        moved = self.worlds.with_rows(world, lists)
        before, after = self.decided(world), self.decided(moved)
        if before == after:
            return None
        return Wrong("order", f"{_said(before)}, and with rows in another order {_said(after)}", world, *_right(before))

    def halves(self, world: World) -> Wrong | None:
        """The half of the compiled form for many rows decides as the half for few."""
        few, many = self.decided(world), self.decided(world, self.many)
        if few == many:
            return None
        return Wrong("many rows", f"{_said(few)}, and by the form for many rows {_said(many)}", world, *_right(few))

    def laws(self, world: World, draw: Draw) -> Wrong | None:
        """A law of the bundle: adding a row that it speaks of never grants."""
        laws = self.policy.bundle.laws
        if not laws:
            return None
        law = laws[draw(len(laws))]
        row = self.worlds.row(draw, world, law.never_grants)
        if row is None:
            return None
        if not self.speaks(law, world, row):
            return None
        self.counts.laws[law.about or law.never_grants] += 1
        return self.granted(world, law, row)

    def speaks(self, law: LawTable, world: World, row: Row) -> bool:
        """Whether a law is about a row in a world."""
        if law.when is None:
            return True
        count = len(self.policy.bundle.program.rules[law.when][0].parameters)
        reading = Reading(self.policy.bundle.program, attribute)
        holds = reading.rule(law.when, *(self.worlds.gathered(world), row)[-count:])
        self.clauses(reading)
        return holds

    def granted(self, world: World, law: LawTable, row: Row) -> Wrong | None:
        """A row that a law speaks of turns a refusal into a permit."""
        more = self.worlds.with_row(world, law.never_grants, row)
        if not self.decided(more)[0] or self.decided(world)[0]:
            return None
        said = f"{law.about or 'it never grants'}: adding a row to `{law.never_grants}` turned a refusal into a permit"
        return Wrong("law", said, more, added=(law, row))

    def searched(self, world: World) -> Wrong | None:
        """A search finds whom the decision permits, and no others."""
        policy, request = self.worlds.policy_of(world), world.request
        subject, resource = policy.bundle.vocabulary.parties
        for searched, side, ids in (
            (Searched.RESOURCE, "resource_id", world.facts.entities[resource.record]),
            (Searched.SUBJECT, "subject_id", world.facts.entities[subject.record]),
            (Searched.ACTION, "action", policy.bundle.vocabulary.actions),
        ):
            if (request.subject_type, request.resource_type) != (subject.type, resource.type) or _open(
                policy, request, searched
            ):
                # Nothing is found of other types, and what a request leaves open results name otherwise.
                continue
            found = {
                getattr(one.request, side)
                for one in search(policy, world.facts, request, searched, world.at)
                if one.allowed
            }
            for id in ids:
                change: dict[str, Any] = {side: id}
                about = dataclasses.replace(world, request=dataclasses.replace(request, **change))
                permits = self.decided(about)[0]
                if permits is not (id in found):
                    does = "does not find" if permits else "finds"
                    said = f"a {searched.value} search {does} `{id}`, which is {'permitted' if permits else 'refused'}"
                    return Wrong("search", said, about, "allow" if permits else "deny")
        return None

    def reference(self, world: World, full: bool) -> Wrong | None:
        """oso decides alike."""
        if self.oso is None:
            return None
        started = time.monotonic()
        permits, reasons = self.decided(world)
        gathered, request = self.worlds.gathered(world), world.request
        subject = self.policy.subject(request, gathered)
        allowed = subject is not None and self.oso.allow(subject, request.action, gathered)
        codes = self.oso.reasons(gathered) if full else reasons
        self.spent_on_oso += time.monotonic() - started
        self.counts.oso += 1
        self.counts.oso_reasons += full
        if (allowed, codes) == (permits, reasons):
            return None
        said = f"compiled says {_said((permits, reasons))}, and oso {_said((allowed, codes))}"
        return Wrong("oso", said, world, *_right((allowed, codes)))

    def reach(self, world: World) -> None:
        """Note which clauses hold somewhere in a world."""
        gathered = self.worlds.gathered(world)
        subject = self.worlds.policy.subject(world.request, gathered)
        reading = Reading(self.policy.bundle.program, attribute)
        reading.rule("allow", subject, world.request.action, gathered)
        for code in self.policy.bundle.reasons:
            reading.rule("reason", gathered, code)
        self.clauses(reading)

    def clauses(self, reading: Reading) -> None:
        """Note the clauses that a reading found to hold."""
        self.counts.clauses.update(clause(span, self.policy.bundle) for span in reading.held)


def clause(span: Span, bundle: Bundle) -> str:
    """What a clause is called: its file in the bundle, and its line."""
    return f"{span.path.removeprefix(f'{bundle.path}/')}:{span.line}"


def _open(policy: Policy, request: EvaluationRequest, searched: Searched) -> bool:
    """Whether a search tries ids that the request leaves open: its results then name others."""
    return any(
        kind.searched and kind.source[0] == searched.value and request.properties[name] is None
        for name, kind in policy.bundle.vocabulary.properties.items()
    )


def _said(decision: tuple[bool, tuple[str, ...]]) -> str:
    permits, reasons = decision
    return " ".join(["allow" if permits else "deny", *reasons])


def _right(decision: tuple[bool, tuple[str, ...]]) -> tuple[str, tuple[str, ...]]:
    return "allow" if decision[0] else "deny", decision[1]

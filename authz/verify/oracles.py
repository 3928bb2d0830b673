"""Oracles: each decides a world in two ways, or holds it to a law, and gives a counterexample where they differ."""

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from authz.bundle.requests import EvaluationRequest
from authz.bundle.toml_schema import LawTable
from authz.bundle.vocabulary import attribute
from authz.codegen.python import compile_program
from authz.engine.decision import Evaluator
from authz.engine.policy import Policy
from authz.engine.search import Searched, search
from authz.explain.failing import failing_conditions
from authz.facts.store import Row
from authz.interpreter.evaluate import record_holding, two_valued
from authz.language.diagnostics import Span
from authz.verify import oso
from authz.verify.generate import WorldGenerator
from authz.verify.values import Draw
from authz.verify.worlds import World

Verdict = tuple[bool, tuple[str, ...]]
"""Whether a world is permitted, and all reason codes that hold in it."""


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A world on which an oracle fails, and the decision that would be right."""

    oracle: str
    message: str
    world: World
    decision: str = "deny"
    reasons: tuple[str, ...] | None = None
    law: LawTable | None = None
    row: Row | None = None
    """For a broken law, the row of the world that broke it."""


@dataclass(frozen=True, slots=True)
class Oracles:
    """The oracles of one policy, over the worlds of its generator."""

    worlds: WorldGenerator
    many: Evaluator
    """The half of the compiled form that is for requests with many rows."""
    oso: Evaluator | None
    """None where oso is not installed."""

    @classmethod
    def of(cls, worlds: WorldGenerator) -> "Oracles":
        """The oracles of a generator's policy.

        Raises:
            DiagnosticError: oso refuses the rules.
        """
        bundle = worlds.policy.bundle
        many = compile_program(bundle.program, attribute, many=-1)
        return cls(worlds, many, oso.Reference(bundle) if oso.available() else None)

    def verdict(self, world: World, evaluator: Evaluator | None = None) -> Verdict:
        """The decision and reasons on a world; the policy's own evaluator decides unless another is given."""
        policy, request = self.worlds.policy_of(world), world.request
        gathered = self.worlds.gathered(world)
        subject = policy.analyses.subject_of(gathered)
        evaluator = evaluator or policy.evaluator
        permits = subject is not None and evaluator.allow(subject, request.action, gathered) is True
        return permits, evaluator.reasons(gathered)

    def error(self, world: World) -> Counterexample | None:
        """Deciding a world raises nothing."""
        try:
            self.verdict(world)
        except Exception as error:  # noqa: BLE001 - every exception is a finding
            return raised(error, world)
        return None

    def consistency(self, world: World) -> Counterexample | None:
        """A permit has no reason code, and a refusal has one."""
        permits, reasons = self.verdict(world)
        if permits and reasons:
            message = f"permitted, although {', '.join(reasons)} holds"
            return Counterexample("permit with a reason", message, world, "deny", reasons)
        if not permits and not reasons:
            return Counterexample("refusal without a reason", self._unexplained(world), world, "allow")
        return None

    def _unexplained(self, world: World) -> str:
        """What a refusal without a reason failed on: the conditions of `allow` that need a `reason` rule."""
        policy, gathered = self.worlds.policy_of(world), self.worlds.gathered(world)
        failing = failing_conditions(policy.bundle, policy.analyses.subject_of(gathered), gathered)
        return "\n".join(["refused, and no reason holds, although `allow` fails:", *(f"  {each}" for each in failing)])

    def order(self, world: World, draw: Draw) -> Counterexample | None:
        """The order of rows and duplicate rows change nothing."""
        lists = {}
        for name, rows in world.facts.lists.items():
            keyed = bool(self.worlds.listed[name].key)
            if len(rows) > 1 or (rows and not keyed):
                duplicate = [] if keyed else [rows[draw(len(rows))]]
                turn = draw(len(rows))
                lists[name] = (*rows[turn:], *duplicate, *rows[:turn][::-1])
        expected, verdict = self.verdict(world), self.verdict(self.worlds.with_rows(world, lists))
        return _difference("order", world, expected, verdict, "with rows in another order")

    def many_rows(self, world: World) -> Counterexample | None:
        """Both halves of the compiled form decide alike."""
        expected, verdict = self.verdict(world), self.verdict(world, self.many)
        return _difference("many rows", world, expected, verdict, "by the form for many rows")

    def reference(self, world: World, all_reasons: bool) -> Counterexample | None:
        """oso decides alike; `all_reasons` compares the reasons too, which take oso twenty times as long."""
        if self.oso is None:
            return None
        policy, gathered = self.worlds.policy_of(world), self.worlds.gathered(world)
        permits, reasons = self.verdict(world)
        subject = policy.analyses.subject_of(gathered)
        allowed = subject is not None and self.oso.allow(subject, world.request.action, gathered)
        expected = allowed, self.oso.reasons(gathered) if all_reasons else reasons
        if expected == (permits, reasons):
            return None
        message = f"compiled: {_shown((permits, reasons))}; oso: {_shown(expected)}"
        return Counterexample("oso", message, world, *_right(expected))

    def law_applies(self, law: LawTable, world: World, row: Row) -> tuple[bool, set[Span]]:
        """Whether a law speaks of a row in a world, and the clauses of its rules that hold there."""
        if law.when is None:
            return True, set()
        program = self.worlds.policy.bundle.program
        clauses: set[Span] = set()
        interpreter = two_valued(program, attribute, record_holding(clauses))
        count = len(program.rules[law.when][0].parameters)
        return interpreter.call(law.when, *(self.worlds.gathered(world), row)[-count:]), clauses

    def law(self, world: World, law: LawTable, row: Row) -> Counterexample | None:
        """Adding a row that a law speaks of turns no refusal into a permit."""
        larger = self.worlds.with_row(world, law.never_grants, row)
        if not self.verdict(larger)[0] or self.verdict(world)[0]:
            return None
        message = (
            f"{law.about or 'it never grants'}: adding a row to `{law.never_grants}` turned a refusal into a permit"
        )
        return Counterexample("law", message, larger, law=law, row=row)

    def search(self, world: World) -> Counterexample | None:
        """A search finds those whom the decision permits, and no others."""
        policy, request = self.worlds.policy_of(world), world.request
        subject, resource = policy.bundle.vocabulary.parties
        if (request.subject_type, request.resource_type) != (subject.type, resource.type):
            return None  # a search for another type finds nothing
        for searched, field, ids in (
            (Searched.RESOURCE, "resource_id", world.facts.ids(resource.record)),
            (Searched.SUBJECT, "subject_id", world.facts.ids(subject.record)),
            (Searched.ACTION, "action", policy.bundle.vocabulary.actions),
        ):
            if _leaves_open(policy, request, searched):
                continue  # its results fill in what the request leaves open
            results = search(policy, world.facts, request, searched, world.at)
            permitted = {getattr(result.request, field) for result in results if result.allowed}
            if counterexample := self._searched(world, searched, field, ids, permitted):
                return counterexample
        return None

    def _searched(
        self, world: World, searched: Searched, field: str, ids: Collection[str], permitted: set[str]
    ) -> Counterexample | None:
        for id in ids:
            change: dict[str, Any] = {field: id}
            about = dataclasses.replace(world, request=dataclasses.replace(world.request, **change))
            permits = self.verdict(about)[0]
            if permits is not (id in permitted):
                finds = "does not find" if permits else "finds"
                effect = "permitted" if permits else "refused"
                message = f"a {searched.value} search {finds} `{id}`, which is {effect}"
                return Counterexample("search", message, about, "allow" if permits else "deny")
        return None


def raised(error: Exception, world: World) -> Counterexample:
    """The counterexample of a decision that raised."""
    return Counterexample("error", f"deciding raises {type(error).__name__}: {error}", world)


def _difference(oracle: str, world: World, expected: Verdict, verdict: Verdict, how: str) -> Counterexample | None:
    if expected == verdict:
        return None
    return Counterexample(oracle, f"{_shown(expected)}; {how}: {_shown(verdict)}", world, *_right(expected))


def _leaves_open(policy: Policy, request: EvaluationRequest, searched: Searched) -> bool:
    """Whether a search tries ids for a property that the request leaves out."""
    return any(
        kind.searched and kind.source[0] == searched.value and request.properties[name] is None
        for name, kind in policy.bundle.vocabulary.properties.items()
    )


def _shown(verdict: Verdict) -> str:
    permits, reasons = verdict
    return " ".join(["allow" if permits else "deny", *reasons])


def _right(verdict: Verdict) -> tuple[str, tuple[str, ...]]:
    return "allow" if verdict[0] else "deny", verdict[1]

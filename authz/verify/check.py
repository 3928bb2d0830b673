"""Admit a bundle: its files, rules and catalogue, its agreement with the reference; and say what was not checked."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from authz.engine.decision import Decision
from authz.engine.policy import Policy, load_bundle, load_facts
from authz.language.diagnostics import Diagnostic, DiagnosticError, Span
from authz.verify import oso as reference
from authz.verify.generate import Worlds
from authz.verify.seeds import seeds
from authz.verify.worlds import World, as_scenario, decide

WORLDS, FULL_WORLDS = 150, 30
"""How many generated worlds are compared with the reference: by decision, and by all reason codes."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Admission:
    """What a check of a bundle found: the policy, what was looked at, and what was not."""

    policy: Policy
    files: int
    rules: int
    scenarios: int
    worlds: int
    compared: bool
    unread: int

    def lines(self) -> Iterator[str]:
        """What was, and what was not, checked."""
        bundle = self.policy.bundle
        yield f"{bundle.path}: {bundle.name} {bundle.version} is admitted   policy {bundle.digest[:8]}"
        codes = len(bundle.reasons)
        yield f"  checked: {self.files} Polar files, {self.rules} rules, {codes} reason codes, types, parameters"
        worlds = f"{self.scenarios} scenarios and {self.worlds} generated worlds"
        if self.compared:
            yield f"  compared with oso: {worlds}, no difference"
        else:
            yield f"  not compared with oso: it is not installed here; {worlds} were decided without it"
        yield "  held: a permit has no reason code, a refusal has one, and nothing broke"
        if self.unread:
            yield f"  not read: {self.unread} scenarios or scenario files with faults (run `authz test`)"
        yield "  not checked: what the scenarios expect (run `authz test`), and any world not drawn"


def check(folder: Path, progress: Progress = lambda done, total: None, seed: int = 0) -> Admission:
    """The admission of the bundle in a folder.

    Raises:
        PolicyError: its files have faults.
        DiagnosticError: its facts.json has faults, the reference refuses it or decides otherwise, or a law is broken.
    """
    policy = load_bundle(folder)
    compared = reference.available()
    other = policy.with_evaluator(reference.Reference) if compared else None
    if (facts := Path(policy.bundle.path) / "facts.json").is_file():
        load_facts(facts, policy)
    own, unread = seeds(policy)
    if not own:
        raise DiagnosticError(
            [Diagnostic(Span(str(folder)), "no world could be drawn to decide on", "add a scenario that permits")]
        )
    worlds, stream = Worlds(policy, own), random.Random(seed)
    drawn = [worlds.draw(stream.randrange) for _ in range(WORLDS)]
    total = len(own) + len(drawn)
    for index, world in enumerate([*own, *drawn]):
        progress(index, total)
        full = index < FULL_WORLDS or len(own) <= index < len(own) + FULL_WORLDS
        _agree(policy, other, world, full)
    progress(total, total)
    program = policy.bundle.program
    return Admission(
        policy, len(policy.bundle.files), sum(map(len, program.rules.values())), len(own), len(drawn), compared, unread
    )


def _agree(policy: Policy, other: Policy | None, world: World, full: bool) -> None:
    """Raise unless a world is decided alike by both evaluators, and lawfully."""
    decision = decide(policy, world)
    if decision.error:
        raise _refusal(policy, world, f"a decision breaks: {decision.error}")
    if not decision and not decision.reasons:
        raise _refusal(
            policy, world, "a request is refused without a reason", "write a `reason` rule for what `allow` asks"
        )
    if decision and (held := policy.evaluator.reasons(_gathered(policy, world))):
        raise _refusal(
            policy,
            world,
            f"a request is permitted although {', '.join(held)} holds",
            "ask in `allow` what the reason asks",
        )
    if other is not None and full:
        reference_says = decide(other, world)
        if (reference_says.effect, reference_says.reasons) != (decision.effect, decision.reasons):
            raise _refusal(policy, world, f"compiled says {_said(decision)}, and oso says {_said(reference_says)}")
    elif other is not None and _permits(other, world) != bool(decision):
        raise _refusal(policy, world, f"compiled says {decision.effect}, and oso does not")


def _gathered(policy: Policy, world: World) -> object:
    parameters = policy.with_parameters(world.parameters).parameters
    return policy.gather(world.request, world.facts, world.at, parameters)


def _permits(other: Policy, world: World) -> bool:
    """Whether the reference permits, its reasons left aside: they take it twenty times as long."""
    return other.with_parameters(world.parameters).permits(world.request, world.facts, world.at)


def _said(decision: Decision) -> str:
    return " ".join([decision.effect.value, *decision.reasons, decision.error]).strip()


def _refusal(policy: Policy, world: World, problem: str, help: str = "") -> DiagnosticError:
    import json

    shown = json.dumps(as_scenario(policy, world))
    return DiagnosticError([Diagnostic(Span(policy.bundle.path), f"{problem}\n  in the world {shown}", help)])

"""Check a bundle: its files, rules, reasons and facts, and its agreement with oso; report what was not checked."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from authz.engine.loading import load_bundle, load_facts
from authz.engine.policy import Policy
from authz.language.diagnostics import Diagnostic, DiagnosticError, Span
from authz.verify import oso
from authz.verify.generate import WorldGenerator
from authz.verify.oracles import Counterexample, Oracles
from authz.verify.seeds import seeds
from authz.verify.warnings import files_read, warnings_of
from authz.verify.worlds import World, as_scenario

WORLDS = 150
"""How many generated worlds are judged."""
WITH_REASONS = 30
"""How many scenarios, and how many generated worlds, are compared with oso by all reasons and not by decision alone."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check of a bundle looked at, and what it did not; a bundle with faults has none."""

    policy: Policy
    files: int
    rules: int
    scenarios: int
    worlds: int
    compared: bool
    """Whether oso is installed here, and decided every world too."""
    unread: int
    """How many scenarios, or files of them, have faults."""
    read: tuple[str, ...] = ()
    """The files that were read, relative to the folder of the bundle."""
    warnings: tuple[Diagnostic, ...] = ()
    """What is suspect in the bundle, or was left out of this check; `authz check --strict` fails on it."""

    def lines(self) -> Iterator[str]:
        """The report, for people."""
        bundle = self.policy.bundle
        yield f"{bundle.path}: {bundle.name} {bundle.version} is admitted   policy {self.policy.digest[:8]}"
        codes = len(bundle.reasons)
        yield f"  checked: {self.files} Polar files, {self.rules} rules, {codes} reason codes, types, parameters"
        yield f"  read: {', '.join(self.read)}"
        worlds = f"{self.scenarios} scenarios and {self.worlds} generated worlds"
        if self.compared:
            yield f"  compared with oso: {worlds}, no difference"
        else:
            yield f"  not compared with oso: it is not installed here; {worlds} were decided without it"
        yield "  held: a permit has no reason code, a refusal has one, and nothing broke"
        if self.unread:
            yield f"  not read: {self.unread} scenarios or scenario files with faults (run `authz test`)"
        yield "  not checked: what the scenarios expect (run `authz test`), and any world not drawn"

    def as_data(self) -> dict[str, Any]:
        """The report for programs; its form is stable."""
        bundle = self.policy.bundle
        return {
            "bundle": bundle.name,
            "version": bundle.version,
            "path": bundle.path,
            "policy": self.policy.digest,
            "files": self.files,
            "rules": self.rules,
            "reasons": len(bundle.reasons),
            "scenarios": self.scenarios,
            "worlds": self.worlds,
            "compared_with_oso": self.compared,
            "read": list(self.read),
            "warnings": [warning.as_data() for warning in self.warnings],
        }


def check(folder: Path, progress: Progress = lambda done, total: None, seed: int = 0) -> CheckReport:
    """Check the bundle in a folder.

    Raises:
        DiagnosticError: its files or its facts.json have faults, oso refuses its rules or decides otherwise, or a
            decision is inconsistent. `PolicyError`, for faults in its files, is one.
    """
    policy = load_bundle(folder)
    if (facts := Path(policy.bundle.path) / "facts.json").is_file():
        load_facts(facts, policy)
    known, unread = seeds(policy)
    if not known:
        problem = "no world can be generated: the bundle has no scenario that can be read"
        raise DiagnosticError([Diagnostic(Span(str(folder)), problem, "add a scenario that permits")])
    worlds, stream = WorldGenerator(policy, known), random.Random(seed)
    oracles = Oracles.of(worlds)
    generated = [worlds.draw(stream.randrange) for _ in range(WORLDS)]
    total = len(known) + len(generated)
    for group in (known, generated):
        for index, world in enumerate(group):
            progress(index + (len(known) if group is generated else 0), total)
            if counterexample := _judge(oracles, world, index < WITH_REASONS):
                raise _refusal(policy, counterexample)
    progress(total, total)
    rules = sum(map(len, policy.bundle.program.rules.values()))
    read = files_read(policy)
    return CheckReport(
        policy,
        len(policy.bundle.files),
        rules,
        len(known),
        WORLDS,
        oso.available(),
        unread,
        tuple(str(path.relative_to(policy.bundle.path)) for path in read),
        warnings_of(policy, read, unread),
    )


def _judge(oracles: Oracles, world: World, all_reasons: bool) -> Counterexample | None:
    """Hold a world to consistency, and to oso where it is installed."""
    return oracles.error(world) or oracles.consistency(world) or oracles.reference(world, all_reasons)


HELP = {
    "refusal without a reason": "write a `reason` rule for each condition of `allow`",
    "permit with a reason": "require in `allow` what the reason requires",
}


def _refusal(policy: Policy, found: Counterexample) -> DiagnosticError:
    scenario = json.dumps(as_scenario(policy, found.world))
    problem = f"{found.message}\n  in the world {scenario}"
    return DiagnosticError([Diagnostic(Span(policy.bundle.path), problem, HELP.get(found.oracle, ""))])

"""Run scenarios: situations with the decision that each must get.

A fault in one scenario fails that scenario and hides none of the others; a file without a scenario fails.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from authz.documents.places import Loc, diagnostic_at
from authz.engine.policy import ExplainableDecision, Policy
from authz.language.diagnostics import Diagnostic, DiagnosticError, did_you_mean
from authz.verify.scenario_files import ScenarioDocument, read_scenario_file, scenario_files
from authz.verify.scenario_schema import Expectation
from authz.verify.worlds import World, decide, world_of


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one scenario, or of a file that holds none: it passed if there are no problems."""

    path: str
    id: str
    title: str
    problems: tuple[str, ...] = ()
    decision: ExplainableDecision | None = None

    @property
    def passed(self) -> bool:
        """Whether the scenario got what it expects."""
        return not self.problems


def run(policy: Policy, paths: Sequence[Path], words: str = "") -> Iterator[Result]:
    """The result of every scenario in files and folders; `words` keeps those whose id or title has each word."""
    for path in paths:
        found = list(scenario_files([path]))
        if not found:
            yield Result(str(path), "", "", ("no scenario file in this folder",))
        for file in found:
            yield from run_file(policy, file, words)


def titles(path: Path) -> list[tuple[str, str]]:
    """The id and title of each scenario in a file, in order; none where the file cannot be read."""
    try:
        document = read_scenario_file(path)
    except DiagnosticError:
        return []
    return [(document.text(index, "id"), document.text(index, "title")) for index in range(len(document.scenarios))]


def run_file(policy: Policy, path: Path, words: str = "", only: int | None = None) -> Iterator[Result]:
    """The result of every scenario in one file, or of the one at the index `only`; and what is wrong with the file."""
    try:
        document = read_scenario_file(path)
    except DiagnosticError as unreadable:
        yield Result(str(path), "", "", tuple(map(str, unreadable.diagnostics)))
        return
    if document.faults:
        yield Result(document.shown, "", "", tuple(map(str, document.faults)))
    wanted = words.lower().split()
    for index in range(len(document.scenarios)):
        name = f"{document.text(index, 'id')} {document.text(index, 'title')}".lower()
        if only in (None, index) and all(word in name for word in wanted):
            yield _run_scenario(policy, document, index)


def decide_scenario(policy: Policy, path: Path, id: str) -> ExplainableDecision:
    """The decision on the scenario of this id in a file, whatever it expects.

    Raises:
        DiagnosticError: there is none, or it has faults.
    """
    document = read_scenario_file(path)
    ids = [document.text(index, "id") for index in range(len(document.scenarios))]
    if id not in ids:
        raise DiagnosticError([diagnostic_at(document.shown, (), f"has no scenario `{id}`", did_you_mean(id, ids))])
    return _judge(policy, document, ids.index(id))[0]


def _run_scenario(policy: Policy, document: ScenarioDocument, index: int) -> Result:
    id, title = document.text(index, "id"), document.text(index, "title")
    try:
        decision, expect = _judge(policy, document, index)
    except DiagnosticError as faulty:
        return Result(document.shown, id, title, tuple(map(str, faulty.diagnostics)))
    return Result(document.shown, id, title, tuple(_mismatches(expect, decision)), decision)


def _judge(policy: Policy, document: ScenarioDocument, index: int) -> tuple[ExplainableDecision, Expectation]:
    """The decision on one scenario, and what it expects.

    Raises:
        DiagnosticError: with every fault in it, each with its place.
    """
    scenario = document.scenario(index)
    faults = list(_expectation_faults(policy, scenario.expect, document.shown, ("scenarios", index, "expect")))
    world: World | None = None
    try:
        world = world_of(policy, document, index, scenario)
    except DiagnosticError as faulty:
        faults += faulty.diagnostics
    if faults or world is None:
        raise DiagnosticError(faults)
    return decide(policy, world), scenario.expect


def _expectation_faults(policy: Policy, expect: Expectation, shown: str, at: Loc) -> Iterator[Diagnostic]:
    codes = policy.bundle.reasons
    named: list[tuple[Loc, str]] = [(("reason",), expect.reason)] if expect.reason is not None else []
    named += [(("reasons", i), code) for i, code in enumerate(expect.reasons or ())]
    for loc, code in named:
        if code not in codes:
            yield diagnostic_at(
                shown, (*at, *loc), f"`{code}` is not in the catalogue of reasons", did_you_mean(code, codes)
            )


def _mismatches(expect: Expectation, decision: ExplainableDecision) -> Iterator[str]:
    if decision.error:
        yield f"broke while deciding: {decision.error}"
    if decision.effect != expect.decision:
        yield f"expected {expect.decision}, got {decision.effect}{_codes(decision.reasons)}"
    if expect.reason is not None and decision.reason != expect.reason:
        yield f"expected {expect.reason} first, got {decision.reason or 'no reason'}"
    if expect.reasons is not None and decision.reasons != expect.reasons:
        yield f"expected the reasons{_codes(expect.reasons) or ' none'}, got{_codes(decision.reasons) or ' none'}"


def _codes(codes: tuple[str, ...]) -> str:
    return f" {', '.join(codes)}" if codes else ""

"""Warnings: what is suspect in a bundle that is admitted, and what a check of it left out."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from authz.bundle.files import FACTS, SCENARIOS, TABLES, rule_files, unread_files
from authz.engine.policy import Policy
from authz.language.diagnostics import Diagnostic, DiagnosticError, Span
from authz.verify import catalogue, oso
from authz.verify.lint import lint
from authz.verify.scenario_files import read_scenario_file, scenario_files
from authz.verify.worlds import decide, world_of


def files_read(policy: Policy) -> tuple[Path, ...]:
    """The files of a bundle that a check reads: its policy, its facts and its scenarios."""
    folder = Path(policy.bundle.path)
    facts, scenarios = folder / FACTS, folder / SCENARIOS
    return (
        *(folder / name for name in TABLES),
        *rule_files(folder),
        *((facts,) if facts.is_file() else ()),
        *(scenario_files([scenarios]) if scenarios.is_dir() else ()),
    )


def warnings_of(policy: Policy, read: Sequence[Path], faulty: int) -> tuple[Diagnostic, ...]:
    """The warnings of a bundle, of which some files were read and some scenarios are faulty."""
    return (
        *_left_out(policy, faulty),
        *_unread(policy, read),
        *_without_permit(policy, read),
        *lint(policy.bundle),
    )


def _left_out(policy: Policy, faulty: int) -> Iterator[Diagnostic]:
    if not oso.available():
        yield not_compared(policy.bundle.path)
    if faulty:
        yield faulty_scenarios(policy.bundle.path, faulty)


def not_compared(folder: str) -> Diagnostic:
    """The warning of a check without oso."""
    return catalogue.NOT_COMPARED.at(Span(folder), "decisions were not compared with oso: it is not installed here")


def faulty_scenarios(folder: str, count: int) -> Diagnostic:
    """The warning of a check that could not read so many scenarios or scenario files."""
    problem = f"{count} scenarios or scenario files have faults: run `authz test`"
    return catalogue.FAULTY_SCENARIOS.at(Span(folder), problem)


def _without_permit(policy: Policy, read: Sequence[Path]) -> Iterator[Diagnostic]:
    folder = Path(policy.bundle.path) / SCENARIOS
    if not any(permits_a_scenario(policy, path) for path in read if folder in path.parents):
        problem = "no scenario is permitted: the rules may refuse everything"
        yield catalogue.NO_PERMIT.at(Span(policy.bundle.path), problem, "add a scenario that expects `allow`")


def permits_a_scenario(policy: Policy, path: Path) -> bool:
    """Whether some scenario of a file is permitted; scenarios with faults are not."""
    with suppress(DiagnosticError):
        document = read_scenario_file(path)
        for index in range(len(document.scenarios)):
            with suppress(DiagnosticError):
                world = world_of(policy, document, index, document.scenario(index))
                if decide(policy, world):
                    return True
    return False


def _unread(policy: Policy, read: Sequence[Path]) -> Iterator[Diagnostic]:
    for path in unread_files(Path(policy.bundle.path), read):
        yield catalogue.UNREAD_FILE.at(Span(str(path)), "looks like a part of the bundle, and is not read")

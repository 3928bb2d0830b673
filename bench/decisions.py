"""Time decisions of the student bundle: `python -m bench.decisions [--rounds N]`, from the root of the repository.

By hand, compiled and by oso, on the same records, in alternation; first they must agree on every answer.
"""

import argparse
import os
import platform
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, thread_time_ns
from typing import Any

from authz.engine.decision import Evaluator
from authz.engine.loading import load_bundle
from authz.engine.policy import Policy
from authz.language.diagnostics import DiagnosticError
from authz.verify.generate import WorldGenerator
from authz.verify.scenario_files import read_scenario_file, scenario_files
from authz.verify.seeds import seeds
from authz.verify.worlds import World, world_from, world_of
from bench import handwritten
from bench.shapes import SHAPES, Shape, turned
from bench.student import Situation, consent, permitting, withdrawal
from bench.timing import Call, Contender, paired, ratio

BUNDLE = Path("policies/student_data")
SCENARIOS = BUNDLE / "scenarios"
SEED = 2026
AGREE_ON = 10_000
MIXED = 300
OSO_CALLS = 3


@dataclass(frozen=True, slots=True)
class Case:
    """A gathered request with what it must get."""

    name: str
    record: Any
    codes: tuple[str, ...]

    @property
    def call(self) -> Call:
        """The arguments of an evaluator's `allow`."""
        return self.record.supplier, self.record.action, self.record


def main() -> None:
    """Check that all agree, then time and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.decisions", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=25, help="rounds of each comparison (default 25)")
    rounds = parser.parse_args().rounds
    policy = load_bundle(BUNDLE)
    reference = find_reference(policy)
    print(
        f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores"
    )
    print(f"medians of {rounds} alternating rounds, in processor time; the garbage collector off while timing\n")
    agree(policy, reference)
    worked = {case.name: case for case in worked_cases(policy)}
    one_decision(policy, reference, worked, rounds)
    refusals(policy, worked, rounds)
    crowds(policy, rounds)
    starting()


# Cases.


def gathered(policy: Policy, name: str, situation: Situation) -> Case:
    """The case of a situation, with the codes that the compiled form gives it."""
    return case_of(policy, name, world_from(policy, situation.facts, situation.request, situation.parameters))


def case_of(policy: Policy, name: str, world: World) -> Case:
    """The case of a world, with the codes that the compiled form gives it."""
    parameters = policy.with_parameters(world.parameters).parameters
    record = policy.analyses.gather(world.request, world.facts, world.at, parameters)
    return Case(name, record, policy.evaluator.reasons(record))


def worked_cases(policy: Policy) -> Iterator[Case]:
    """The bundle's own scenarios, each with the reasons that it expects."""
    for path in scenario_files([SCENARIOS]):
        document = read_scenario_file(path)
        for index in range(len(document.scenarios)):
            scenario = document.scenario(index)
            case = case_of(policy, scenario.id, world_of(policy, document, index, scenario))
            expect = scenario.expect
            assert (expect.decision == "allow") == (not case.codes), scenario.id
            assert expect.reasons is None or expect.reasons == case.codes, scenario.id
            yield case


def drawn(policy: Policy, count: int, seed: int) -> Iterator[Case]:
    """Generated worlds."""
    draw, generator = random.Random(seed).randrange, WorldGenerator(policy, seeds(policy)[0])
    for number in range(count):
        yield case_of(policy, f"world {number}", generator.draw(draw))


# Agreement.


def find_reference(policy: Policy) -> Evaluator | None:
    """The reference, unless it is missing."""
    try:
        from authz.verify.oso import Reference

        return Reference(policy.bundle)
    except ImportError:
        return None
    except DiagnosticError as error:
        sys.exit(f"the reference refuses the bundle: {error}")


def agree(policy: Policy, reference: Evaluator | None, count: int = AGREE_ON) -> None:
    """Stop unless all contenders agree on generated worlds and on the shapes, and oso on some of the worlds."""
    permits = 0
    for number, case in enumerate(drawn(policy, count, SEED)):
        must_agree(policy, case)
        permits += not case.codes
        if reference is not None and number < count // 20:
            assert reference.allow(*case.call) == (not case.codes), case.name
    for shape in SHAPES:
        must_agree(policy, gathered(policy, shape.__name__, shape(100)))
        must_agree(policy, gathered(policy, shape.__name__, turned(shape(100))))
    print(f"agreed on {count} generated worlds, of which {permits} permit, and on {len(SHAPES)} crowded shapes")
    print(f"oso: {'missing' if reference is None else f'agreed on {count // 20} of them'}\n")


def must_agree(policy: Policy, case: Case) -> None:
    """The hand-written function and the compiled one agree, and a case permits if and only if it has no code."""
    permits = policy.evaluator.allow(*case.call)
    assert permits == handwritten.allow(case.record) == (not case.codes), case.name


# (a) to (c): one decision.


def one_decision(policy: Policy, reference: Evaluator | None, worked: dict[str, Case], rounds: int) -> None:
    """Time one decision: by hand, compiled, and by oso on few repetitions."""
    found = list(drawn(policy, 20 * MIXED, SEED + 1))
    permitted = [case for case in found if not case.codes][:MIXED]
    refused = [case for case in found if case.codes][:MIXED]
    rows: list[tuple[str, Sequence[Case]]] = [
        ("permit: all in place (D01)", [worked["D01"]]),
        (f"permit: {len(permitted)} worlds near the line", permitted),
        ("deny on the first condition", [altered(policy, action="write_grades")]),
        ("deny last: no consent at all", [altered(policy, consents=[])]),
        ("deny last: withdrawn", [altered(policy, consents=[consent("g1"), withdrawal("g1")])]),
        ("deny last: refused by the other guardian", [altered(policy, consents=[consent("g1"), OTHER_REFUSES])]),
        ("deny last: another category", [altered(policy, consents=[consent("g1", categories=["name"])])]),
        (f"deny: {len(refused)} worlds near the line", refused),
    ]
    print_row("one decision, records given", "by hand", "compiled", "oso", "compiled/hand", "oso/compiled")
    for name, cases in rows:
        contenders: dict[str, Contender] = {
            "hand": (handwritten.allow, [(case.record,) for case in cases]),
            "compiled": (policy.evaluator.allow, [case.call for case in cases]),
        }
        times = paired(contenders, rounds)
        hand, compiled = median(times["hand"]), median(times["compiled"])
        oso = None if reference is None else oso_time(reference, cases)
        print_row(
            name,
            micro(hand),
            micro(compiled),
            "missing" if oso is None else micro(oso),
            f"{ratio(times['compiled'], times['hand']):.2f}",
            "missing" if oso is None else f"{oso / compiled:,.0f}",
        )
    print()


OTHER_REFUSES = withdrawal("g2")


def altered(policy: Policy, action: str = "read_grades", consents: list[dict[str, Any]] | None = None) -> Case:
    """A student with all in place, but for this."""
    consents = [consent("g1")] if consents is None else consents
    return gathered(policy, "altered", permitting(*consents, request={"action": action}))


def oso_time(reference: Evaluator, cases: Sequence[Case]) -> float:
    """Nanoseconds a decision: the median of few for one case, the mean over some of many."""
    found = []
    for case in cases[: 10 * OSO_CALLS]:
        for _ in range(OSO_CALLS * (5 if len(cases) == 1 else 1)):
            start = thread_time_ns()
            reference.allow(*case.call)
            found.append(thread_time_ns() - start)
    return median(found) if len(cases) == 1 else sum(found) / len(found)


# (d): the reasons of a refusal.


def refusals(policy: Policy, worked: dict[str, Case], rounds: int) -> None:
    """Time all reason codes of the worked refusals against the permit."""
    permit: Contender = (policy.evaluator.allow, [worked["D01"].call])
    found = []
    for case in worked.values():
        if case.codes:
            reasons: Contender = (policy.evaluator.reasons, [(case.record,)])
            times = paired({"permit": permit, "reasons": reasons}, max(3, rounds // 5))
            found.append((ratio(times["reasons"], times["permit"]), median(times["reasons"]), case))
    found.sort(key=lambda one: one[0])
    within = sum(share <= 10 for share, _, _ in found)
    print_row("all reason codes of a refusal", "time", "of a permit")
    middle = found[len(found) // 2]
    print_row(f"median of the {len(found)} worked refusals", micro(middle[1]), f"{middle[0]:.1f}")
    print_row(f"within 10 x a permit: {within} of {len(found)}")
    for share, time, case in found[:-6:-1]:
        print_row(f"among the slowest: {case.name} {' '.join(case.codes)}"[:62], micro(time), f"{share:.1f}")
    print()


# (e): many rows.


def crowds(policy: Policy, rounds: int) -> None:
    """Time the shapes at 100 and 200 rows of a kind: the slower of two orders of the rows."""
    print_row("100 rows of each kind, the slower order", "decide", "x at 200", "all reasons", "x at 200", "by hand")
    worst_decide, worst_reasons = 0.0, 0.0
    for shape in SHAPES:
        decide, decide_growth = growth(policy, shape, rounds, lambda case: (policy.evaluator.allow, [case.call]))
        reasons, reasons_growth = growth(
            policy, shape, rounds, lambda case: (policy.evaluator.reasons, [(case.record,)])
        )
        hand, _ = growth(policy, shape, 3, lambda case: (handwritten.allow, [(case.record,)]))
        worst_decide, worst_reasons = max(worst_decide, decide), max(worst_reasons, reasons)
        name = shape.__name__.replace("_", " ")
        print_row(name, milli(decide), f"{decide_growth:.1f}", milli(reasons), f"{reasons_growth:.1f}", milli(hand))
    print_row("the slowest", milli(worst_decide), "", milli(worst_reasons), "", "")
    print()


def growth(policy: Policy, shape: Shape, rounds: int, work: Callable[[Case], Contender]) -> tuple[float, float]:
    """Nanoseconds at 100 rows in the slower order, and how much longer at 200 rows in the same order."""
    found = []
    for order in (lambda situation: situation, turned):
        contenders = {str(rows): work(gathered(policy, shape.__name__, order(shape(rows)))) for rows in (100, 200)}
        times = paired(contenders, max(3, rounds // 5))
        found.append((median(times["100"]), ratio(times["200"], times["100"])))
    return max(found)


# (f): starting.


def starting() -> None:
    """Time reading, checking and compiling the bundle, and the command from cold."""
    print_row("starting, by the clock", "median")
    print_row("read, check and compile the bundle", milli(1e9 * median(seconds(lambda: load_bundle(BUNDLE), 7))))
    command = [sys.executable, "-m", "authz", "decide", str(BUNDLE / "examples" / "everything-in-place.json")]
    if subprocess.run(command, capture_output=True, check=False).returncode == 0:
        print_row("authz decide, a new process", milli(1e9 * median(seconds(lambda: run(command), 5))))
    else:
        print_row("authz decide, a new process", "missing")
    nothing = [sys.executable, "-c", "pass"]
    print_row("python -c pass, a new process", milli(1e9 * median(seconds(lambda: run(nothing), 5))))


def run(command: Sequence[str]) -> None:
    """Run a command that succeeds, in silence."""
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def seconds(work: Callable[[], object], times: int) -> Iterable[float]:
    """How long each repetition took."""
    for _ in range(times):
        start = perf_counter()
        work()
        yield perf_counter() - start


# Printing.


def micro(nanoseconds: float) -> str:
    """Microseconds, to three digits."""
    return f"{nanoseconds / 1e3:,.{2 if nanoseconds < 1e5 else 0}f} µs"


def milli(nanoseconds: float) -> str:
    """Milliseconds, to hundredths."""
    return f"{nanoseconds / 1e6:,.2f} ms"


def print_row(name: str, *columns: str) -> None:
    """One line of a table."""
    print(f"{name:<62}" + "".join(f"{column:>14}" for column in columns), flush=True)


if __name__ == "__main__":
    main()

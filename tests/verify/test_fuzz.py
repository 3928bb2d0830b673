"""Fuzzing: a right bundle has no counterexample; planted faults are found and shrunk to scenarios."""

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz import Policy, load_bundle
from authz.instants import format_instant
from authz.verify import oso as reference
from authz.verify.fuzz import fuzz
from authz.verify.generate import WorldGenerator
from authz.verify.oracles import Oracles
from authz.verify.seeds import mended, plain_world, seeds
from authz.verify.worlds import as_scenario, world_from
from tests.support.cli import authz
from tests.support.effort import effort
from tests.support.paths import AUTHZEN, STUDENT

NUMBERS = st.lists(st.integers(0, 2**16), max_size=40)


@pytest.fixture(scope="module", params=[STUDENT, AUTHZEN], ids=["student_data", "authzen"])
def drawn(request: pytest.FixtureRequest) -> WorldGenerator:
    policy = load_bundle(request.param)
    return WorldGenerator(policy, seeds(policy)[0])


# WorldGenerator.


def test_all_zeros_are_the_first_world_as_it_is_and_it_permits(drawn: WorldGenerator) -> None:
    first = drawn.world(())
    assert first == drawn.world([0] * 30) == drawn.seeds[0]
    assert drawn.policy_of(first).decide(first.request, first.facts)


@settings(max_examples=effort(150), deadline=None)
@given(numbers=NUMBERS)
def test_a_world_is_a_pure_function_of_its_integers(drawn: WorldGenerator, numbers: list[int]) -> None:
    one, other = drawn.world(numbers), WorldGenerator(drawn.policy, drawn.seeds).world(numbers)
    assert as_scenario(drawn.policy, one) == as_scenario(drawn.policy, other)


@settings(max_examples=effort(150), deadline=None)
@given(numbers=NUMBERS)
def test_a_world_is_a_scenario_and_back(drawn: WorldGenerator, numbers: list[int]) -> None:
    """Every world is valid: as a document it is read without a fault, and it is the same world."""
    world = drawn.world(numbers)
    written = json.loads(json.dumps(as_scenario(drawn.policy, world)))
    again = world_from(drawn.policy, written["facts"], written["request"], written.get("parameters", {}))
    assert (again.request, again.facts.lists, again.facts.values) == (
        world.request,
        world.facts.lists,
        world.facts.values,
    )
    policy = drawn.policy_of(world)
    before, after = policy.decide(world.request, world.facts), policy.decide(again.request, again.facts)
    assert (before.effect, before.reasons, before.error) == (after.effect, after.reasons, "")


def test_worlds_are_near_the_line_and_reach_every_code(drawn: WorldGenerator) -> None:
    stream, permits, codes = random.Random(1), 0, set[str]()
    for _ in range(effort(6_000)):
        world = drawn.draw(stream.randrange)
        decision = drawn.policy_of(world).decide(world.request, world.facts)
        permits += bool(decision)
        codes.update(decision.reasons)
    assert 0.25 < permits / effort(6_000) < 0.85
    assert codes == set(drawn.policy.bundle.reasons)


@pytest.mark.parametrize("folder", [STUDENT, AUTHZEN], ids=["student_data", "authzen"])
def test_a_bundle_without_scenarios_begins_with_a_plain_world_that_permits(tmp_path: Path, folder: Path) -> None:
    shutil.copytree(folder, tmp_path / "bundle")
    shutil.rmtree(tmp_path / "bundle" / "scenarios")
    policy = load_bundle(tmp_path / "bundle")
    begun, unread = seeds(policy)
    assert (len(begun), unread) == (1, 0)
    plain = plain_world(policy)
    assert plain is not None and begun == [mended(policy, plain)]
    if folder == STUDENT:
        assert policy.decide(begun[0].request, begun[0].facts)


# Fuzzing what is right.


@pytest.mark.parametrize("folder", [STUDENT, AUTHZEN], ids=["student_data", "authzen"])
def test_fuzzing_a_right_bundle_finds_no_counterexample(tmp_path: Path, folder: Path) -> None:
    policy = load_bundle(folder)
    report = fuzz(policy, 6_000, 7, tmp_path, most=effort(3_000))
    assert report.counterexample is None, list(report.lines())
    assert report.counts.worlds >= effort(3_000)
    assert report.counts.permits >= effort(600)
    assert len(report.counts.laws) == len(policy.bundle.laws)
    if effort(4) >= 4:  # fewer worlds miss the rarest codes
        assert all(report.counts.codes[code] for code in policy.bundle.reasons)
    if reference.available():
        assert report.counts.oso > 0


def test_a_seed_reproduces_a_run(tmp_path: Path) -> None:
    policy = load_bundle(AUTHZEN)
    one, same, other = (fuzz(policy, 600, seed, tmp_path / str(n), most=400) for n, seed in enumerate((3, 3, 4)))
    assert (
        (one.counts.permits, one.counts.codes)
        == (same.counts.permits, same.counts.codes)
        != (other.counts.permits, other.counts.codes)
    )


# Faults that are planted.

Edit = Callable[[str, str, str], None]


@pytest.fixture
def faulty(tmp_path: Path) -> tuple[Path, Edit]:
    folder = tmp_path / "faulty"
    shutil.copytree(STUDENT, folder)

    def edit(name: str, old: str, new: str) -> None:
        path = folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return folder, edit


def test_a_broken_law_is_found_and_shrunk_to_a_scenario_that_fails(faulty: tuple[Path, Edit], tmp_path: Path) -> None:
    folder, edit = faulty
    # A withdrawal that permits: its person's consent counts again.
    edit("consent.polar", "not withdrawn_since(request, consent);", "withdrawn_since(request, consent);")
    report = fuzz(load_bundle(folder), 600, 1, tmp_path / "corpus", most=20_000)
    assert report.counterexample is not None
    assert report.counterexample.oracle in ("law", "permit with a reason", "refusal without a reason")
    assert report.scenario is not None
    shown = authz("test", report.scenario, "--policy", folder)
    assert shown.code == 1 and shown.out.endswith("0 passed, 1 failed\n")
    # What the unbroken bundle decides is what the scenario expects, or at least no permit.
    given = json.loads(report.scenario.read_text())["scenarios"][0]
    assert given["expect"]["decision"] == "deny" or report.counterexample.oracle == "refusal without a reason"


def test_a_law_that_does_not_hold_is_found_with_the_row_that_breaks_it(
    faulty: tuple[Path, Edit], tmp_path: Path
) -> None:
    folder, _ = faulty
    manifest = folder / "bundle.toml"
    manifest.write_text(f'{manifest.read_text()}\n[[laws]]\nnever_grants = "links"\nabout = "a link never helps"\n')
    report = fuzz(load_bundle(folder), 600, 1, tmp_path / "corpus", most=20_000)
    found = report.counterexample
    assert found is not None and found.oracle == "law" and found.decision == "deny"
    assert found.message == "a link never helps: adding a row to `links` turned a refusal into a permit"
    assert found.row in found.world.facts.lists["links"]
    assert sum(len(rows) for rows in found.world.facts.lists.values()) <= 12, "the scenario is small"


def test_a_permit_beside_a_reason_is_found(faulty: tuple[Path, Edit], tmp_path: Path) -> None:
    folder, edit = faulty
    edit("access.polar", "    link_open(request) and              # pillar: school toggle (FAQ-6, FAQ-9)\n", "")
    report = fuzz(load_bundle(folder), 600, 1, tmp_path / "corpus", most=20_000)
    assert report.counterexample is not None and report.counterexample.oracle == "permit with a reason"
    assert report.counterexample.reasons is not None and "SCHOOL_LINK_CLOSED" in report.counterexample.reasons
    rows = sum(len(rows) for rows in report.counterexample.world.facts.lists.values())
    assert rows <= 12, "the scenario is small"


class Lenient:
    """The compiled form with a fault: who is suspended is permitted what the first rows permit."""

    def __init__(self, right: Any, wrong: Callable[[Any], bool]) -> None:
        self.right, self.wrong = right, wrong

    def allow(self, subject: Any, action: str, request: Any) -> bool:
        found: bool = self.right.allow(subject, action, request)
        return found or self.wrong(request)

    def reasons(self, request: Any) -> tuple[str, ...]:
        found: tuple[str, ...] = self.right.reasons(request)
        return () if self.wrong(request) else found


@pytest.mark.skipif(not reference.available(), reason="oso has no release for this Python")
def test_a_compiled_form_that_differs_from_oso_is_found(tmp_path: Path) -> None:
    policy = load_bundle(STUDENT)
    faulty = replace(policy, evaluator=Lenient(policy.evaluator, lambda request: len(request.suspensions) > 0))
    own = seeds(policy)[0]
    oracles, stream = Oracles.of(WorldGenerator(faulty, own)), random.Random(1)
    wrongs = []
    for number in range(300):
        world = oracles.worlds.draw(stream.randrange)
        wrongs.append(oracles.reference(world, number % 20 == 0))
    found = [wrong for wrong in wrongs if wrong]
    assert found and all(wrong.oracle == "oso" and wrong.decision == "deny" for wrong in found)


def test_a_search_that_misses_is_found(tmp_path: Path) -> None:
    policy = load_bundle(STUDENT)
    misses = replace(policy, analyses=replace(policy.analyses, required_rows=frozenset({"suspensions", "holds"})))
    report = fuzz(misses, 600, 1, tmp_path, most=5_000)
    assert report.counterexample is not None and report.counterexample.oracle == "search"
    assert report.counterexample.decision == "allow"


def test_what_breaks_while_deciding_is_found(tmp_path: Path) -> None:
    policy = load_bundle(STUDENT)

    def breaks(request: Any) -> bool:
        return bool(request.holds[0]) if request.holds else False

    class Breaking(Lenient):
        def allow(self, subject: Any, action: str, request: Any) -> bool:
            if request.holds:
                raise RuntimeError("a fault")
            return super().allow(subject, action, request)

    report = fuzz(replace(policy, evaluator=Breaking(policy.evaluator, breaks)), 600, 1, tmp_path, most=5_000)
    assert report.counterexample is not None and report.counterexample.oracle == "error"
    assert "RuntimeError" in report.counterexample.message


# The corpus.


def test_a_corpus_is_kept_and_replayed_first(tmp_path: Path) -> None:
    policy = load_bundle(AUTHZEN)
    first = fuzz(policy, 600, 1, tmp_path, most=500)
    kept = sorted(tmp_path.glob("*.json"))
    assert first.replayed == 0 and len(kept) >= 5
    second = fuzz(policy, 600, 2, tmp_path, most=500)
    assert second.replayed == len(kept)
    done = authz("test", tmp_path, "--policy", AUTHZEN)
    assert done.code == 0, done.out


def test_what_an_older_vocabulary_kept_is_skipped_with_a_notice(tmp_path: Path) -> None:
    policy = load_bundle(AUTHZEN)
    fuzz(policy, 600, 1, tmp_path, most=300)
    kept = sorted(tmp_path.glob("*.json"))
    kept[0].rename(tmp_path / f"kept-{'0' * 12}-old.json")
    shape = policy.bundle.schema_digest[:12]
    for name, text in {"torn": "{", "empty": "[]", "other": '{"scenarios": [{"request": {"at": 3}}]}'}.items():
        (tmp_path / f"kept-{shape}-{name}.json").write_text(text)
    report = fuzz(policy, 600, 1, tmp_path, most=300)
    assert report.skipped == 4 and report.replayed == len(kept) - 1
    assert "4 of an older vocabulary skipped" in "\n".join(report.lines())


# The command.


def test_the_command_prints_its_report_and_its_seed(tmp_path: Path) -> None:
    done = authz("fuzz", AUTHZEN, "--seconds", "1", "--seed", "5", "--corpus", tmp_path / "corpus")
    assert done.code == 0, done.err
    assert "seed 5" in done.out and done.out.endswith("no difference, and no law broken\n")
    assert authz("fuzz", "nowhere").code == 1
    assert authz("fuzz", AUTHZEN, "--seconds", "never").code == 1


@pytest.mark.parametrize(
    ("law", "expected"),
    [
        ('never_grants = "suspension"', "laws[5].never_grants: facts have no list `suspension`"),
        ('never_grants = "holds"\nwhen = "helds"', "laws[5].when: there is no rule `helds`"),
        (
            'never_grants = "holds"\nwhen = "trusted"',
            "laws[5].when: `trusted` is no rule over a request and a row of `holds`",
        ),
        ('never_grants = "holds"\nwhat = 1', "laws[5].what: is not known here"),
    ],
)
def test_a_law_with_a_fault_is_a_fault_with_its_place(faulty: tuple[Path, Edit], law: str, expected: str) -> None:
    folder, _ = faulty
    manifest = folder / "bundle.toml"
    manifest.write_text(f"{manifest.read_text()}\n[[laws]]\n{law}\n")
    done = authz("check", folder)
    assert done.code == 1
    line = manifest.read_text().count("\n")  # the fault is in the last line of the law
    assert f"bundle.toml:{line}:1: {expected}" in done.err


def test_a_scenario_carries_the_instant_of_its_world(drawn: WorldGenerator) -> None:
    world = drawn.world((1, 2, 3))
    assert as_scenario(drawn.policy, world)["request"]["at"] == format_instant(world.at)


def test_parameters_of_a_world_are_those_of_its_policy(policy: Policy) -> None:
    worlds, stream = WorldGenerator(policy, seeds(policy)[0]), random.Random(3)
    seen = set()
    for _ in range(2_000):
        world = worlds.draw(stream.randrange)
        seen |= set(world.parameters)
        configured = worlds.policy_of(world)
        assert configured.parameters == policy.with_parameters(world.parameters).parameters
    assert seen == set(policy.bundle.vocabulary.parameters)

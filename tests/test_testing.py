"""What testers get: strategies for any bundle, and scenario files collected by pytest."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from authz import Policy, load_bundle
from authz.testing import World, as_scenario, decide, facts, requests, worlds
from authz.verify.seeds import seeds
from tests.support.effort import effort
from tests.support.paths import AUTHZEN, STUDENT

AUTHZEN_POLICY = load_bundle(AUTHZEN)
STUDENT_POLICY = load_bundle(STUDENT)


@settings(max_examples=effort(80), deadline=None)
@given(st.sampled_from([STUDENT_POLICY, AUTHZEN_POLICY]), st.data())
def test_what_is_drawn_can_be_decided(policy: Policy, data: st.DataObject) -> None:
    world = data.draw(worlds(policy))
    decision = decide(policy, world)
    assert decision.error == "" and bool(decision) == (not decision.reasons)
    asked, known = data.draw(requests(policy)), data.draw(facts(policy))
    assert policy.decide(asked, known).error == ""


def test_a_world_shrinks_to_one_that_says_why() -> None:
    """The least world that is refused for a closed link alone is a scenario's with at most one edit."""
    found: World = find(
        worlds(STUDENT_POLICY),
        lambda world: decide(STUDENT_POLICY, world).reasons == ("SCHOOL_LINK_CLOSED",),
        settings=settings(max_examples=5_000, deadline=None, database=None, phases=[Phase.generate, Phase.shrink]),
    )
    shown = as_scenario(STUDENT_POLICY, found)
    assert min(edits(shown, as_scenario(STUDENT_POLICY, seed)) for seed in seeds(STUDENT_POLICY)[0]) <= 1


def edits(one: dict[str, Any], other: dict[str, Any]) -> int:
    """In how many lists, and parts beside them, two worlds differ."""
    kinds = one["facts"].keys() | other["facts"].keys()
    lists = sum(one["facts"].get(kind) != other["facts"].get(kind) for kind in kinds)
    return lists + sum(one.get(part) != other.get(part) for part in ("request", "parameters"))


@settings(max_examples=effort(200), deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(worlds(STUDENT_POLICY))
def test_a_link_is_necessary(world: World) -> None:
    assert world.facts.lists["links"] or not decide(STUDENT_POLICY, world)


# Scenario files as tests.


def collected(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False, timeout=120)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    shutil.copytree(STUDENT, tmp_path / "bundle")
    return tmp_path / "bundle"


def test_scenarios_are_collected_by_title(bundle: Path) -> None:
    done = collected(bundle)
    assert done.returncode == 0, done.stdout
    assert "127 passed" in done.stdout
    named = collected(bundle, "--collect-only", "-k", "D29")
    assert "D29 Consent for grades only, asks schedule" in named.stdout


def test_a_scenario_that_fails_says_what_it_got(bundle: Path) -> None:
    path = bundle / "scenarios" / "consent_given.json"
    document = json.loads(path.read_text())
    (wrong,) = [each for each in document["scenarios"] if each["id"] == "D29"]
    wrong["expect"] = {"decision": "allow"}
    path.write_text(json.dumps(document))
    (bundle / "scenarios" / "torn.yaml").write_text("scenarios: [")
    (bundle / "facts.yaml").write_text("not a scenario file")
    done = collected(bundle)
    assert done.returncode == 1
    assert "2 failed, 126 passed" in done.stdout
    assert "CATEGORY_NOT_CONSENTED" in done.stdout and "torn.yaml" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_bundle_with_faults_fails_its_scenarios_with_the_faults(bundle: Path) -> None:
    path = bundle / "school.polar"
    path.write_text(path.read_text().replace("request.links", "request.linkz"))
    done = collected(bundle, "-k", "D29")
    assert done.returncode == 1
    assert "has no field `linkz`" in done.stdout and "Traceback" not in done.stdout

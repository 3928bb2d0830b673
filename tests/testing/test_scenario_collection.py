"""Scenario files collected by pytest: each scenario a test by its title."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import STUDENT


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
    assert "129 passed" in done.stdout
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
    assert "2 failed, 128 passed" in done.stdout
    assert "CATEGORY_NOT_CONSENTED" in done.stdout and "torn.yaml" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_bundle_with_faults_fails_its_scenarios_with_the_faults(bundle: Path) -> None:
    path = bundle / "school.polar"
    path.write_text(path.read_text().replace("request.links", "request.linkz"))
    done = collected(bundle, "-k", "D29")
    assert done.returncode == 1
    assert "has no field `linkz`" in done.stdout and "Traceback" not in done.stdout

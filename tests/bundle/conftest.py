"""A copy of the student bundle for a test to edit, and the bundle of doors with two scenarios."""

import json
import shutil
from pathlib import Path

import pytest

from authz import Policy, load_bundle
from tests.support.bundle_edits import Edit
from tests.support.doors import ANN, ASKED, FACTS, doors_policy
from tests.support.paths import STUDENT


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A copy of the student bundle, for a test to edit."""
    return shutil.copytree(STUDENT, tmp_path / "bundle", ignore=shutil.ignore_patterns("scenarios"))


@pytest.fixture
def edit(bundle: Path) -> Edit:
    """The editor of the copy."""

    def replace(name: str, old: str, new: str) -> None:
        path = bundle / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1) if old else text + new, encoding="utf-8")

    return replace


@pytest.fixture(scope="module")
def doors_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of doors, with scenarios."""
    folder = tmp_path_factory.mktemp("doors")
    doors_policy(folder)
    scenario = {"id": "ann", "request": ASKED, "expect": {"decision": "allow"}}
    denied = {"id": "young", "facts": {"holders": [{**ANN, "born": "2007-03-11"}]}, "request": ASKED}
    denied["expect"] = {"decision": "deny", "reasons": ["TOO_YOUNG"]}
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "all.json").write_text(json.dumps({"facts": FACTS, "scenarios": [scenario, denied]}))
    return folder


@pytest.fixture(scope="module")
def doors(doors_folder: Path) -> Policy:
    """The policy of the bundle of doors."""
    return load_bundle(doors_folder)

"""A copy of the student bundle for a test to edit."""

import shutil
from pathlib import Path

import pytest

from tests.support.bundle_edits import Edit
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

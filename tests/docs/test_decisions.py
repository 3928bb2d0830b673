"""docs/decisions/: each page has one form, and what it names exists."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PAGES = sorted((ROOT / "docs" / "decisions").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_decision_says_what_and_why_and_what_was_given_up(page: Path) -> None:
    text = page.read_text()
    assert text.startswith(f"# {int(page.name[:4])}. ")
    for part in ("**What.**", "**Why.**", "**What we gave up.**"):
        assert part in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_file_that_a_decision_names_exists(page: Path) -> None:
    for name in re.findall(r"`((?:authz|api|bench|tests)/[\w./]*)`", page.read_text()):
        assert (ROOT / name).exists(), name


def test_every_dependency_has_a_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [requirement for group in project["optional-dependencies"].values() for requirement in group]
    page = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text()
    for requirement in [*project["dependencies"], *extras]:
        name = re.split(r"[^\w.-]", requirement)[0]
        assert f"`{name}`" in page, name

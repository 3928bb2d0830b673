"""The `curl` commands of the pages, run against a real server: each response is what the page shows."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.pages import Project
from tests.support.pages import examples as page_examples
from tests.support.paths import ROOT, STUDENT
from tests.support.server import serving

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN_URL = "http://127.0.0.1:8080"


def calls(page: str) -> list[tuple[str, Any]]:
    """The `curl` commands of a page, each with the JSON shown under it."""
    calls = []
    for block in BLOCK.findall((ROOT / page).read_text()):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            if part.startswith("curl "):
                command, _, shown = re.split(r"(?<='|n)(\n)(?=\{)", part, maxsplit=1)
                calls.append((command, json.loads(shown)))
    return calls


def matches(shown: Any, actual: Any) -> bool:
    """Whether a response is the one shown; a shown `"..."` stands for any text but the empty one."""
    if shown == "...":
        return isinstance(actual, str) and actual != ""
    if isinstance(shown, dict) and isinstance(actual, dict):
        # The end of a permit depends on the day, so pages leave it out.
        actual = {name: value for name, value in actual.items() if name != "expires_at"}
        return list(shown) == list(actual) and all(matches(shown[name], actual[name]) for name in shown)
    if isinstance(shown, list) and isinstance(actual, list):
        return len(shown) == len(actual) and all(map(matches, shown, actual))
    return bool(shown == actual)


def assert_page_matches_service(page: str, least: int, bundle: Path, folder: Path) -> None:
    shown_calls = calls(page)
    assert len(shown_calls) >= least
    with serving(folder, bundle) as served:
        for command, shown in shown_calls:
            assert SHOWN_URL in command
            done = subprocess.run(
                ["sh", "-c", command.replace(SHOWN_URL, served.url)], capture_output=True, text=True, check=True
            )
            actual = json.loads(done.stdout)
            assert matches(shown, actual), actual


@pytest.mark.parametrize(("page", "least"), [("docs/http.md", 8), ("README.md", 1)])
def test_a_page_shows_what_the_service_answers(page: str, least: int, tmp_path: Path) -> None:
    assert_page_matches_service(page, least, STUDENT, tmp_path)


def test_the_bundle_that_a_reader_makes_is_served(tmp_path: Path) -> None:
    page = "docs/your-own-bundle.md"
    project = Project(tmp_path)
    for example in page_examples(page, project):
        if not str(example.parsed).startswith("$ "):
            project.change_file(example)
    assert_page_matches_service(page, 2, tmp_path / "expenses", tmp_path)


def test_every_endpoint_is_on_the_page(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "http.md").read_text()
    with serving(tmp_path, STUDENT) as served:
        for path in served.client.get("/openapi.json").json()["paths"]:
            assert f" {path}`" in page

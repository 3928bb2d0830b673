"""docs/http.md and the README's `curl` lines, run against a real server: each answer is what the page shows."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT, STUDENT
from tests.support.server import serving

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = "http://127.0.0.1:8080"


def examples(page: str) -> list[tuple[str, Any]]:
    """The commands of a page, each with the JSON shown under it."""
    found = []
    for block in BLOCK.findall((ROOT / page).read_text()):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            if part.startswith("curl "):
                command, _, shown = re.split(r"(?<='|n)(\n)(?=\{)", part, maxsplit=1)
                found.append((command, json.loads(shown)))
    return found


def alike(shown: Any, told: Any) -> bool:
    """Whether an answer is what is shown, `"..."` standing for any text but the empty one."""
    if shown == "...":
        return isinstance(told, str) and told != ""
    if isinstance(shown, dict) and isinstance(told, dict):
        # What expires differs with the day, and is no part of what a page shows.
        told = {name: value for name, value in told.items() if name != "expires_at"}
        return list(shown) == list(told) and all(alike(shown[name], told[name]) for name in shown)
    if isinstance(shown, list) and isinstance(told, list):
        return len(shown) == len(told) and all(map(alike, shown, told))
    return bool(shown == told)


@pytest.mark.parametrize(("page", "least"), [("docs/http.md", 8), ("README.md", 2)])
def test_a_page_shows_what_the_service_answers(page: str, least: int, tmp_path: Path) -> None:
    found = examples(page)
    assert len(found) >= least
    with serving(tmp_path, STUDENT) as served:
        for command, shown in found:
            assert SHOWN in command
            done = subprocess.run(
                ["sh", "-c", command.replace(SHOWN, served.url)], capture_output=True, text=True, check=True
            )
            told = json.loads(done.stdout)
            assert alike(shown, told), told


def test_every_endpoint_stands_in_the_page(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "http.md").read_text()
    with serving(tmp_path, STUDENT) as served:
        for path in served.client.get("/openapi.json").json()["paths"]:
            assert f" {path}`" in page

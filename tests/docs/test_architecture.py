"""docs/architecture.md: every file that it names exists, and traced calls pass exactly the files that it lists."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from authz import load_bundle, load_facts
from authz.engine.search import Searched, search
from tests.support.call_trace import files_passed
from tests.support.paths import ROOT, STUDENT

PAGE = (ROOT / "docs" / "architecture.md").read_text()
AT = datetime(2025, 3, 10, 12, tzinfo=UTC)
REQUEST = json.loads((STUDENT / "examples" / "consent-withdrawn-a-second-ago.json").read_text())


def listed(heading: str) -> list[str]:
    """The files and folders in the table under a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [
        name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)
    ]


def evaluation() -> Callable[[], object]:
    policy = load_bundle(STUDENT)
    facts = load_facts(STUDENT / "facts.json", policy)
    return lambda: policy.decide(REQUEST, facts)


def subject_search() -> Callable[[], object]:
    policy = load_bundle(STUDENT)
    facts = load_facts(STUDENT / "facts.json", policy)
    request = policy.bundle.requests.read(REQUEST)
    return lambda: list(search(policy, facts, request, Searched.SUBJECT, AT))


def explanation() -> Callable[[], object]:
    policy = load_bundle(STUDENT)
    facts = load_facts(STUDENT / "facts.json", policy)
    decision = policy.decide(REQUEST, facts)
    return lambda: decision.explain().as_data(policy.bundle)


def compilation() -> Callable[[], object]:
    return lambda: load_bundle(STUDENT)


CALLS = {
    "One decision in process": evaluation,
    "One search": subject_search,
    "One explanation": explanation,
    "One compilation": compilation,
}


@pytest.mark.parametrize("heading", CALLS)
def test_a_call_passes_exactly_the_files_that_the_page_lists(heading: str) -> None:
    names = listed(heading)
    passed = files_passed(CALLS[heading]())

    def covers(name: str, file: str) -> bool:
        return file.startswith(name) if name.endswith("/") else file == name

    assert [file for file in passed if not any(covers(name, file) for name in names)] == []
    assert [name for name in names if not any(covers(name, file) for file in passed)] == []


def test_every_file_that_the_page_names_exists() -> None:
    names = re.findall(r"`((?:authz|api|tests|bench|docs|policies)/[\w./]*)`", PAGE)
    assert len(names) > 40
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_every_room_is_on_the_page() -> None:
    rooms = [path.parent for path in (ROOT / "authz").glob("*/__init__.py")]
    rooms += [path.parent for path in (ROOT / "api" / "authz_api").glob("*/__init__.py")]
    assert [str(room.relative_to(ROOT)) for room in rooms if f"`{room.relative_to(ROOT)}/`" not in PAGE] == []

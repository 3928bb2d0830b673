"""docs/architecture.md: every file that it names exists, and traced calls pass exactly the files that it lists."""

import asyncio
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from authz_api.app import create_app
from authz_api.authn.authenticator import Authenticator
from authz_api.authn.callers import Caller, Callers, Right, new_key
from authz_api.decision_log.recorder import Recorder
from authz_api.operations import ReloadOutcome
from authz_api.rate_limit import RateLimiter
from authz_api.state import State, load_snapshot

from authz import load_bundle, load_facts
from authz.engine.search import Searched, search
from tests.support.call_trace import files_passed
from tests.support.paths import ROOT, STUDENT

PAGE = (ROOT / "docs" / "architecture.md").read_text()
AT = datetime(2025, 3, 10, 12, tzinfo=UTC)
REQUEST = json.loads((STUDENT / "examples" / "consent-withdrawn-a-second-ago.json").read_text())

EVALUATION = {
    "subject": {"type": "supplier", "id": "X", "properties": {"institute": "A"}},
    "action": {"name": "read_schedule"},
    "resource": {"type": "student", "id": "sara", "properties": {"school": "S1"}},
}


def listed(heading: str) -> list[str]:
    """The files and folders in the table under a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [
        name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)
    ]


def http_evaluation(folder: Path) -> Callable[[], object]:
    text, key = new_key()
    caller = Caller(name="portal", rights=frozenset({Right.EVALUATE}), key=key)

    async def reload() -> ReloadOutcome:
        return ReloadOutcome.DONE

    app = create_app(
        State(load_snapshot(STUDENT, STUDENT / "facts.json")),
        public_url="http://127.0.0.1",
        key=b"k" * 32,
        recorder=Recorder(folder / "decisions"),
        authenticator=Authenticator(callers=Callers((caller,))),
        limiter=RateLimiter(),
        reload=reload,
    )

    async def evaluate() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            headers = {"authorization": f"Bearer {text}"}
            response = await client.post("/access/v1/evaluation", json=EVALUATION, headers=headers)
        assert response.json()["decision"] is True

    # One event loop, as in a server: what runs once a loop is not part of a call.
    runner = asyncio.Runner()
    return lambda: runner.run(evaluate())


def evaluation(_: Path) -> Callable[[], object]:
    policy = load_bundle(STUDENT)
    facts = load_facts(STUDENT / "facts.json", policy)
    return lambda: policy.decide(REQUEST, facts)


def subject_search(_: Path) -> Callable[[], object]:
    policy = load_bundle(STUDENT)
    facts = load_facts(STUDENT / "facts.json", policy)
    request = policy.bundle.requests.read(REQUEST)
    return lambda: list(search(policy, facts, request, Searched.SUBJECT, AT))


def explanation(_: Path) -> Callable[[], object]:
    policy = load_bundle(STUDENT)
    facts = load_facts(STUDENT / "facts.json", policy)
    decision = policy.decide(REQUEST, facts)
    return lambda: decision.explain().as_data(policy.bundle)


def compilation(_: Path) -> Callable[[], object]:
    return lambda: load_bundle(STUDENT)


CALLS = {
    "One evaluation over HTTP": http_evaluation,
    "One decision in process": evaluation,
    "One search": subject_search,
    "One explanation": explanation,
    "One compilation": compilation,
}


@pytest.mark.parametrize("heading", CALLS)
def test_a_call_passes_exactly_the_files_that_the_page_lists(heading: str, tmp_path: Path) -> None:
    names = listed(heading)
    passed = files_passed(CALLS[heading](tmp_path))

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

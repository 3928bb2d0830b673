"""Searches over HTTP: an error of deciding is told, and the work before the first candidate stops no other call."""

import asyncio
import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from authz_api.authzen import search as search_module
from authz_api.authzen.evaluation import UNDECIDED

from authz import Facts, Policy, load_bundle, load_facts
from authz.engine.decision import Evaluator
from tests.support.paths import STUDENT
from tests.support.server import EVALUATION, SEARCH
from tests.support.service import Service, start_service
from tests.support.service_cases import SARA

NOON = datetime(2025, 3, 10, 12, tzinfo=UTC)
ERROR = {"status": 500, "message": UNDECIDED}


@pytest.fixture(scope="module")
def student() -> tuple[Policy, Facts]:
    policy = load_bundle(STUDENT)
    return policy, load_facts(STUDENT / "facts.json", policy)


class Breaks:
    """Decides as another evaluator does, and breaks over one supplier, student or action."""

    def __init__(self, evaluator: Evaluator, over: str) -> None:
        self.evaluator, self.over = evaluator, over

    def allow(self, subject: Any, action: str, request: Any) -> bool:
        if self.over in (subject.id, action, request.student.id if request.student else None):
            raise RecursionError("over a person")
        return self.evaluator.allow(subject, action, request)

    def reasons(self, request: Any) -> tuple[str, ...]:
        return self.evaluator.reasons(request)


def service(policy: Policy, facts: Facts, folder: Path) -> Service:
    return start_service(policy, facts, NOON, folder / "decisions.jsonl")


def post(service: Service, path: str, body: dict[str, Any]) -> httpx.Response:
    async def send() -> httpx.Response:
        async with service.http() as client:
            return await client.post(path, json=body)

    return asyncio.run(send())


@pytest.mark.parametrize(("searched", "over"), [("subject", "X"), ("resource", "sara"), ("action", "read_schedule")])
def test_an_error_of_deciding_is_told_and_gives_no_result(
    student: tuple[Policy, Facts], tmp_path: Path, searched: str, over: str
) -> None:
    policy, facts = student
    sound = post(service(policy, facts, tmp_path), SEARCH + searched, SARA).json()
    assert over in json.dumps(sound["results"]) and "error" not in sound["context"]
    broken = policy.with_evaluator(lambda bundle: Breaks(policy.evaluator, over))
    searching = service(broken, facts, tmp_path)
    response = post(searching, SEARCH + searched, SARA)
    again = service(broken, facts, tmp_path)  # a service serves one event loop
    assert response.status_code == 200
    assert response.json()["context"]["error"] == ERROR
    assert post(again, EVALUATION, SARA).json()["context"]["error"] == ERROR, "as a single decision tells it"
    assert response.json()["results"] == [
        each for each in sound["results"] if over not in (each.get("id"), each.get("name"))
    ]
    logged = [json.loads(line) for line in (tmp_path / "decisions.jsonl").read_text().splitlines()][-2]
    assert logged["body"]["adl.core.response"]["context"]["error"] == "RecursionError"
    assert "over a person" not in json.dumps([logged, response.json()])


def test_other_calls_are_answered_while_a_search_gathers_its_candidates(
    student: tuple[Policy, Facts], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered, waited = threading.Event(), list[bool]()
    real = search_module.search

    def slow(*arguments: Any) -> Any:
        waited.append(answered.wait(20))
        return real(*arguments)

    monkeypatch.setattr(search_module, "search", slow)
    searching = service(*student, tmp_path)

    async def both() -> tuple[httpx.Response, httpx.Response]:
        async with searching.http() as client:
            found = asyncio.create_task(client.post(SEARCH + "resource", json=SARA))
            await asyncio.sleep(0.01)
            decided = await client.post(EVALUATION, json=SARA)
            answered.set()
            return await found, decided

    found, decided = asyncio.run(both())
    assert waited == [True], "the search waits in a thread of its own"
    assert found.json()["results"] and decided.json()["decision"] is True

"""Deadlines: a call that is late is cancelled, and one that has ended is left alone."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from authz_api import deadline
from authz_api.authzen import evaluation
from authz_api.deadline import Deadlines, Task

from authz import Policy, load_facts
from tests.support.paths import STUDENT
from tests.support.server import EVALUATION
from tests.support.service import start_service
from tests.support.service_cases import SARA


def start(deadlines: Deadlines) -> Task:
    """The current task, with a deadline."""
    task = asyncio.current_task()
    assert task is not None
    deadlines.due[task] = time.monotonic() + deadlines.seconds
    if deadlines.watching is not asyncio.get_running_loop():
        deadlines.watch()
    return task


@pytest.fixture(autouse=True)
def frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "SWEEP_SECONDS", 0.01)


def test_a_late_task_is_cancelled_and_knows_why() -> None:
    async def late() -> tuple[bool, bool]:
        deadlines = Deadlines(seconds=0.02)
        task = start(deadlines)
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            task.uncancel()
            return task in deadlines.expired, not deadlines.due
        return False, False

    assert asyncio.run(late()) == (True, True)


def test_a_stopped_deadline_cancels_nothing() -> None:
    async def in_time() -> bool:
        deadlines = Deadlines(seconds=0.02)
        task = start(deadlines)
        del deadlines.due[task]
        await asyncio.sleep(0.1)
        return task in deadlines.expired

    assert asyncio.run(in_time()) is False


def test_each_task_has_its_own_deadline() -> None:
    async def both() -> list[object]:
        deadlines = Deadlines(seconds=0.05)

        async def call(seconds: float) -> str:
            task = start(deadlines)
            try:
                await asyncio.sleep(seconds)
            finally:
                deadlines.due.pop(task, None)
            return "answered"

        calls = [asyncio.create_task(call(seconds)) for seconds in (0, 30, 0.001)]
        return [
            type(each) if isinstance(each, BaseException) else each
            for each in await asyncio.gather(*calls, return_exceptions=True)
        ]

    assert asyncio.run(both()) == ["answered", asyncio.CancelledError, "answered"]


def test_an_explanation_that_is_late_is_503_and_no_decision(
    policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deadline of no time at all has passed when the work first looks at its clock."""
    monkeypatch.setattr(evaluation, "SECONDS", 0.0)
    facts = load_facts(STUDENT / "facts.json", policy)
    service = start_service(policy, facts, datetime(2025, 3, 10, 12, tzinfo=UTC), tmp_path / "log")
    body = {**SARA, "options": {"explain": True}}

    async def post() -> tuple[int, dict[str, object], int]:
        async with service.http() as http:
            late = await http.post(EVALUATION, json=body)
            plain = await http.post(EVALUATION, json=SARA)
        return late.status_code, late.json(), plain.status_code

    status, answer, others = asyncio.run(post())
    assert (status, others) == (503, 200)
    assert "decision" not in answer


def test_deadlines_hold_in_a_second_event_loop() -> None:
    deadlines = Deadlines(seconds=0.02)

    async def late() -> None:
        start(deadlines)
        await asyncio.sleep(30)

    async def in_time() -> None:
        deadlines.due.pop(start(deadlines))

    asyncio.run(in_time())
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(late())

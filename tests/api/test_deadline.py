"""Deadlines: a call that is late is cancelled, and one that has ended is left alone."""

import asyncio
import time

import pytest
from authz_api import deadline
from authz_api.deadline import Deadlines, Task


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

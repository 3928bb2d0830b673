"""Refusals leave on the clock's tick, and the clock's ticks wake those who wait, no sooner."""

import asyncio
from pathlib import Path

import pytest
from authz_api import response_delay as holding
from authz_api.response_delay import ResponseDelay, tick

from tests.support.paths import STUDENT
from tests.support.server import EVALUATION, SEARCH, serving
from tests.support.service_cases import SARA

NOBODY = {**SARA, "resource": {"type": "student", "id": "nobody", "properties": {"school": "S1"}}}


def test_a_delayed_response_leaves_at_its_tick_and_no_sooner() -> None:
    async def waits() -> list[tuple[int, int]]:
        ticks, since = ResponseDelay(), tick()

        async def wait(due: int) -> tuple[int, int]:
            await ticks.until(due)
            return due, tick()

        return await asyncio.gather(*(wait(since + after) for after in (9, 3, 3, 0, -5, 1, 27, 14)))

    for due, woken in asyncio.run(waits()):
        assert woken >= due


def test_a_tick_that_has_passed_is_not_waited_for() -> None:
    waiting = ResponseDelay().until(tick())
    with pytest.raises(StopIteration):
        waiting.send(None)


def test_a_second_event_loop_is_woken_too() -> None:
    ticks = ResponseDelay()

    async def wait() -> int:
        due = tick() + 3
        await asyncio.wait_for(ticks.until(due), 30)
        return tick() - due

    assert asyncio.run(wait()) >= 0
    assert asyncio.run(wait()) >= 0


def test_a_cancelled_wait_leaves_the_others_their_tick() -> None:
    async def waits() -> None:
        ticks, due = ResponseDelay(), tick() + 20
        gone, stays = asyncio.ensure_future(ticks.until(due)), asyncio.ensure_future(ticks.until(due))
        later = asyncio.ensure_future(ticks.until(due + 5))
        await asyncio.sleep(0)
        gone.cancel()
        await stays
        assert tick() >= due
        await later
        assert tick() >= due + 5
        assert gone.cancelled()
        await ticks.until(tick() + 2)

    asyncio.run(asyncio.wait_for(waits(), 30))


def test_without_a_kernels_timer_they_sleep_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding.sys, "platform", "other")

    async def waits() -> None:
        due = tick() + 5
        await ResponseDelay().until(due)
        # A loop's own clock may be one tick coarser.
        assert tick() >= due - 1

    asyncio.run(waits())


def test_a_refusal_is_no_sooner_than_its_tick(tmp_path: Path) -> None:
    with serving(tmp_path, STUDENT) as served:

        def quickest(path: str, body: dict[str, object]) -> float:
            return min(served.post(path, body).elapsed.total_seconds() for _ in range(20))

        assert quickest(EVALUATION, NOBODY) >= (holding.EVALUATION - 1) / 1000
        assert quickest(SEARCH + "action", NOBODY) >= (holding.SEARCH - 1) / 1000

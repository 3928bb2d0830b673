"""Refusals leave at a fixed delay after their arrival, so that their duration reveals nothing about the facts.

A refusal about a known student takes some microseconds more work than one about an unknown student. Both are decided
and logged at once, and sent at an instant that depends only on arrival, kind and size of the call.

The timers of an event loop count milliseconds from the end of the work and so reveal its duration. A kernel timer
(`timerfd_create(2)`) wakes at an absolute instant.
"""

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress

EVALUATION = 2
"""The delay of a refused evaluation, in milliseconds."""
ITEMS_PER_MILLISECOND = 10
"""A batch is delayed one more millisecond for each so many items."""
SEARCH = 10
"""The delay of a search without results, in milliseconds."""

NANOSECONDS = 1_000_000
ABSOLUTE = 1
LIBC = ctypes.CDLL(None, use_errno=True)


class TimerSetting(ctypes.Structure):
    """`struct itimerspec`: a one-shot timer at an absolute time."""

    _fields_ = tuple((name, ctypes.c_long) for name in ("interval_s", "interval_ns", "at_s", "at_ns"))


def tick(nanoseconds: int | None = None) -> int:
    """The millisecond of an instant of the monotonic clock, by default of the current one."""
    return (time.monotonic_ns() if nanoseconds is None else nanoseconds) // NANOSECONDS


class ResponseDelay:
    """Runs callbacks at whole milliseconds. On systems without `timerfd` it uses the event loop's timers."""

    def __init__(self) -> None:
        self._waiting: dict[int, list[Callable[[], None]]] = {}
        self._timer: int | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def until(self, due: int) -> None:
        """Wait for a tick; return at once if it has passed."""
        event = asyncio.Event()
        self.at(due, event.set)
        await event.wait()

    def at(self, due: int, callback: Callable[[], None]) -> None:
        """Run a callback at a tick; at once if it has passed."""
        if (left := due - tick()) <= 0:
            callback()
        elif sys.platform != "linux":
            asyncio.get_running_loop().call_later(left / 1000, callback)
        else:
            self._use(asyncio.get_running_loop())
            self._waiting.setdefault(due, []).append(callback)
            if due == min(self._waiting) and len(self._waiting[due]) == 1:
                self._arm(due)

    def _use(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have the timer wake this event loop; callbacks of another, which has ended, are dropped."""
        if loop is self._loop:
            return
        self._waiting.clear()
        if self._timer is None:
            self._timer = LIBC.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
            _check(self._timer)
        loop.add_reader(self._timer, self._expired)
        self._loop = loop

    def _arm(self, due: int) -> None:
        assert self._timer is not None  # `_use` makes it
        seconds, milliseconds = divmod(due, 1000)
        setting = TimerSetting(0, 0, seconds, milliseconds * NANOSECONDS)
        _check(LIBC.timerfd_settime(self._timer, ABSOLUTE, ctypes.byref(setting), None))

    def _expired(self) -> None:
        assert self._timer is not None  # only an armed timer expires
        with suppress(BlockingIOError):
            os.read(self._timer, 8)
        now = tick()
        for due in [due for due in self._waiting if due <= now]:
            for callback in self._waiting.pop(due):
                callback()
        if self._waiting:
            self._arm(min(self._waiting))


def _check(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

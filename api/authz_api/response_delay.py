"""Refusals leave on the clock's tick, so that how long one took says nothing of the facts behind it.

A refusal about a student who is known takes some microseconds more work than one about a student who is not. It is
decided and recorded at once, and sent at an instant that only its arrival and the kind and size of the call tell.

An event loop's own timers will not do: they wait a number of milliseconds from when the work was done, and so pass on
to the microsecond how long it took. The kernel's timer (`timerfd_create(2)`) wakes at an instant.
"""

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress

EVALUATION = 2
ITEMS_PER_MILLISECOND = 10
SEARCH = 10

NANOSECONDS = 1_000_000
ABSOLUTE = 1
LIBC = ctypes.CDLL(None, use_errno=True)


class Setting(ctypes.Structure):
    """`struct itimerspec`: the interval, which is none, and the instant."""

    _fields_ = tuple((name, ctypes.c_long) for name in ("every_s", "every_ns", "at_s", "at_ns"))


def tick() -> int:
    """The millisecond that it is, by a clock that only goes forward."""
    return time.monotonic_ns() // NANOSECONDS


class Ticks:
    """Calls, at whole milliseconds, what waits for them; without a kernel's timer it only waits that long."""

    def __init__(self) -> None:
        self._waiting: dict[int, list[Callable[[], None]]] = {}
        self._timer: int | None = None

    async def until(self, due: int) -> None:
        """Wait for a tick; not at all if it has passed."""
        event = asyncio.Event()
        self.at(due, event.set)
        await event.wait()

    def at(self, due: int, call: Callable[[], None]) -> None:
        """Call something at a tick; now if it has passed."""
        if (left := due - tick()) <= 0:
            call()
        elif sys.platform != "linux":
            asyncio.get_running_loop().call_later(left / 1000, call)
        elif due in self._waiting:
            self._waiting[due].append(call)
        else:
            self._waiting[due] = [call]
            if due == min(self._waiting):
                self._set(due)

    def _set(self, due: int) -> None:
        if self._timer is None:
            self._timer = LIBC.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
            _checked(self._timer)
            asyncio.get_running_loop().add_reader(self._timer, self._ticked)
        seconds, milliseconds = divmod(due, 1000)
        setting = Setting(0, 0, seconds, milliseconds * NANOSECONDS)
        _checked(LIBC.timerfd_settime(self._timer, ABSOLUTE, ctypes.byref(setting), None))

    def _ticked(self) -> None:
        assert self._timer is not None  # it is what ticked
        with suppress(BlockingIOError):
            os.read(self._timer, 8)
        now = tick()
        for due in [due for due in self._waiting if due <= now]:
            for call in self._waiting.pop(due):
                call()
        if self._waiting:
            self._set(min(self._waiting))


def _checked(answer: int) -> None:
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

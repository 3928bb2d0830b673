"""Deadlines: a call that takes too long is cancelled.

`asyncio.timeout` arms and cancels a timer for each call, which costs more than a decision. Here one timer serves all
calls of a process and looks at them a few times a second, so a deadline may be late by `SWEEP_SECONDS`.
"""

import asyncio
from dataclasses import dataclass, field

SECONDS = 10.0
"""The time that a call may take, its body included."""
SWEEP_SECONDS = 0.25


class Timer:
    """The deadline of one task; `expired` once it was cancelled for it."""

    __slots__ = ("at", "expired", "task")

    def __init__(self, task: "asyncio.Task[object]", at: float) -> None:
        self.task, self.at, self.expired = task, at, False


@dataclass(slots=True)
class Deadlines:
    """The deadlines of the calls in progress; use `start` and `stop` around the work of one task."""

    seconds: float = SECONDS
    timers: set[Timer] = field(init=False, default_factory=set, repr=False)
    armed: bool = field(init=False, default=False)

    def start(self) -> Timer:
        """Start the deadline of the current task."""
        task = asyncio.current_task()
        assert task is not None  # only tasks serve calls
        loop = asyncio.get_running_loop()
        timer = Timer(task, loop.time() + self.seconds)
        self.timers.add(timer)
        if not self.armed:
            self._arm(loop)
        return timer

    def stop(self, timer: Timer) -> None:
        """End a deadline; it cancels nothing any more."""
        self.timers.discard(timer)

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        self.armed = True
        loop.call_later(SWEEP_SECONDS, self._sweep, loop)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        self.armed = False
        now = loop.time()
        for timer in [timer for timer in self.timers if timer.at <= now]:
            timer.expired = True
            self.timers.discard(timer)
            timer.task.cancel()
        if self.timers:
            self._arm(loop)

"""Deadlines: a call that takes too long is cancelled.

`asyncio.timeout` arms and cancels a timer for each call, which costs more than a decision. Here one timer serves all
calls of a process and looks at them a few times a second, so a deadline may be late by `SWEEP_SECONDS`.
"""

import asyncio
import time
from dataclasses import dataclass, field

SECONDS = 10.0
"""The time that a call may take, its body included."""
SWEEP_SECONDS = 0.25

Task = asyncio.Task[object]


@dataclass(slots=True)
class Deadlines:
    """The deadlines of the calls in progress.

    A call enters its task in `due` with an instant of the monotonic clock, and takes it out at its end; it calls
    `watch` if `watching` is not its event loop. A task that was late is cancelled and is in `expired`.
    """

    seconds: float = SECONDS
    due: dict[Task, float] = field(init=False, default_factory=dict, repr=False)
    expired: set[Task] = field(init=False, default_factory=set, repr=False)
    watching: asyncio.AbstractEventLoop | None = field(init=False, default=None, repr=False)

    def watch(self) -> None:
        """Cancel late calls of the current event loop, for as long as calls are in progress."""
        self.watching = asyncio.get_running_loop()
        self.watching.call_later(SWEEP_SECONDS, self._sweep, self.watching)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is not self.watching:
            return
        now = time.monotonic()
        for task in [task for task, due in self.due.items() if due <= now]:
            del self.due[task]
            self.expired.add(task)
            task.cancel()
        self.watching = None
        if self.due:
            self.watch()

"""Deadlines inside the work: long loops look at the clock themselves, because nobody can interrupt a Python thread."""

import time
from collections.abc import Callable

STEPS_BETWEEN_LOOKS = 256
"""The number of steps after which the clock is read again; a step takes some microseconds."""


class DeadlineError(Exception):
    """The deadline of some work has passed, and the work was given up."""


class Deadline:
    """An instant of a monotonic clock. The work that it bounds calls `step` in its innermost loops.

    One deadline serves one piece of work in one thread.
    """

    __slots__ = ("_at", "_clock", "_steps")

    def __init__(self, at: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._at, self._clock, self._steps = at, clock, 0

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """The deadline some seconds from now."""
        return cls(time.monotonic() + seconds)

    def step(self) -> None:
        """Count one step; the clock is read at the first step and then once in `STEPS_BETWEEN_LOOKS`.

        Raises:
            DeadlineError: the deadline has passed.
        """
        if self._steps % STEPS_BETWEEN_LOOKS == 0:
            self.check()
        self._steps += 1

    def check(self) -> None:
        """Read the clock now.

        Raises:
            DeadlineError: the deadline has passed.
        """
        if self._clock() >= self._at:
            raise DeadlineError("the deadline has passed")

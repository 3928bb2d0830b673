"""A worker's side of a reload (`reload.py`): load and report, then commit or abort as the supervisor says."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from authz_api.logs import log
from authz_api.operations import ReloadOutcome
from authz_api.reload import COMMIT, PREPARE
from authz_api.state import Snapshot, State, freeze

OUTCOME_SECONDS = 30.0
"""How long `POST /reload` waits for the outcome."""


@dataclass(slots=True)
class Participant:
    """Takes part in reloads.

    `prepare` loads a snapshot, and opens what else a reload opens, or raises. `reopen` opens the decision log again, at
    the end of a reload that was not prepared here: a refused one must not leave the log on a rotated file.
    """

    state: State
    prepare: Callable[[], Awaitable[Snapshot]]
    reopen: Callable[[], None]
    prepared: Snapshot | None = field(init=False, default=None)
    preparing: bool = field(init=False, default=False)
    waiting: list["asyncio.Future[ReloadOutcome]"] = field(init=False, default_factory=list)
    next_waiting: list["asyncio.Future[ReloadOutcome]"] = field(init=False, default_factory=list)

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Follow the supervisor until it ends; then this worker ends too, for nobody would stop or reload it."""
        with contextlib.closing(writer), contextlib.suppress(OSError):
            while line := await reader.readline():
                if (answer := await self.follow(json.loads(line))) is not None:
                    writer.write(json.dumps(answer).encode() + b"\n")
                    await writer.drain()
        os.kill(os.getpid(), signal.SIGTERM)

    async def follow(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Follow one message of the supervisor; the answer to it, if it wants one."""
        if message["phase"] == PREPARE:
            self.preparing = True
            return {"round": message["round"], **await self._prepare()}
        prepared, self.prepared, self.preparing = self.prepared, None, False
        if message["phase"] == COMMIT and prepared is not None:
            self.state.snapshot = prepared
            freeze()
            self._resolve(ReloadOutcome.DONE)
        else:
            self._reopen()
            self._resolve(ReloadOutcome.REFUSED)
        return None

    async def _prepare(self) -> dict[str, str]:
        try:
            self.prepared = await self.prepare()
        except Exception as error:  # noqa: BLE001 - whatever breaks refuses the reload
            self.prepared = None
            log().error("a worker refused a reload", exc_info=True)
            return {"refused": type(error).__name__}
        policy, facts = self.prepared.versions
        return {"policy": policy, "facts": facts}

    def _reopen(self) -> None:
        try:
            self.reopen()
        except Exception:  # noqa: BLE001 - the worker goes on following the supervisor, and writes no entry
            log().error("the decision log cannot be opened: decisions are answered 503", exc_info=True)

    async def request(self) -> ReloadOutcome:
        """Ask the supervisor for a reload, and wait for its outcome: that of one that begins after this request."""
        outcome: asyncio.Future[ReloadOutcome] = asyncio.get_running_loop().create_future()
        (self.next_waiting if self.preparing else self.waiting).append(outcome)
        os.kill(os.getppid(), signal.SIGHUP)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OUTCOME_SECONDS):
                return await outcome
        return ReloadOutcome.PENDING

    def _resolve(self, outcome: ReloadOutcome) -> None:
        for future in self.waiting:
            if not future.done():
                future.set_result(outcome)
        self.waiting, self.next_waiting = self.next_waiting, []

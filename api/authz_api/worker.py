"""The application of one worker process."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from authz.language.diagnostics import DiagnosticError
from authz_api.app import create_app
from authz_api.authn.authenticator import Authenticator
from authz_api.authn.callers import Callers, load_callers
from authz_api.authzen.pipeline import Application
from authz_api.decision_log.recorder import Recorder
from authz_api.logs import log, redacted_diagnostics
from authz_api.participant import Participant
from authz_api.rate_limit import RateLimiter
from authz_api.settings import Settings
from authz_api.state import Snapshot, State, load_snapshot


def worker_application(settings: Settings, state: State, authenticator: Authenticator, control: Path) -> Application:
    """The application of a worker that was just forked from the supervisor.

    `state` and `authenticator` are the supervisor's, so this worker decides as the others do.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # reloads come from the supervisor
    _read_callers(authenticator)
    recorder = Recorder(settings.decision_log)

    async def prepare() -> Snapshot:
        recorder.reopen()
        await authenticator.reload()
        return await asyncio.to_thread(load_snapshot, settings.policy, settings.facts)

    participant = Participant(state, prepare, recorder.reopen)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:
        # Connected before it serves: a worker that answers takes part in reloads.
        reader, writer = await asyncio.open_unix_connection(str(control))
        tasks = [asyncio.create_task(authenticator.watch()), asyncio.create_task(participant.run(reader, writer))]
        yield
        for task in tasks:
            task.cancel()

    return create_app(
        state,
        public_url=settings.public_url,
        key=settings.key,
        recorder=recorder,
        authenticator=authenticator,
        limiter=RateLimiter(settings.max_calls, settings.rate / settings.workers),
        reload=participant.request,
        lifespan=lifespan,
    )


def _read_callers(authenticator: Authenticator) -> None:
    """Read the callers again: the supervisor read them at its start, and some may have been revoked since.

    If the file cannot be read, nobody is known until it can be.
    """
    if authenticator.path is None:
        return
    authenticator.versions = {}
    try:
        authenticator.callers = load_callers(authenticator.path)
    except DiagnosticError as error:
        log().error("callers refused: nobody is known until the file can be read", **redacted_diagnostics(error))
        authenticator.callers = Callers(())

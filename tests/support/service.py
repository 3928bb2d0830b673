"""The HTTP service in this process, on a clock and facts that a test sets; no socket, no server."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
from authz_api.app import create_app
from authz_api.authn.authenticator import Authenticator
from authz_api.authn.callers import Caller, Callers, Right, new_key
from authz_api.decision_log.recorder import Recorder
from authz_api.operations import ReloadOutcome
from authz_api.rate_limit import RateLimiter
from authz_api.state import State, snapshot_of

from authz import Facts, Policy
from authz.client import AsyncClient, Server

URL = "http://127.0.0.1"


@dataclass(slots=True)
class Service:
    """The application, the key of a caller with every right, and the instant that its clock shows."""

    state: State
    transport: httpx.ASGITransport
    key: str
    now: datetime

    def hold(self, policy: Policy, facts: Facts, now: datetime) -> None:
        """Decide by these facts from here on, at this instant."""
        self.state.snapshot = snapshot_of(policy, facts)
        self.now = now

    def http(self) -> httpx.AsyncClient:
        """An HTTP client of the service, with the caller's key."""
        headers = {"authorization": f"Bearer {self.key}"}
        return httpx.AsyncClient(transport=self.transport, base_url=URL, headers=headers)

    def client(self) -> AsyncClient:
        """An AuthZEN client of the service, with the caller's key."""
        client = AsyncClient(Server(URL, token=self.key, deadline=60, timeout=60))
        client._transport = self.transport  # in place of the network's
        return client


def start_service(policy: Policy, facts: Facts, now: datetime, log: Path) -> Service:
    """The service over a policy and facts; `log` is where its decision log is written."""
    text, key = new_key()
    caller = Caller(name="tests", rights=frozenset(Right), key=key)
    state = State(snapshot_of(policy, facts))

    async def reload() -> ReloadOutcome:
        return ReloadOutcome.DONE

    def clock() -> datetime:
        return service.now

    app = create_app(
        state,
        public_url=URL,
        key=b"k" * 32,
        recorder=Recorder(log),
        authenticator=Authenticator(callers=Callers((caller,))),
        limiter=RateLimiter(),
        reload=reload,
        clock=clock,
    )
    service = Service(state, httpx.ASGITransport(app), text, now)
    return service

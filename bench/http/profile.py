"""`python -m bench.http.profile [--calls N]`: where the processor time of a call goes, without the network.

Calls the ASGI application in this process with the bodies of `bench.http`, with API keys, decision log and metrics on:
permits, refusals that fail last, and batches of 50. First the time of a call, then the share of each room by cProfile,
which makes small functions look larger; last the files that one evaluation passes.
"""

import argparse
import asyncio
import cProfile
import json
import pstats
import sys
import time
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

from authz_api.app import create_app
from authz_api.authn.authenticator import Authenticator
from authz_api.authn.callers import Caller, Callers, Right, new_key
from authz_api.authzen.pipeline import Application
from authz_api.decision_log.recorder import Recorder
from authz_api.operations import EVALUATION, EVALUATIONS, ReloadOutcome
from authz_api.rate_limit import RateLimiter
from authz_api.state import State, freeze, load_snapshot

from bench.http.population import evaluation, population

BATCH = 50
PACKAGES = ("authz/", "authz_api/", "<")
ROOMS = {
    "authz_api/decision_log": "decision log",
    "authz_api/authn": "authentication",
    "authz_api/metrics": "metrics",
    "prometheus_client": "metrics",
    "authz_api/http_messages": "HTTP messages",
    "authz_api/": "pipeline",
    "authz/documents": "JSON",
    "orjson": "JSON",
    "authz/bundle": "request reader",
    "pydantic": "request reader",
    "authz/facts": "gathering",
    "<gather": "gathering",
    "authz/": "deciding",
    "<": "deciding",
}


class Client:
    """Calls the application as a server would, one call after another."""

    def __init__(self, app: Application, key: str) -> None:
        self.app = app
        self.headers = [
            (b"host", b"localhost"),
            (b"content-type", b"application/json"),
            (b"authorization", f"Bearer {key}".encode()),
        ]
        self.body = b""
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        """The body, whole."""
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def send(self, message: Any) -> None:
        """Keep what is sent."""
        self.sent.append(message)

    async def call(self, path: str, body: bytes) -> bytes:
        """The response to one call."""
        self.body = body
        self.sent.clear()
        scope = {"type": "http", "method": "POST", "path": path, "headers": self.headers}
        await self.app(scope, self.receive, self.send)
        assert self.sent[0]["status"] == 200, self.sent
        data: bytes = self.sent[1]["body"]
        return data

    async def call_all(self, path: str, bodies: list[bytes]) -> None:
        """Every body once."""
        for body in bodies:
            await self.call(path, body)


def application(facts: Path, log: Path, caller: Caller) -> Application:
    """The application as a worker of `authz serve` makes it; refusals leave at once, so that they can be timed."""

    async def reload() -> ReloadOutcome:
        return ReloadOutcome.REFUSED

    app = create_app(
        State(load_snapshot(Path("policies/student_data"), facts)),
        public_url="http://127.0.0.1",
        key=b"k" * 32,
        recorder=Recorder(log),
        authenticator=Authenticator(callers=Callers((caller,))),
        limiter=RateLimiter(),
        reload=reload,
    )
    freeze()
    app.pipeline.delays.at = lambda _due, callback: callback()  # type: ignore[method-assign]
    return app


async def fails_last(client: Client, bodies: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """The bodies that are permitted; and those refused for the consent alone, which the rules test last."""
    permits, refusals = [], []
    for body in bodies:
        response = json.loads(await client.call(EVALUATION, body))
        if response["decision"]:
            permits.append(body)
        elif all("CONSENT" in code for code in response["context"]["reason_admin"]["codes"]):
            refusals.append(body)
    return permits, refusals


def microseconds(client: Client, path: str, bodies: list[bytes], items: int) -> float:
    """Processor time of one evaluation: the least of some rounds."""
    rounds = []
    for _ in range(5):
        started = time.process_time()
        asyncio.run(client.call_all(path, bodies))
        rounds.append((time.process_time() - started) * 1e6 / len(bodies) / items)
    return min(rounds)


def shares(client: Client, path: str, bodies: list[bytes]) -> dict[str, float]:
    """The share of each room in the time of a call."""
    profile = cProfile.Profile()
    profile.runcall(asyncio.run, client.call_all(path, bodies))
    found: dict[str, float] = defaultdict(float)
    for (file, _, function), (_, _, own, *_) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        where = f"{file}:{function}".replace(str(Path.cwd()), "")
        found[next((room for part, room in ROOMS.items() if part in where), "Python's own")] += own
    return {room: own / sum(found.values()) for room, own in found.items()}


def files(client: Client, body: bytes) -> list[str]:
    """The files of the two packages in which one evaluation runs a function, in the order of entering them."""
    found: dict[str, None] = {}

    def trace(frame: FrameType, event: str, _arg: object) -> None:
        name = frame.f_code.co_filename.replace(f"{Path.cwd()}/", "").removeprefix("api/")
        if event == "call" and name.startswith(PACKAGES):
            found.setdefault(name)

    async def traced() -> None:
        sys.setprofile(trace)
        try:
            await client.call(EVALUATION, body)
        finally:
            sys.setprofile(None)

    asyncio.run(traced())
    return list(found)


def main() -> None:
    """Time, profile and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.http.profile", description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=10_000, help="how many evaluations (default 10,000)")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="bench-") as folder:
        town = population()
        facts = Path(folder, "facts.json")
        facts.write_text(json.dumps(town.facts))
        text, key = new_key()
        caller = Caller(name="bench", rights=frozenset({Right.EVALUATE, Right.EXPLAIN}), key=key)
        client = Client(application(facts, Path(folder, "log"), caller), text)
        requests = [evaluation(each) for each in town.requests][: options.calls]
        bodies = [json.dumps(each).encode() for each in requests]
        batches = [
            json.dumps({"evaluations": requests[first : first + BATCH]}).encode()
            for first in range(0, len(requests), BATCH)
        ]
        permits, refusals = asyncio.run(fails_last(client, bodies))
        for name, path, asked, items in (
            (f"one permit ({len(permits)})", EVALUATION, permits, 1),
            (f"one refusal that fails last ({len(refusals)})", EVALUATION, refusals, 1),
            (f"one evaluation in a batch of {BATCH}", EVALUATIONS, batches, BATCH),
        ):
            print(f"{name}: {microseconds(client, path, asked, items):.1f} µs of processor time")
            for room, share in sorted(shares(client, path, asked).items(), key=lambda item: -item[1]):
                print(f"  {share:5.0%}  {room}")
        passed = files(client, permits[0])
        print(f"one evaluation passes {len(passed)} files:", *passed, sep="\n  ")


if __name__ == "__main__":
    main()

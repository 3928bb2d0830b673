"""`python -m bench.http.profile [--calls N]`: where the time of a call goes, without the network.

Calls `Answering.whole` in this process with the bodies of `bench.http`, identity and record on: first the time of a
call by the clock, then the share of each room of the house by cProfile, which makes small functions look larger.
"""

import argparse
import cProfile
import json
import pstats
import time
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

from authz_api.app import EVALUATION, EVALUATIONS, Reloaded, Service, create_app
from authz_api.authn.authenticator import Identity
from authz_api.authn.callers import Caller, Callers, Right, new_key
from authz_api.decision_log.recorder import Recorder
from authz_api.http_messages import Call
from authz_api.rate_limit import Admission
from authz_api.state import Node, load

from bench.http.population import evaluation, population

BATCH = 50
ROOMS = {
    "authz_api/": "the service's own",
    "prometheus_client": "counters",
    "authz/documents": "JSON",
    "orjson": "JSON",
    "<reading": "reading the request",
    "authz/bundles": "reading the request",
    "<gathering": "gathering its rows",
    "authz/facts": "gathering its rows",
    "<compiled policy": "the rules, for the decision, its reasons and its end",
    "<instants": "when a permit ends",
    "authz/deciding": "the decision as a value",
    "authz/policy": "the decision as a value",
}


def main() -> None:
    """Time, profile and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.http.profile")
    parser.add_argument("--calls", type=int, default=10_000, help="how many evaluations (default 10,000)")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="bench-") as folder:
        town = population()
        facts = Path(folder, "facts.json")
        facts.write_text(json.dumps(town.facts))
        text, key = new_key()
        caller = Caller(name="bench", rights=frozenset({Right.EVALUATE}), key=key)
        service = served(facts, Path(folder, "record"), caller)
        bodies = [evaluation(each) for each in town.requests][: options.calls]
        batches = [{"evaluations": bodies[first : first + BATCH]} for first in range(0, len(bodies), BATCH)]
        for name, path, asked, count in (
            ("one evaluation", EVALUATION, bodies, 1),
            (f"batch of {BATCH}, one evaluation of it", EVALUATIONS, batches, BATCH),
        ):
            report(name, service, path, [json.dumps(body).encode() for body in asked], text, count)


def served(facts: Path, record: Path, caller: Caller) -> Service:
    """The application as `authz serve` makes it."""

    async def reload() -> Reloaded:
        return Reloaded.REFUSED

    return create_app(
        Node(load(Path("policies/student_data"), facts)),
        public_url="http://127.0.0.1",
        key=b"k" * 32,
        recorder=Recorder(record),
        identity=Identity(callers=Callers((caller,))),
        admission=Admission(),
        reload=reload,
    )


def ask(service: Service, path: str, bodies: list[bytes], key: str) -> None:
    """Answer each body once."""
    endpoint, answering = service.at_once[path.encode()], service.answering
    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {key}".encode())]
    for body in bodies:
        outcome = answering.whole(endpoint, Call(headers), body)
        assert outcome is not None and outcome.status == 200 and outcome.account is not None
        answering.admission.leave(outcome.account)


def report(name: str, service: Service, path: str, bodies: list[bytes], key: str, count: int) -> None:
    """Print the time of an evaluation, and the share of each room."""
    ask(service, path, bodies, key)
    started = time.process_time()
    ask(service, path, bodies, key)
    microseconds = (time.process_time() - started) * 1e6 / len(bodies) / count
    profile = cProfile.Profile()
    profile.runcall(ask, service, path, bodies, key)
    shares: dict[str, float] = defaultdict(float)
    for (file, _, function), (_, _, own, *_) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        where = f"{file}{function}".replace(str(Path.cwd()), "")
        shares[next((room for part, room in ROOMS.items() if part in where), "Python's own")] += own
    print(f"{name}: {microseconds:.0f} µs of processor time")
    for room, own in sorted(shares.items(), key=lambda one: -one[1]):
        print(f"  {own / sum(shares.values()):5.0%}  {room}")


if __name__ == "__main__":
    main()

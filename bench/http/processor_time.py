"""`python -m bench.http.processor_time`: processor time a call of `authz serve`, beside a bare ASGI callable's.

API keys, decision log and metrics are on. The bare callable runs under uvicorn and decides nothing. Each has its turn
in every round; the ratio of each round is taken, and the median is printed: permits, refusals that fail last, batches.
The service's application under uvicorn stands beside it, to show what the server costs.
"""

import argparse
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from authz_api.authn.callers import Caller, Right, new_key, save_callers

from bench.http.population import evaluation, population
from bench.http.processes import free_port, processor_seconds

BATCH, CONNECTIONS = 50, 16
EVALUATION, EVALUATIONS = "/access/v1/evaluation", "/access/v1/evaluations"


@dataclass(slots=True)
class Load:
    """Calls to one server: `times` are the processor microseconds of an item, by round."""

    name: str
    process: "subprocess.Popen[bytes]"
    port: int
    calls: list[bytes]
    items: int = 1
    times: list[float] = field(default_factory=list)

    def run(self) -> None:
        """Send every call once, over some connections at a time."""
        before = processor_seconds(self.process.pid)
        opened = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(CONNECTIONS)]
        for first in range(0, len(self.calls) - CONNECTIONS + 1, CONNECTIONS):
            for connection, call in zip(opened, self.calls[first : first + CONNECTIONS], strict=True):
                connection.sendall(call)
            for connection in opened:
                read_response(connection)
        for connection in opened:
            connection.close()
        sent = len(self.calls) // CONNECTIONS * CONNECTIONS
        self.times.append((processor_seconds(self.process.pid) - before) * 1e6 / sent / self.items)


def read_response(connection: socket.socket) -> bytes:
    """The body of one response, which must have status 200."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(1 << 18)
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(1 << 18)
    return body


def call(path: str, body: object, key: str) -> bytes:
    """The bytes of one call."""
    data = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer {key}\r\n"
    )
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


@contextmanager
def running(*command: str) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """A server that answers on a port of its own."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", *command, "--port", str(port)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.1)
        yield process, port
    finally:
        process.terminate()
        process.wait(40)


def loads(folder: Path, calls: int, running_servers: ExitStack) -> Sequence[Load]:
    """The bare callable first, then the service's permits, refusals and batches."""
    town = population()
    (folder / "facts.json").write_text(json.dumps(town.facts))
    key, kept = new_key()
    rights = frozenset({Right.EVALUATE, Right.EXPLAIN})
    save_callers(folder / "callers.json", [Caller(name="bench", rights=rights, key=kept)])
    options = ["--policy", "policies/student_data", "--facts", str(folder / "facts.json")]
    options += ["--callers", str(folder / "callers.json"), "--decision-log", str(folder / "decisions.jsonl")]
    served = running_servers.enter_context(running("authz", "serve", *options))
    under_uvicorn = running_servers.enter_context(running("bench.http.under_uvicorn", str(folder)))
    bare, bare_port = running_servers.enter_context(running("bench.http.bare"))
    requests = [evaluation(each) for each in town.requests]
    permits, refusals = split(served[1], [call(EVALUATION, each, key) for each in requests[:4_000]])
    parts = [requests[first : first + BATCH] for first in range(0, len(requests) - BATCH, BATCH)]
    batches = [call(EVALUATIONS, {"evaluations": part}, key) for part in parts]
    return [
        Load("a bare ASGI callable under uvicorn", bare, bare_port, repeat(permits, calls)),
        *(
            load
            for where, (process, port) in (("", served), (", under uvicorn", under_uvicorn))
            for load in (
                Load(f"a permit{where}", process, port, repeat(permits, calls)),
                Load(f"a refusal that fails last{where}", process, port, repeat(refusals, calls)),
                Load(f"an item in a batch of {BATCH}{where}", process, port, repeat(batches, calls // 20), BATCH),
            )
        ),
    ]


def split(port: int, calls: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """The calls that are permitted, and those refused for the consent alone, which the rules test last."""
    permits, refusals = [], []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for data in calls:
            connection.sendall(data)
            response = json.loads(read_response(connection))
            if response["decision"]:
                permits.append(data)
            elif all("CONSENT" in code for code in response["context"]["reason_admin"]["codes"]):
                refusals.append(data)
    return permits, refusals


def repeat(calls: list[bytes], count: int) -> list[bytes]:
    """So many of these calls, in turn."""
    return [calls[number % len(calls)] for number in range(count)]


def main() -> None:
    """Measure in alternation, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.http.processor_time", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="rounds (default 7)")
    parser.add_argument("--calls", type=int, default=4_000, help="calls a round, at least 320 (default 4,000)")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="bench-") as folder, ExitStack() as servers:
        measured = loads(Path(folder), options.calls, servers)
        for _ in range(options.rounds):
            for each in measured:
                each.run()
    bare = measured[0].times
    print("| processor time of the server | µs | times the bare callable, in the same round |\n|---|---|---|")
    for each in measured:
        ratio = median(own / floor for own, floor in zip(each.times, bare, strict=True))
        print(f"| {each.name} | {median(each.times):.0f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()

"""A real server: `authz serve` in a process of its own, on a free port of loopback."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.project import project

EVALUATION, EVALUATIONS, SEARCH = "/access/v1/evaluation", "/access/v1/evaluations", "/access/v1/search/"


@dataclass(slots=True)
class Served:
    """A running server, a client to it, its decision log and its own log."""

    process: subprocess.Popen[bytes]
    client: httpx.Client
    url: str
    decision_log: Path
    log: Path

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self.client.post(path, json=body, headers=headers)

    def raw(self, path: str, data: bytes, kind: str = "application/json", **headers: str) -> httpx.Response:
        return self.client.post(path, content=data, headers={"content-type": kind, **headers})

    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.decision_log.read_text().splitlines() if line]

    def logged(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The request and the response of the last entry of the decision log."""
        body = self.entries()[-1]["body"]
        return body["adl.core.request"], body["adl.core.response"]

    def hang_up(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def bytes(self, data: bytes, seconds: float = 10.0) -> bytes:
        """The bytes that come back on a new connection until the server closes it."""
        with self.connect(seconds) as connection:
            connection.sendall(data)
            found = b""
            while part := connection.recv(65536):
                found += part
        return found

    def connect(self, seconds: float = 10.0) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.client.base_url.port or 0), timeout=seconds)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@contextmanager
def serving(
    folder: Path,
    policy: Path,
    *options: str,
    facts: Path | None = None,
    module: str = "authz",
    stdout: int | None = None,
    stops: bool = True,
) -> Iterator[Served]:
    """A server over a bundle, stopped with SIGTERM at the end: it must exit 0.

    The decision log is a file, or `stdout` if a descriptor is given; `stops` is false if the test ends
    the server.
    """
    port, lines, log = free_port(), folder / "decisions.jsonl", folder / "log.jsonl"
    command = [sys.executable, "-m", module, "serve", "--policy", str(policy), "--port", str(port)]
    command += ["--facts", str(facts or policy / "facts.json"), *options]
    command += [] if stdout is not None or "--decision-log" in options else ["--decision-log", str(lines)]
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as errors:
        process = subprocess.Popen(command, cwd=project(), stdout=stdout or subprocess.DEVNULL, stderr=errors)
    try:
        with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
            until_ready(client, process, log)
            yield Served(process, client, url, lines, log)
        if stops:
            process.send_signal(signal.SIGTERM)
            assert process.wait(40) == 0, log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def until_ready(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"the server is not ready: {log.read_text()}")

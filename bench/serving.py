"""`authz serve` in a process of its own, for benchmarks and their checks."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.http.processes import free_port

READY_SECONDS, STOP_SECONDS = 60.0, 40.0


@contextmanager
def serving(folder: Path, policy: Path, facts: Path, *options: str, module: str = "authz") -> Iterator[int]:
    """The port of a server over a bundle and facts; its logs go to files in `folder`.

    Raises:
        RuntimeError: it does not become ready, or does not stop as it should.
    """
    port, log = free_port(), folder / "serve.log"
    command = [sys.executable, "-m", module, "serve", "--policy", str(policy), "--facts", str(facts)]
    command += ["--port", str(port), "--decision-log", str(folder / "decisions.jsonl"), *options]
    with log.open("wb") as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
    try:
        _wait_until_ready(process, port, log)
        yield port
        process.send_signal(signal.SIGTERM)
        if process.wait(STOP_SECONDS) != 0:
            raise RuntimeError(log.read_text())
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError(log.read_text())

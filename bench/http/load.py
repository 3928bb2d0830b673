"""The load generators, on a core of their own: wrk for the most that a server answers, autocannon for a rate."""

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ASK = Path(__file__).parent / "ask.lua"
CONNECTIONS = 32
IN_TURN = 20
"""How many bodies autocannon has: it copies them for each connection, and with many it stalls as it starts."""


@dataclass(frozen=True, slots=True)
class Most:
    """What a server answered as fast as it could: calls a second, and their times in milliseconds."""

    rate: float
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Tail:
    """What a server answered at a rate: calls a second that were asked and answered, and times in milliseconds."""

    asked: float
    rate: float
    p50: float
    p99: float


class Failed(Exception):
    """Some calls were not answered with 200: nothing was measured."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Where to ask what, one body a line, and as whom."""

    port: int
    path: str
    bodies: Path
    key: str = ""

    @property
    def url(self) -> str:
        """The address of the endpoint."""
        return f"http://127.0.0.1:{self.port}{self.path}"


def most(asked: Asked, seconds: float, core: int) -> Most:
    """Ask as fast as answers come, over so many connections.

    Raises:
        Failed: some calls were not answered with 200.
    """
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "--timeout", "20s", "-s", str(ASK), asked.url]
    said = json.loads(_run([*command, "--", str(asked.bodies), *([asked.key] if asked.key else [])], core))
    if said["failed"]:
        raise Failed(f"{said['failed']} of {said['requests']} calls to {asked.url} failed")
    return Most(said["requests"] / said["seconds"], said["p50_ms"], said["p99_ms"])


def tail(asked: Asked, rate: float, seconds: float, core: int, autocannon: Path) -> Tail:
    """Ask at a rate.

    Raises:
        Failed: some calls were not answered with 200.
    """
    har = asked.bodies.with_suffix(".har")
    har.write_text(json.dumps(_archive(asked)))
    command = ["node", str(autocannon), "-j", "-n", "-c", str(CONNECTIONS), "-R", f"{rate:.0f}", "-d", f"{seconds:.0f}"]
    said = json.loads(_run([*command, "--har", str(har), f"http://127.0.0.1:{asked.port}"], core))
    if said["non2xx"] or said["errors"] or said["timeouts"]:
        raise Failed(f"{said['non2xx']} and {said['errors']} calls to {asked.url} failed")
    return Tail(rate, said["requests"]["average"], said["latency"]["p50"], said["latency"]["p99"])


def _archive(asked: Asked) -> dict[str, Any]:
    """The first bodies as an HTTP archive, which is how autocannon is given many."""
    headers = [{"name": "Content-Type", "value": "application/json"}]
    headers += [{"name": "Authorization", "value": f"Bearer {asked.key}"}] if asked.key else []
    return {
        "log": {
            "entries": [
                {"request": {"method": "POST", "url": asked.url, "headers": headers, "postData": {"text": body}}}
                for body in asked.bodies.read_text().splitlines()[:IN_TURN]
            ]
        }
    }


def _run(command: Sequence[str], core: int) -> str:
    process = subprocess.run(["taskset", "-c", str(core), *command], capture_output=True, text=True, check=False)
    if process.returncode:
        raise Failed(f"{command[0]} ended with {process.returncode}: {process.stderr.strip()[-300:]}")
    return process.stdout.strip().splitlines()[-1]


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB that a process and its children have resident, now and at most so far."""

    now: float
    most: float


def memory(pid: int) -> Memory:
    """What a process and its children have of memory."""
    kilobytes = {"VmRSS:": 0, "VmHWM:": 0}
    for each in [pid, *children(pid)]:
        for line in Path(f"/proc/{each}/status").read_text().splitlines():
            name, *rest = line.split()
            if name in kilobytes:
                kilobytes[name] += int(rest[0])
    return Memory(*(found / 1024 for found in kilobytes.values()))


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    tasks = Path(f"/proc/{pid}/task")
    return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a process, and wait until it has."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(60)

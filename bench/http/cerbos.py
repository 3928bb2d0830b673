"""Cerbos over HTTP with an equal policy: the ten conditions of `bench.peers.workload`, the facts in the body.

    python -m bench.http.cerbos BINARY [--core N]     ask it a thousand cases, singly and in batches: all must agree

It answers on its OpenID AuthZEN endpoints. Its conditions see `subject.properties` and `resource.properties` and no
`context`, so what is asked stands among the student's; the subject's type is its role.
"""

import argparse
import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.peers.workload import Case, cases, oracle

FOLDER = Path(__file__).parent / "cerbos"
"""What it is configured by, and the policy."""
EVALUATION, EVALUATIONS, HEALTH = "/access/v1/evaluation", "/access/v1/evaluations", "/_cerbos/health"
BATCH, AGREE_ON = 50, 1_000
PATIENCE = 30.0
"""For how many seconds its start is waited for."""


class DidNotStart(Exception):
    """Cerbos does not answer; the message says why."""


def body(case: Case, student: str = "student") -> dict[str, Any]:
    """A case as an AuthZEN evaluation with its facts."""
    return {
        "subject": {"type": "supplier", "id": case["supplier"]["id"], "properties": _but_id(case["supplier"])},
        "action": {"name": "read"},
        "resource": {
            "type": "student",
            "id": student,
            "properties": {
                **_but_id(case["student"]),
                "school": case["school"],
                "consents": case["consents"],
                "request": case["request"],
            },
        },
    }


def batch(cases: Sequence[Case]) -> dict[str, Any]:
    """Cases as AuthZEN evaluations, each of another student.

    Cerbos takes two items with one subject id and one resource id for the same, and decides both on the facts of the
    first: a batch that names every student `student` is answered wrongly, and permits what is refused.
    """
    return {"evaluations": [body(case, f"student-{number}") for number, case in enumerate(cases)]}


def _but_id(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id"}


def decisions(answer: Mapping[str, Any]) -> list[bool]:
    """The decisions in an answer, of one evaluation or of a batch, in order."""
    return [one["decision"] is True for one in answer.get("evaluations", [answer])]


@contextmanager
def start(binary: Path, folder: Path, port: int, core: int) -> Iterator[subprocess.Popen[bytes]]:
    """Cerbos on a loopback port, held to one core and ready; stopped at the end.

    `taskset` sets the core and becomes Cerbos: the pid is its own, and Go, seeing one processor, has GOMAXPROCS=1. Go
    lets its heap grow to five times what lives, not two (GOGC=400: some 70 MB more), and the HTTP half asks the gRPC
    half over a Unix socket: either cost less processor time here than Cerbos's defaults.

    Raises:
        DidNotStart: it does not answer.
    """
    with TemporaryDirectory(prefix="cerbos-") as sockets:
        settings = {
            "server.httpListenAddr": f"127.0.0.1:{port}",
            "server.grpcListenAddr": f"unix:{sockets}/grpc",
            "storage.disk.directory": str(folder / "policies"),
        }
        said = ["--log-level=error", *(f"--set={name}={value}" for name, value in settings.items())]
        process = subprocess.Popen(
            ["taskset", "--cpu-list", str(core), binary, "server", f"--config={folder / 'config.yaml'}", *said],
            env={**os.environ, "GOGC": "400"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_until_ready(process, port)
            yield process
        finally:
            process.terminate()
            process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while not _healthy(port):
        if process.poll() is not None:
            raise DidNotStart(f"it ended with {process.returncode}")
        if time.monotonic() > deadline:
            raise DidNotStart(f"it does not answer within {PATIENCE:g} seconds")
        time.sleep(0.05)


def _healthy(port: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=1)) as connection:
        try:
            connection.request("GET", HEALTH)
            return connection.getresponse().status == 200
        except OSError:
            return False


def disagreements(port: int, drawn: Sequence[Case]) -> tuple[int, int]:
    """On how many cases Cerbos and the oracle differ: asked singly, and in batches."""
    expected = [oracle(case) for case in drawn]
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        singly = [one for case in drawn for one in decisions(_ask(connection, EVALUATION, body(case)))]
        parts = [drawn[first : first + BATCH] for first in range(0, len(drawn), BATCH)]
        together = [one for part in parts for one in decisions(_ask(connection, EVALUATIONS, batch(part)))]
    return _unlike(singly, expected), _unlike(together, expected)


def _ask(connection: http.client.HTTPConnection, path: str, asked: Mapping[str, Any]) -> Any:
    connection.request("POST", path, json.dumps(asked), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    said = json.loads(answer.read())
    if answer.status != 200:
        raise ValueError(f"Cerbos answers {answer.status}: {said}")
    return said


def _unlike(given: Sequence[bool], expected: Sequence[bool]) -> int:
    return sum(one is not other for one, other in zip(given, expected, strict=True))


def main() -> None:
    """Check that Cerbos agrees with the oracle."""
    parser = argparse.ArgumentParser(prog="python -m bench.http.cerbos")
    parser.add_argument("binary", type=Path, help="the program `cerbos`")
    parser.add_argument("--core", type=int, default=0, help="the core that it runs on (default 0)")
    options = parser.parse_args()
    port, drawn = _free_port(), cases(2026, AGREE_ON)
    with start(options.binary, FOLDER, port, options.core):
        singly, together = disagreements(port, drawn)
    permitted = sum(map(oracle, drawn))
    print(f"{AGREE_ON} cases, {permitted} permitted: {singly} differ singly, {together} in batches of {BATCH}")
    if singly or together:
        raise SystemExit(1)


if __name__ == "__main__":
    main()

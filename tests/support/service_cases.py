"""Requests, callers and observations that tests of the service share."""

import copy
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from authz_api.authn.callers import Caller, Right, new_key

from tests.support.paths import STUDENT
from tests.support.project import project
from tests.support.server import Served

SARA: dict[str, Any] = {
    "subject": {"type": "supplier", "id": "X", "properties": {"institute": "A"}},
    "action": {"name": "read_schedule", "properties": {"purpose": "homework_guidance"}},
    "resource": {"type": "student", "id": "sara", "properties": {"school": "S1"}},
    "context": {"engagement": "private"},
}
NO_PERMISSION = {
    "code": "NO_PERMISSION",
    "en": "there is no permission to read this",
    "nl": "er is geen toestemming om dit te lezen",
}


def about(path: str, value: object) -> dict[str, Any]:
    """The request about Sara with one member set, or left out if the value is `...`."""
    body = copy.deepcopy(SARA)
    *steps, last = path.split(".")
    holder = body
    for step in steps:
        holder = holder.setdefault(step, {})
    holder[last] = value
    if value is ...:
        del holder[last]
    return body


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "authz", *arguments],
        cwd=project(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def add(file: Path, name: str, *options: str) -> str:
    done = command("callers", "add", name, "--file", str(file), *options)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def copied(folder: Path) -> Path:
    policy = folder / "policy"
    shutil.copytree(STUDENT, policy)
    return policy


def eventually(claim: Callable[[], bool], seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if claim():
            return True
        time.sleep(0.05)
    return False


def digest(served: Served) -> str:
    found: str = served.client.get("/readyz").json()["policy"]
    return found


def workers_of(served: Served) -> list[int]:
    """The processes that answer: children of the server's, the one that tracks resources apart."""
    children = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text().split()
    return [int(each) for each in children if Path(f"/proc/{each}/cmdline").read_bytes()]


def serve_error(*options: str) -> str:
    """What `authz serve` prints to standard error when it refuses to start."""
    command = [sys.executable, "-m", "authz", "serve", "--port", "0", *options]
    done = subprocess.run(command, cwd=project(), capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr.rstrip("\n")


def two_callers() -> tuple[Caller, Caller]:
    """Two callers with keys, who may evaluate."""
    kept, lost = (Caller(name=name, rights=frozenset({Right.EVALUATE}), key=new_key()[1]) for name in ("kept", "lost"))
    return kept, lost

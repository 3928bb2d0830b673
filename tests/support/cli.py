"""Run the `authz` command as a person would."""

import os
import subprocess
import sys
from dataclasses import dataclass

from tests.support.project import project


@dataclass(frozen=True)
class CommandResult:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


def authz(*words: object, stdin: str = "", **environment: str) -> CommandResult:
    """The result of `authz` with these arguments, run in a project with the frozen student bundle."""
    done = subprocess.run(
        [sys.executable, "-m", "authz", *map(str, words)],
        input=stdin.encode(),
        capture_output=True,
        cwd=project(),
        env={**os.environ, **environment},
        timeout=120,
        check=False,
    )
    return CommandResult(done.returncode, done.stdout.decode(), done.stderr.decode())

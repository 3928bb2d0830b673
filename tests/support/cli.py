"""Run the `authz` command as a person would."""

import os
import subprocess
import sys
from dataclasses import dataclass

from tests.support.paths import ROOT


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


def authz(*words: object, stdin: str = "", **environment: str) -> Said:
    """What `authz` says to these words, from the project's root."""
    done = subprocess.run(
        [sys.executable, "-m", "authz", *map(str, words)],
        input=stdin.encode(),
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        timeout=120,
        check=False,
    )
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

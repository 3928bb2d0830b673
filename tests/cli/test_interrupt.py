"""Ctrl-C ends long work with a summary of what was done, and exit code 1."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.paths import AUTHZEN
from tests.support.project import project


def interrupt(*words: object) -> tuple[int, str, str]:
    """Run the command, press Ctrl-C after its first line, and return its exit code and streams."""
    process = subprocess.Popen(
        [sys.executable, "-m", "authz", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=project(),
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, first + out, err


def test_an_interrupted_fuzz_prints_what_it_did(tmp_path: Path) -> None:
    code, out, err = interrupt("fuzz", AUTHZEN, "--seconds", "600", "--corpus", tmp_path)
    assert (code, err) == (1, "authz: interrupted\n")
    assert " worlds in " in out and "reached: " in out


def test_an_interrupted_test_prints_its_counts() -> None:
    code, out, err = interrupt("test")
    assert "Traceback" not in err
    assert (code, err) == (1, "authz: interrupted\n")
    assert out.splitlines()[-1].endswith(" failed")

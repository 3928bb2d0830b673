"""Writing to the terminal: results to standard output, errors and progress to standard error."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from authz.language.diagnostics import CONTROL_CHARACTERS

Progress = Callable[[int, int | None], None]
"""Called with the number of steps done and, where it is known, the total."""


def prepare_streams() -> None:
    """Make the standard streams safe to write to."""
    # Python sets a closed stream to None.
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A pipe under an ASCII locale must not make a name unprintable.
            stream.reconfigure(errors="backslashreplace")


def print_text(text: str) -> None:
    """Print text; control characters from documents are replaced, so that they cannot steer a terminal."""
    sys.stdout.write(f"{text.translate(CONTROL_CHARACTERS)}\n")


def print_json(data: Any) -> None:
    """Print data as JSON."""
    print_text(json.dumps(data, indent=2, ensure_ascii=False))


def print_error(text: str) -> None:
    """Print to standard error, after what was printed to standard output."""
    sys.stdout.flush()
    sys.stderr.write(f"{text.translate(CONTROL_CHARACTERS)}\n")


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """Show on a terminal how far long work has come."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console

    with Console(stderr=True).status(label) as status:
        yield lambda done, total: status.update(f"{label}: {done}" + (f" of {total}" if total else ""))


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Let long work end early on Ctrl-C, so that it can report; a second Ctrl-C ends it at once.

    Yields a function that says whether Ctrl-C was pressed.
    """
    pressed = False

    def press(*_: object) -> None:
        nonlocal pressed
        pressed = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)

"""Writing to the terminal: results to standard output, errors and progress to standard error."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from authz.language.diagnostics import Diagnostic
from authz.language.printable import is_unsafe, single_line

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
    """Print text as one line: no text from a document in it can begin another line or steer a terminal."""
    sys.stdout.write(f"{single_line(text)}\n")


def print_lines(lines: Iterable[str]) -> None:
    """Print each text as one line."""
    for line in lines:
        print_text(line)


def print_json(data: Any) -> None:
    """Print data as JSON; characters that could steer a terminal are escaped, so that the data stay the same."""
    for line in json.dumps(data, indent=2, ensure_ascii=False).split("\n"):
        sys.stdout.write(f"{_escape(line)}\n")


def _escape(line: str) -> str:
    """A line of JSON with escape sequences for unsafe characters, which stand in its strings alone."""
    if line.isprintable():
        return line
    return "".join(json.dumps(c)[1:-1].replace("\x7f", "\\u007f") if is_unsafe(c) else c for c in line)


def print_error(text: str) -> None:
    """Print one line to standard error, after what was printed to standard output."""
    sys.stdout.flush()
    sys.stderr.write(f"{single_line(text)}\n")


def print_diagnostics(diagnostics: Iterable[Diagnostic], lead: str = "") -> None:
    """Print diagnostics to standard error, each with its lines."""
    for diagnostic in diagnostics:
        for line in f"{lead}{diagnostic}".split("\n"):
            print_error(line)


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

"""The recorder: appends one line to the decision log, or fails, before the response leaves."""

import errno
import fcntl
import os
import select
import stat
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

STDOUT = Path("/dev/stdout")
STDOUT_DESCRIPTOR, STDERR_DESCRIPTOR = 1, 2
CLOSED = -1
"""A descriptor to which every write fails."""
PIPE_SECONDS = 1.0
"""How long the recorder waits for room in a full pipe."""
RESUMED = b'{"event_name":"poort.log_resumed"}'


class DecisionLogError(Exception):
    """An entry could not be written, so its decision must not leave."""


@dataclass(slots=True)
class Recorder:
    """Appends whole lines to a file, or to standard output if `path` is None.

    `failed`: the last line could not be written. `torn`: a part of it was, so the next begins on a new line.
    """

    path: Path | None
    descriptor: int = field(init=False, default=STDOUT_DESCRIPTOR)
    piped: bool = field(init=False, default=False)
    failed: bool = field(init=False, default=False)
    torn: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.reopen()

    def reopen(self) -> None:
        """Open the file again, as after its rotation. A pipe is opened for this process alone, and never blocks.

        If it cannot be opened, no entry can be written until it is opened again: the file that was open before may be
        one that nobody reads any more.

        Raises:
            OSError: it cannot be opened, or is a pipe without a reader.
        """
        path = self.path
        if path is None and _is_pipe(STDOUT_DESCRIPTOR) and STDOUT.exists():
            path = STDOUT
        if path is not None:
            self.close()
            self.descriptor, self.piped, self.failed = CLOSED, False, True
            self.descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o640)
            self.failed = False
        self.piped = _is_pipe(self.descriptor)

    def close(self) -> None:
        """Close the file, if one was opened."""
        if self.descriptor > STDERR_DESCRIPTOR:
            os.close(self.descriptor)

    def write(self, line: bytes) -> None:
        """Append one line, which ends with a newline.

        Raises:
            DecisionLogError: it could not be written whole, or there was no room in the pipe in time.
        """
        data = b"\n" + line if self.torn else line
        try:
            with _exclusive(self.descriptor) if self.piped else nullcontext():
                self._write(data)
        except OSError as error:
            self.failed = True
            raise DecisionLogError(error.strerror or str(error)) from None
        self.failed = self.torn = False

    def is_unlinked(self) -> bool:
        """Whether the file was removed, so that nobody would read what is written to it."""
        return os.fstat(self.descriptor).st_nlink == 0

    def probe(self) -> None:
        """Append a line as long as most entries, to find out whether entries can be written again.

        Raises:
            DecisionLogError: they cannot.
        """
        self.write(RESUMED.ljust(select.PIPE_BUF - 2) + b"\n")

    def _write(self, data: bytes) -> None:
        # A slow reader is waited for once, and not at every call.
        patience = 0.0 if self.failed else PIPE_SECONDS
        if self.is_unlinked():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        written = 0
        while written < len(data):
            try:
                written += os.write(self.descriptor, data[written:] if written else data)
            except BlockingIOError:
                if not select.select((), (self.descriptor,), (), patience)[1]:
                    raise
            self.torn = self.torn or 0 < written < len(data)


def _is_pipe(descriptor: int) -> bool:
    return stat.S_ISFIFO(os.fstat(descriptor).st_mode)


@contextmanager
def _exclusive(descriptor: int) -> Iterator[None]:
    """Hold the lock that workers share: a pipe takes long lines in parts."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)

"""Reload in two phases: all workers take the new bundle and facts, or none does.

The supervisor process loads bundle and facts before it forks the workers, so all begin with one snapshot, and a worker
that takes the place of one that died begins with the supervisor's present snapshot. On SIGHUP the supervisor

1. loads the files, and refuses the reload if they are not admitted;
2. asks every worker to load them too (`prepare`), and each answers with the digest of its policy and the revision of
   its facts, or with a refusal;
3. tells all of them to `commit` if every worker is there and reports the supervisor's own versions, else to `abort`.

So files that change meanwhile, a worker that dies, refuses, or does not answer in time all refuse the whole reload.
Everything runs in the signal handler, on the main thread, where workers are forked too: none is forked in between.
The messages are lines of JSON over a Unix socket, and hold digests only.
"""

import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from authz.language.diagnostics import DiagnosticError
from authz_api.logs import log, redacted_diagnostics
from authz_api.state import Snapshot, State, freeze

PREPARE, COMMIT, ABORT = "prepare", "commit", "abort"
PREPARE_SECONDS = 30.0
CONNECT_SECONDS = 5.0
"""How long a reload waits for workers that were forked and have not connected yet."""
LOAD_TIMES = 10
"""Workers get this many times the supervisor's own loading time, if that is more than `PREPARE_SECONDS`."""
WAKE_SECONDS = 0.5
"""How often the sleeping main thread looks for signals that it missed."""
MAX_LINE = 65_536
Versions = tuple[str, str]


class ReloadRefusedError(Exception):
    """A reload that not all workers can take; the message says why, and quotes no file."""


@dataclass(slots=True)
class Supervisor:
    """The supervisor's side: `state` is what the workers that it forks begin with."""

    state: State
    load: Callable[[], Snapshot]
    listening: socket.socket
    workers: int
    seconds: float = PREPARE_SECONDS
    connections: list[socket.socket] = field(init=False, default_factory=list)
    round: int = field(init=False, default=0)
    pid: int = field(init=False, default_factory=os.getpid)
    requested: bool = field(init=False, default=False)
    running: bool = field(init=False, default=False)

    def start(self) -> None:
        """Reload on SIGHUP from now on, in place of the server's own handler, which replaces all workers.

        The main thread sleeps on a lock. A signal that comes just before it falls asleep is handled when the next
        signal comes, and a timer is that next one.
        """
        signal.signal(signal.SIGHUP, self.hang_up)
        signal.signal(signal.SIGALRM, lambda *_: None)
        signal.setitimer(signal.ITIMER_REAL, WAKE_SECONDS, WAKE_SECONDS)

    def stop(self) -> None:
        """Stop the timer: the interpreter drops its handlers as it ends, and the timer would then end the process."""
        signal.setitimer(signal.ITIMER_REAL, 0)

    def close(self) -> None:
        """Close the sockets that a worker inherits, so that they end with the supervisor."""
        for each in (self.listening, *self.connections):
            each.close()

    def hang_up(self, *_: object) -> None:
        """Reload; a signal that comes during a reload starts another one after it."""
        if os.getpid() != self.pid:
            return  # a worker inherits the handler, and has no workers of its own
        self.requested = True
        # A signal that comes while `running` is set is seen by this loop; one that comes later runs a loop of its own.
        while self.requested and not self.running:
            self.requested, self.running = False, True
            try:
                self.reload()
            except Exception:  # noqa: BLE001 - an exception in a signal handler would end the supervisor
                log().error("exception in a reload", exc_info=True)
            finally:
                self.running = False

    def reload(self) -> bool:
        """One reload; whether it was taken."""
        self.round += 1
        try:
            self._accept()
            began = time.monotonic()
            snapshot = self.load()
            self._prepare(snapshot.versions, max(self.seconds, LOAD_TIMES * (time.monotonic() - began)))
        except Exception as error:  # noqa: BLE001 - whatever breaks in a reload must not end the service
            self._tell(ABORT)
            log_refusal(error)
            return False
        # Swapped first: a worker that dies now is replaced by one with the new snapshot.
        self.state.snapshot = snapshot
        self._tell(COMMIT)
        freeze()
        policy, facts = snapshot.versions
        log().info("reloaded", policy=policy, facts=facts)
        return True

    def _accept(self) -> None:
        """Take the connections of new workers, and drop those of dead ones.

        Raises:
            ReloadRefusedError: not all workers are connected within `CONNECT_SECONDS`.
        """
        end = time.monotonic() + CONNECT_SECONDS
        while True:
            for connection in [each for each in self.connections if _is_closed(each)]:
                self._drop(connection)
            missing = self.workers - len(self.connections)
            waits = max(0.0, end - time.monotonic()) if missing > 0 else 0.0
            if select.select((self.listening,), (), (), waits)[0]:
                self.connections.append(self.listening.accept()[0])
            elif missing:
                running = len(self.connections)
                raise ReloadRefusedError(f"{running} of {self.workers} workers are running: try again when all are")
            else:
                return

    def _prepare(self, versions: Versions, seconds: float) -> None:
        self._tell(PREPARE)
        end = time.monotonic() + seconds
        for connection in tuple(self.connections):
            answer = self._answer(connection, end)
            if answer.get("refused"):
                raise ReloadRefusedError(f"a worker refused: {answer['refused']}")
            if (answer.get("policy"), answer.get("facts")) != versions:
                raise ReloadRefusedError("a worker read other files: they changed during the reload")

    def _answer(self, connection: socket.socket, end: float) -> dict[str, Any]:
        """A worker's answer in this round; late answers of earlier rounds are skipped."""
        while True:
            line = b""
            while not line.endswith(b"\n"):
                connection.settimeout(max(0.001, end - time.monotonic()))
                try:
                    part = connection.recv(1 if len(line) < MAX_LINE else 0)
                except TimeoutError:
                    raise ReloadRefusedError("a worker did not answer in time") from None
                except OSError:
                    part = b""
                if not part:
                    self._drop(connection)
                    raise ReloadRefusedError("a worker ended during the reload")
                line += part
            answer: dict[str, Any] = json.loads(line)
            if answer.get("round") == self.round:
                return answer

    def _tell(self, phase: str) -> None:
        line = json.dumps({"phase": phase, "round": self.round}).encode() + b"\n"
        for connection in tuple(self.connections):
            try:
                connection.settimeout(1.0)
                connection.sendall(line)
            except OSError:
                self._drop(connection)

    def _drop(self, connection: socket.socket) -> None:
        connection.close()
        if connection in self.connections:
            self.connections.remove(connection)


def _is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def log_refusal(error: Exception) -> None:
    """Log why a reload is refused, without the messages of diagnostics and exceptions, which can quote facts."""
    event = "reload refused: the loaded policy and facts stay"
    if isinstance(error, DiagnosticError):
        log().error(event, **redacted_diagnostics(error))
    elif isinstance(error, ReloadRefusedError):
        log().error(event, problem=str(error))
    else:
        log().error(event, exc_info=error)


def control_socket(path: Path, workers: int) -> socket.socket:
    """The socket on which workers connect to the supervisor; it lies in a folder of this user alone."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    listening.listen(workers + 16)
    return listening

"""The decision record: one line of JSON for each call, written before the answer leaves.

It holds no personal data: ids of persons, and every text that the bundle and its facts do not know, stand as keyed
pseudonyms. Who holds the key can find a person's lines; nobody else can.
"""

import fcntl
import hashlib
import os
import re
import select
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from authz import EvaluationRequest
from authz.documents.json import json_bytes
from authz_api.authzen.responses import Answer
from authz_api.state import Loaded

STDOUT = Path("/dev/stdout")
PATIENCE = 1.0
"""For how many seconds a full pipe is waited for."""
PLAIN_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


class DecisionLogError(Exception):
    """A record could not be written: the decision must not leave."""


@dataclass(slots=True)
class Recorder:
    """Appends lines to standard output, or to a file, whole or not at all."""

    path: Path | None
    descriptor: int = field(init=False, default=1)
    piped: bool = field(init=False, default=False)
    failed: bool = field(init=False, default=False)
    torn: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.reopen()

    def reopen(self) -> None:
        """Open the file anew, as after its rotation; a pipe so that it never blocks, whoever else writes to it.

        Raises:
            OSError: it cannot be opened, or is a pipe that nobody reads.
        """
        path = self.path
        if path is None and _is_pipe(1) and STDOUT.exists():
            path = STDOUT
        if path is not None:
            before = self.descriptor
            self.descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o640)
            if before > 2:
                os.close(before)
        self.piped = _is_pipe(self.descriptor)

    def write(self, entry: Mapping[str, Any]) -> None:
        """Append one record.

        Raises:
            DecisionLogError: it could not be written whole, or nobody took it in time.
        """
        self._append(json_bytes(entry) + b"\n")

    def resume(self) -> None:
        """Append a line that is as long as most records, to see whether they can be written again.

        Raises:
            DecisionLogError: they cannot.
        """
        self._append(b'{"event":"record resumed"}'.ljust(select.PIPE_BUF - 2) + b"\n")

    def _append(self, line: bytes) -> None:
        data = b"\n" + line if self.torn else line
        try:
            with _turn(self.descriptor) if self.piped else nullcontext():
                self._write(data)
        except OSError as error:
            self.failed = True
            raise DecisionLogError(error.strerror or str(error)) from None
        self.failed = self.torn = False

    def _write(self, data: bytes) -> None:
        # Who reads too slowly is waited for once, not at every call.
        patience = 0.0 if self.failed else PATIENCE
        written = 0
        while written < len(data):
            try:
                written += os.write(self.descriptor, data[written:])
            except BlockingIOError:
                if not select.select((), (self.descriptor,), (), patience)[1]:
                    raise
            self.torn = self.torn or 0 < written < len(data)


def _is_pipe(descriptor: int) -> bool:
    return stat.S_ISFIFO(os.fstat(descriptor).st_mode)


@contextmanager
def _turn(descriptor: int) -> Iterator[None]:
    """One worker after another: a pipe takes long lines in parts."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Stands a text in for another: the same one for the same text under one key."""

    key: bytes = field(repr=False)

    def of(self, kind: str, text: str) -> str:
        """The pseudonym of a text of some kind: 128 bits of its keyed digest (BLAKE2, RFC 7693)."""
        digest = hashlib.blake2b((kind + "\0" + text).encode(), key=self.key, digest_size=16)
        return f"~{digest.hexdigest()}"

    def request_id(self, text: str) -> str:
        """A caller's request id as it is if it looks like one, else its pseudonym."""
        return text if PLAIN_ID.fullmatch(text) else self.of("request", text)

    def request(self, loaded: Loaded, asked: EvaluationRequest) -> dict[str, Any]:
        """A request without personal data."""
        vocabulary, known = loaded.policy.bundle.vocabulary, loaded.known
        properties: dict[str, Any] = {}
        for name, value in asked.properties.items():
            if value is None:
                continue
            if isinstance(value, str):
                plain, kind = known[name]
                properties[name] = value if value in plain else self.of(kind, value)
            else:
                properties[name] = value if isinstance(value, bool | int) else str(value)
        return {
            "subject": self.party(loaded, vocabulary.subject.type, asked.subject_type, asked.subject_id),
            "action": asked.action if asked.action in loaded.actions else self.of("action", asked.action),
            "resource": self.party(loaded, vocabulary.resource.type, asked.resource_type, asked.resource_id),
            "properties": properties,
        }

    def party(self, loaded: Loaded, type: str, asked: str, id: str) -> dict[str, str]:
        """A subject or resource: of another type than the bundle's, it is nobody known."""
        if asked != type:
            return {"type": self.of("type", asked), "id": self.of("id", id)}
        return {"type": type, "id": self.id(loaded, type, id)} if id else {"type": type}

    def id(self, loaded: Loaded, type: str, id: str) -> str:
        """An id as it is if it is that of a known record that is no person's, else its pseudonym."""
        plain, kind = loaded.known[type]
        return id if id in plain else self.of(kind, id)

    def evaluation(self, loaded: Loaded, answer: Answer) -> dict[str, Any]:
        """One evaluation, for a record."""
        entry: dict[str, Any] = {"evaluation_id": answer.evaluation_id, "decision": answer.body["decision"]}
        if answer.asked is None or answer.decision is None:
            return {**entry, "error": answer.undecided}
        entry |= self.request(loaded, answer.asked)
        if answer.decision.error:
            # The message could hold personal data: its kind must do.
            return {**entry, "error": answer.decision.error.partition(":")[0]}
        return {**entry, "codes": list(answer.decision.reasons)}

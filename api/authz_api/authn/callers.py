"""Who may call: a file of callers, each with its rights and one credential, of which only a digest is kept.

An API key is `poort_ID_SECRET`: the id finds its caller, and the SHA-256 of the secret, 256 random bits, proves it. A
caller without a key is known by the subject of a signed token (`authn/jwt.py`): its rights stand in this file too, and
never in the token.
"""

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from authz.documents.files import read_document
from authz.documents.validation import diagnostics_of
from authz.language.diagnostics import DiagnosticError

PREFIX = "poort_"
ID_FROM = len(PREFIX)
ID_TO = ID_FROM + 16
SECRET_BYTES = 32
NOBODY = hashlib.sha256(secrets.token_bytes(SECRET_BYTES)).hexdigest()
"""What an unknown key's secret is compared with, as a known one's would be."""


class Right(StrEnum):
    """What a caller may do."""

    EVALUATE = "evaluate"
    SEARCH = "search"
    EXPLAIN = "explain"
    OPERATE = "operate"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Key(_Strict):
    """An API key as it is kept: its id, and the digest of its secret."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Caller(_Strict):
    """One caller: its name, its rights, how it is known, and the one subject that it may ask as, if it is bound."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    rights: frozenset[Right]
    subject: Annotated[str, Field(min_length=1, strict=True)] | None = None
    key: Key | None = None
    token_subject: Annotated[str, Field(min_length=1, strict=True)] | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Caller":
        if (self.key is None) == (self.token_subject is None):
            raise ValueError("a caller has either a `key` or a `token_subject`")
        if not self.rights:
            raise ValueError("a caller has at least one right")
        if self.subject is not None and self.rights - {Right.EVALUATE, Right.SEARCH}:
            # What is known of a student is no supplier's, and no more is how others are answered.
            raise ValueError("a caller that is bound to a subject may evaluate and search, and no more")
        return self


class _Document(_Strict):
    callers: list[Caller]


ANYONE = Caller.model_construct(name="", rights=frozenset({Right.EVALUATE, Right.SEARCH, Right.OPERATE}))
"""Who calls where no callers are configured."""


@dataclass(frozen=True, slots=True)
class Callers:
    """The callers of a file, found by the id of a key and by the subject of a token."""

    all: tuple[Caller, ...]
    by_key: Mapping[str, Caller] = field(init=False, repr=False)
    by_token: Mapping[str, Caller] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_key", {each.key.id: each for each in self.all if each.key})
        object.__setattr__(self, "by_token", {each.token_subject: each for each in self.all if each.token_subject})

    def of_key(self, text: str) -> Caller | None:
        """The caller whose API key this is."""
        prefix, id, secret = text[:ID_FROM], text[ID_FROM:ID_TO], text[ID_TO + 1 :]
        found = self.by_key.get(id)
        digest = found.key.sha256 if found and found.key else NOBODY
        right = hmac.compare_digest(hashlib.sha256(secret.encode()).hexdigest(), digest)
        return found if right and prefix == PREFIX and text[ID_TO : ID_TO + 1] == "_" else None


def load_callers(path: Path) -> Callers:
    """The callers in a file.

    Raises:
        DiagnosticError: it cannot be read, or could be misread; with every fault, each with its place.
    """
    shown = str(path)
    given = read_document(path, shown)
    try:
        document = _Document.model_validate(given)
    except ValidationError as wrong:
        raise DiagnosticError(diagnostics_of(wrong, shown)) from None
    for what, named in (
        ("name", [each.name for each in document.callers]),
        ("key id", [each.key.id for each in document.callers if each.key]),
        ("token subject", [each.token_subject for each in document.callers if each.token_subject]),
    ):
        if twice := _twice(named):
            from authz.documents.places import diagnostic_at

            raise DiagnosticError([diagnostic_at(shown, ("callers",), f"two callers have the {what} `{twice}`")])
    return Callers(tuple(document.callers))


def _twice(names: Iterable[str]) -> str:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return ""


def save_callers(path: Path, callers: Iterable[Caller]) -> None:
    """Write the file whole or not at all, readable by its owner alone.

    Raises:
        OSError: it cannot be written.
    """
    path = path.resolve()  # a link to the file stays one
    listed = [each.model_dump(mode="json", exclude_none=True) for each in callers]
    for each in listed:
        each["rights"] = sorted(each["rights"])
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps({"callers": listed}, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """One change of the file after another, from its reading to its writing.

    Raises:
        OSError: nothing can be written beside it.
    """
    path = path.resolve()
    with (path.parent / f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def new_key() -> tuple[str, Key]:
    """A new API key: the text to show once, and what is kept of it."""
    id, secret = secrets.token_hex(8), secrets.token_urlsafe(SECRET_BYTES)
    return f"{PREFIX}{id}_{secret}", Key(id=id, sha256=hashlib.sha256(secret.encode()).hexdigest())

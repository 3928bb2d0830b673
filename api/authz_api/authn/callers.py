"""The file of callers: each caller's rights, and one credential, of which the file keeps a digest.

An API key is `poort_ID_SECRET`: the id finds the caller, and the SHA-256 of the secret (256 random bits) proves it. A
caller without a key is known by the subject of a signed token (`authn/jwt.py`). Its rights are in this file too; the
claims of a token grant nothing.
"""

import fcntl
import hashlib
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
from authz.documents.places import diagnostic_at
from authz.documents.validation import diagnostics_of
from authz.language.diagnostics import DiagnosticError

PREFIX = "poort_"
ID_FROM = len(PREFIX)
ID_TO = ID_FROM + 16
SECRET_BYTES = 32


class Right(StrEnum):
    """What a caller may do."""

    EVALUATE = "evaluate"
    SEARCH = "search"
    EXPLAIN = "explain"
    OPERATE = "operate"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ApiKey(_Strict):
    """The stored form of an API key: its id, and the digest of its secret."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Caller(_Strict):
    """One caller: its name, its rights, its credential, and the one subject that it may act for, if it is bound."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    rights: frozenset[Right]
    subject: Annotated[str, Field(min_length=1, strict=True)] | None = None
    key: ApiKey | None = None
    token_subject: Annotated[str, Field(min_length=1, strict=True)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Caller":
        if (self.key is None) == (self.token_subject is None):
            raise ValueError("a caller has either a `key` or a `token_subject`")
        if not self.rights:
            raise ValueError("a caller has at least one right")
        if self.subject is not None and self.rights - {Right.EVALUATE, Right.SEARCH}:
            # All reason codes reveal facts about a student, and metrics reveal other callers' decisions.
            raise ValueError("a caller that is bound to a subject may evaluate and search, and no more")
        return self


class _Document(_Strict):
    callers: list[Caller]


ANYONE = Caller.model_construct(name="", rights=frozenset({Right.EVALUATE, Right.SEARCH, Right.OPERATE}))
"""Every caller of a service without configured callers."""


@dataclass(frozen=True, slots=True)
class Callers:
    """The callers of a file, indexed by the id of their key and by the subject of their token."""

    all: tuple[Caller, ...]
    by_key: Mapping[str, Caller] = field(init=False, repr=False)
    by_token: Mapping[str, Caller] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_key", {each.key.id: each for each in self.all if each.key})
        object.__setattr__(self, "by_token", {each.token_subject: each for each in self.all if each.token_subject})


def load_callers(path: Path) -> Callers:
    """The callers in a file.

    Raises:
        DiagnosticError: it cannot be read, is malformed, or holds two callers with one name, key id or token subject.
    """
    shown = str(path)
    try:
        document = _Document.model_validate(read_document(path, shown))
    except ValidationError as error:
        raise DiagnosticError(diagnostics_of(error, shown)) from None
    for what, values in (
        ("name", [each.name for each in document.callers]),
        ("key id", [each.key.id for each in document.callers if each.key]),
        ("token subject", [each.token_subject for each in document.callers if each.token_subject]),
    ):
        if duplicate := _duplicate(values):
            raise DiagnosticError([diagnostic_at(shown, ("callers",), f"two callers have the {what} `{duplicate}`")])
    return Callers(tuple(document.callers))


def _duplicate(values: Iterable[str]) -> str:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return ""


def save_callers(path: Path, callers: Iterable[Caller]) -> None:
    """Replace the file in one step, readable by its owner alone.

    Raises:
        OSError: it cannot be written.
    """
    path = path.resolve()  # a symbolic link to the file stays a link
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
def lock_callers(path: Path) -> Iterator[None]:
    """Hold the file's lock, from reading it to writing it, so that concurrent changes are all kept.

    Raises:
        OSError: the lock file beside it cannot be opened, or is a symbolic link.
    """
    path = path.resolve()
    # Nothing behind a symbolic link is opened or truncated: another user of the folder could have made it.
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path.parent / f".{path.name}.lock", flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def new_key() -> tuple[str, ApiKey]:
    """A new API key: the text to show once, and its stored form."""
    id, secret = secrets.token_hex(8), secrets.token_urlsafe(SECRET_BYTES)
    return f"{PREFIX}{id}_{secret}", ApiKey(id=id, sha256=hashlib.sha256(secret.encode()).hexdigest())

"""Authentication: from the `Authorization` header (RFC 6750) to a configured caller and its rights."""

import asyncio
import hashlib
import hmac
import math
import os
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from authz.language.diagnostics import DiagnosticError
from authz_api.authn.callers import (
    ANYONE,
    ID_FROM,
    ID_TO,
    PREFIX,
    SECRET_BYTES,
    Caller,
    Callers,
    Right,
    load_callers,
)
from authz_api.authn.jwks import Issuer, KeysUnavailableError, fetch_keys
from authz_api.authn.jwt import MAX_LENGTH, REFRESH_SECONDS, InvalidTokenError, UnknownKeyError, Verifier
from authz_api.logs import log, redacted_diagnostics
from authz_api.problems import ProblemError

WATCH_SECONDS = 0.5
CHALLENGE = 'Bearer realm="poort"'
UNKNOWN_ID_DIGEST = hashlib.sha256(secrets.token_bytes(SECRET_BYTES)).hexdigest()
"""Compared with the secret of an unknown key, so that an unknown id takes as long as a known one."""

FileVersion = tuple[int, int, int, bytes] | None
"""The modification time, change time and inode of a file, and the SHA-256 of its content; None if it cannot be read.

The content counts because a copy can keep size and modification time, and two changes can share a tick of the clock.
"""


class IncompleteConfigurationError(ValueError):
    """Authentication is configured in part; the message says what is missing."""


@dataclass(slots=True)
class Authenticator:
    """Identifies callers by their file and by the issuer's keys, both as they are now; without a file, anyone."""

    path: Path | None = None
    callers: Callers | None = None
    verifier: Verifier | None = None
    anyone: Caller = ANYONE
    versions: Mapping[Path, FileVersion] = field(default_factory=dict)
    """The versions of the files that were read."""
    reading: asyncio.Lock = field(init=False, default_factory=asyncio.Lock, repr=False)

    def authenticate(self, authorization: bytes | None, right: Right) -> Caller | None:
        """The caller, if it has the right; None if the issuer's keys must be fetched first.

        Raises:
            ProblemError: 401 if the credential is missing or not valid, 403 if the caller has not the right.
        """
        try:
            return self._authorized(authorization, right)
        except UnknownKeyError:
            return None

    async def authenticate_with_new_keys(self, authorization: bytes | None, right: Right) -> Caller:
        """The caller, if it has the right; fetches the issuer's keys if the token's key is unknown.

        Raises:
            ProblemError: 401 if the credential is missing or not valid, 403 if the caller has not the right.
        """
        try:
            try:
                return self._authorized(authorization, right)
            except UnknownKeyError:
                if self.verifier is None or not await self.verifier.refresh_after_rotation():
                    raise
                return self._authorized(authorization, right)
        except UnknownKeyError as error:
            raise _invalid(str(error)) from None

    def _authorized(self, authorization: bytes | None, right: Right) -> Caller:
        caller = self.anyone if self.callers is None else self._identify(self.callers, authorization)
        if right not in caller.rights:
            headers = {"www-authenticate": f'{CHALLENGE}, error="insufficient_scope", scope="{right.value}"'}
            raise ProblemError(403, f"this caller has not the right `{right.value}`", headers)
        return caller

    def _identify(self, callers: Callers, authorization: bytes | None) -> Caller:
        if authorization is None:
            raise ProblemError(401, "no credential: send `Authorization: Bearer ...`", {"www-authenticate": CHALLENGE})
        scheme, _, token = authorization.decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > MAX_LENGTH:
            raise _invalid("the credential is not a bearer token")
        if "." in token and self.verifier is not None:
            return self._by_token(callers, self.verifier, token)
        if (caller := caller_of_key(callers, token)) is None:
            raise _invalid("the API key is not known")
        return caller

    def _by_token(self, callers: Callers, verifier: Verifier, token: str) -> Caller:
        try:
            subject = verifier.subject(token)
        except UnknownKeyError:
            raise
        except InvalidTokenError as error:
            raise _invalid(str(error)) from None
        if (caller := callers.by_token.get(subject)) is None:
            headers = {"www-authenticate": f'{CHALLENGE}, error="insufficient_scope"'}
            raise ProblemError(403, "the token is valid, but its subject is not a configured caller", headers)
        return caller

    async def reload(self) -> None:
        """Read the callers and fetch the keys again; if that fails the present ones stay."""
        await self.reload_callers()
        await self.reload_keys()

    async def reload_callers(self) -> None:
        """Read the callers again, one reading after another; if that fails the present ones stay."""
        if self.path is None:
            return
        async with self.reading:
            try:
                self.callers = await asyncio.to_thread(load_callers, self.path)
                log().info("callers loaded", callers=len(self.callers.all))
            except DiagnosticError as error:
                log().error("callers refused: the loaded callers stay", **redacted_diagnostics(error))

    async def reload_keys(self) -> None:
        """Fetch the issuer's keys again; if that fails the present ones stay."""
        if self.verifier is None:
            return
        try:
            await self.verifier.refresh()
        except KeysUnavailableError as error:
            log().error("keys refused: the loaded keys stay", problem=str(error))

    async def watch(self) -> None:
        """Read callers and keys again whenever their file changes, and keys every few minutes, until cancelled.

        Each has its own task: keys that do not come must not delay the revocation of a caller.
        """
        issuer = self.verifier.issuer if self.verifier else None
        keys = Path(issuer.jwks) if issuer and not issuer.by_url else None
        async with asyncio.TaskGroup() as watching:
            if self.path:
                watching.create_task(self._watch(self.path, self.reload_callers))
            if issuer:
                watching.create_task(self._watch(keys, self.reload_keys, REFRESH_SECONDS))

    async def _watch(self, path: Path | None, reload: Callable[[], Awaitable[None]], every: float = math.inf) -> None:
        seen, waited = self.versions.get(path) if path else None, 0.0
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            waited += WATCH_SECONDS
            now = await asyncio.to_thread(_version, path) if path else None
            if now != seen or waited >= every:
                seen, waited = now, 0.0
                try:
                    await reload()
                except Exception:  # noqa: BLE001 - a later revocation must still be seen
                    log().error("callers or keys not read: the loaded ones stay", exc_info=True)


def caller_of_key(callers: Callers, text: str) -> Caller | None:
    """The caller with this API key; compared in constant time."""
    prefix, id, secret = text[:ID_FROM], text[ID_FROM:ID_TO], text[ID_TO + 1 :]
    caller = callers.by_key.get(id)
    digest = caller.key.sha256 if caller and caller.key else UNKNOWN_ID_DIGEST
    equal = hmac.compare_digest(hashlib.sha256(secret.encode()).hexdigest(), digest)
    return caller if equal and prefix == PREFIX and text[ID_TO : ID_TO + 1] == "_" else None


def configure_authentication(path: Path | None, issuer: Issuer | None) -> Authenticator:
    """The authenticator that an operator configured.

    Raises:
        DiagnosticError: the file of callers cannot be read.
        IncompleteConfigurationError: it has no callers; or the issuer, or the callers known by its tokens, are missing.
    """
    if path is None:
        if issuer is not None:
            raise IncompleteConfigurationError("tokens need callers with rights: name their file with --callers")
        return Authenticator()
    # The versions first: a change during the reading is then read again.
    versions = _versions(path, issuer)
    callers = load_callers(path)
    if not callers.all:
        raise IncompleteConfigurationError(f"`{path}` has no callers, so nobody could call: see `authz callers add`")
    if callers.by_token and issuer is None:
        name = next(iter(callers.by_token.values())).name
        raise IncompleteConfigurationError(f"`{name}` in `{path}` is known by a token, and --jwt-issuer is missing")
    if issuer is None:
        return Authenticator(path, callers, versions=versions)
    if not callers.by_token:
        raise IncompleteConfigurationError(
            f"no caller in `{path}` is known by a token of --jwt-issuer: see `authz callers add`"
        )
    verifier = Verifier(issuer)
    try:
        verifier.use(fetch_keys(issuer))
    except KeysUnavailableError as error:
        raise IncompleteConfigurationError(f"the keys of --jwt-jwks cannot be fetched: {error}") from None
    return Authenticator(path, callers, verifier, versions=versions)


def _invalid(message: str) -> ProblemError:
    return ProblemError(401, message, {"www-authenticate": f'{CHALLENGE}, error="invalid_token"'})


def _versions(path: Path, issuer: Issuer | None) -> Mapping[Path, FileVersion]:
    watched = [path]
    if issuer and not issuer.by_url:
        watched.append(Path(issuer.jwks))
    return {each: _version(each) for each in watched}


def _version(path: Path) -> FileVersion:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            return status.st_mtime_ns, status.st_ctime_ns, status.st_ino, hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None

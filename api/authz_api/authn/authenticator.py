"""Who calls: from the `Authorization` header (RFC 6750) to a caller of the file, and what it may do."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from authz.language.diagnostics import DiagnosticError
from authz_api.authn.callers import ANYONE, Callers, Right, load_callers
from authz_api.authn.callers import Caller as Caller
from authz_api.authn.jwt import LONGEST, REFRESH_SECONDS, BadToken, Issuer, NoKeys, UnknownKey, Verifier, fetch
from authz_api.logs import log
from authz_api.problems import Problem

WATCH_SECONDS = 0.5
CHALLENGE = 'Bearer realm="poort"'


class IncompleteConfigurationError(ValueError):
    """The identity of callers is not configured whole; the message says what is missing."""


@dataclass(slots=True)
class Identity:
    """Knows callers by the file as it is now, and by the issuer's keys as they are now; without a file, anyone."""

    path: Path | None = None
    callers: Callers | None = None
    verifier: Verifier | None = None
    anyone: Caller = ANYONE
    seen: Mapping[Path, "State"] = field(default_factory=dict)
    """The files as they were before they were last read."""
    reading: asyncio.Lock = field(init=False, default_factory=asyncio.Lock, repr=False)

    def known(self, authorization: bytes | None, right: Right) -> Caller | None:
        """Who calls, if it has the right; None if the issuer's keys have to be looked at anew first.

        Raises:
            Problem: 401 if nobody is known by it, 403 if that caller has not the right.
        """
        try:
            return self._entitled(authorization, right)
        except UnknownKey:
            return None

    async def caller(self, authorization: bytes | None, right: Right) -> Caller:
        """Who calls, if it has the right.

        Raises:
            Problem: 401 if nobody is known by it, 403 if that caller has not the right.
        """
        try:
            try:
                return self._entitled(authorization, right)
            except UnknownKey:
                if self.verifier is None or not await self.verifier.rotated():
                    raise
                return self._entitled(authorization, right)
        except UnknownKey as wrong:
            raise _unknown(str(wrong)) from None

    def _entitled(self, authorization: bytes | None, right: Right) -> Caller:
        found = self.anyone if self.callers is None else self._known(self.callers, authorization)
        if right not in found.rights:
            headers = {"www-authenticate": f'{CHALLENGE}, error="insufficient_scope", scope="{right.value}"'}
            raise Problem(403, f"this caller has not the right `{right.value}`", headers)
        return found

    def _known(self, callers: Callers, authorization: bytes | None) -> Caller:
        if authorization is None:
            raise Problem(401, "no credential: send `Authorization: Bearer ...`", {"www-authenticate": CHALLENGE})
        scheme, _, token = authorization.decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > LONGEST:
            raise _unknown("the credential is no bearer token")
        if "." in token and self.verifier is not None:
            return self._by_token(callers, self.verifier, token)
        if (found := callers.of_key(token)) is None:
            raise _unknown("the key is not known")
        return found

    def _by_token(self, callers: Callers, verifier: Verifier, token: str) -> Caller:
        try:
            subject = verifier.subject(token)
        except UnknownKey:
            raise
        except BadToken as wrong:
            raise _unknown(str(wrong)) from None
        if (found := callers.by_token.get(subject)) is None:
            headers = {"www-authenticate": f'{CHALLENGE}, error="insufficient_scope"'}
            raise Problem(403, "the token is sound, and its subject is no caller here", headers)
        return found

    async def reload(self) -> None:
        """Read the callers and the keys anew; what cannot be read leaves what was loaded."""
        await self.reload_callers()
        await self.reload_keys()

    async def reload_callers(self) -> None:
        """Read the callers anew, one reading after another."""
        if self.path is None:
            return
        async with self.reading:
            try:
                self.callers = await asyncio.to_thread(load_callers, self.path)
                log().info("callers loaded", callers=len(self.callers.all))
            except DiagnosticError as wrong:
                faults = [f"{one.span}: {one.problem}" for one in wrong.diagnostics]
                log().error("callers refused: those that were loaded stand", faults=faults)

    async def reload_keys(self) -> None:
        """Get the issuer's keys anew."""
        if self.verifier is None:
            return
        try:
            await self.verifier.refresh()
        except NoKeys as wrong:
            log().error("keys refused: those that were loaded stand", fault=str(wrong))

    async def watch(self) -> None:
        """Read the callers whenever their file changes, and the keys too, or every few minutes; until cancelled.

        Each is watched by itself: keys that do not come must not keep a revocation waiting.
        """
        issuer = self.verifier.issuer if self.verifier else None
        keys = Path(issuer.jwks) if issuer and not issuer.by_url else None
        async with asyncio.TaskGroup() as watching:
            if self.path:
                watching.create_task(self._watch(self.path, self.reload_callers))
            if issuer:
                watching.create_task(self._watch(keys, self.reload_keys, REFRESH_SECONDS))

    async def _watch(self, path: Path | None, reload: Callable[[], Awaitable[None]], most: float = math.inf) -> None:
        seen, waited = self.seen.get(path) if path else None, 0.0
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            waited += WATCH_SECONDS
            now = _state(path) if path else None
            if now != seen or waited >= most:
                seen, waited = now, 0.0
                try:
                    await reload()
                except Exception:  # noqa: BLE001 - whoever is revoked next must still be seen
                    log().error("callers or keys not read: those that were loaded stand", exc_info=True)


def configured(path: Path | None, issuer: Issuer | None) -> Identity:
    """The identity that an operator configured.

    Raises:
        DiagnosticError: the file of callers cannot be read.
        IncompleteConfigurationError: it names nobody; or one of the issuer and the callers known by tokens is missing.
    """
    if path is None:
        if issuer is not None:
            raise IncompleteConfigurationError("tokens need callers with rights: name their file with --callers")
        return Identity()
    # Before they are read: what changes meanwhile is read again.
    seen = _states(path, issuer)
    callers = load_callers(path)
    if not callers.all:
        raise IncompleteConfigurationError(
            f"`{path}` has no callers, and nobody could be answered: see `authz callers add`"
        )
    if callers.by_token and issuer is None:
        name = next(iter(callers.by_token.values())).name
        raise IncompleteConfigurationError(f"`{name}` in `{path}` is known by a token, and no --jwt-issuer is given")
    if issuer is None:
        return Identity(path, callers, seen=seen)
    if not callers.by_token:
        raise IncompleteConfigurationError(
            f"no caller in `{path}` is known by a token of --jwt-issuer: see `authz callers add`"
        )
    verifier = Verifier(issuer)
    try:
        verifier.take(fetch(issuer))
    except NoKeys as wrong:
        raise IncompleteConfigurationError(f"the keys of --jwt-jwks cannot be had: {wrong}") from None
    return Identity(path, callers, verifier, seen=seen)


def _unknown(message: str) -> Problem:
    return Problem(401, message, {"www-authenticate": f'{CHALLENGE}, error="invalid_token"'})


State = tuple[int, int, int] | None


def _states(path: Path | None, issuer: Issuer | None) -> Mapping[Path, State]:
    """The files that identity is read from, as they are."""
    watched = [path] if path else []
    if issuer and not issuer.by_url:
        watched.append(Path(issuer.jwks))
    return {each: _state(each) for each in watched}


def _state(path: Path) -> State:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size

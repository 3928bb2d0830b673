"""Signed tokens (JWT, RFC 7519): whose token it is, if the issuer's present keys signed it for this service.

Asymmetric algorithms alone: never `none`, and never an HMAC, whose secret somebody would take a public key for. Keys
come from a JWKS, a file or a URL; what was verified is remembered until it expires or the keys change. The one door
to PyJWT.
"""

import asyncio
import contextlib
import threading
import time
import urllib.request
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt

from authz.documents.files import read_document
from authz.documents.json import parse_json_bytes
from authz.language.diagnostics import DiagnosticError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
LONGEST = 8_192
LEEWAY = 10
"""Seconds by which clocks may differ."""
REMEMBERED = 1_024
FETCH_SECONDS = 5.0
MOST_BYTES = 1_048_576
REFRESH_SECONDS = 300.0
COOL_SECONDS = 10.0
"""The least time between two fetches that unknown key ids bring about."""
OLDEST_SECONDS = 86_400.0
"""For how long keys are trusted that could not be fetched again."""


class BadToken(Exception):
    """A token that proves nothing; the message is for the one who sent it."""


class UnknownKey(BadToken):
    """A token signed by a key that is not among the present ones: they may have been rotated."""


class NoKeys(Exception):
    """The issuer's keys cannot be had."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose tokens are taken, for whom they must be meant, and where the keys are: a file, or a URL."""

    issuer: str
    audience: str
    jwks: str
    algorithms: tuple[str, ...] = ("RS256",)

    @property
    def by_url(self) -> bool:
        """Whether the keys are fetched."""
        return self.jwks.startswith(("https://", "http://"))


def loopback_or_https(jwks: str) -> bool:
    """Whether keys from there are the issuer's own: a file, or a place that nobody on the way can change."""
    url = urlsplit(jwks)
    return url.scheme != "http" or url.hostname in ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Trusted:
    """A key of the issuer, and the one algorithm that it is for, if it says so."""

    key: jwt.PyJWK
    algorithm: str | None


Keys = Mapping[str | None, Trusted]
"""An issuer's keys, by id."""


@dataclass(slots=True)
class Verifier:
    """Verifies an issuer's tokens by its keys as they are now."""

    issuer: Issuer
    clock: Callable[[], float] = time.time
    keys: Keys = field(init=False, default_factory=dict, repr=False)
    fetched: float = field(init=False, default=0.0)
    tried: float = field(init=False, default=0.0)
    known: OrderedDict[str, tuple[str, float]] = field(init=False, default_factory=OrderedDict, repr=False)
    fetching: asyncio.Lock = field(init=False, default_factory=asyncio.Lock, repr=False)

    def subject(self, token: str) -> str:
        """The `sub` of a token that is sound now.

        Raises:
            UnknownKey: its key id is not among the present keys.
            BadToken: it is not sound, not for this service, or not valid now.
        """
        now = self.clock()
        if now - self.fetched > OLDEST_SECONDS:
            raise BadToken("the issuer's keys could not be fetched")
        if (found := self.known.get(token)) is not None and now < found[1]:
            return found[0]
        claims = self._claims(token)
        try:
            subject, expires = str(claims["sub"]), float(claims["exp"]) + LEEWAY
        except OverflowError:
            raise BadToken("the token's `exp` is outside the calendar") from None
        self.known[token] = (subject, expires)
        if len(self.known) > REMEMBERED:
            self.known.popitem(last=False)
        return subject

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            key = self._key(header)
            return jwt.decode(
                token,
                key.key,
                algorithms=[header["alg"]],
                audience=self.issuer.audience,
                issuer=self.issuer.issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except BadToken:
            raise
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError) as wrong:
            raise BadToken(_said(wrong)) from None

    def _key(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        algorithm = header.get("alg")
        if algorithm not in self.issuer.algorithms:
            raise BadToken("the token's algorithm is not allowed")
        if "crit" in header:
            raise BadToken("the token has extensions that must be understood, and none are")
        id = header.get("kid")
        if id is None and len(self.keys) == 1:
            key = next(iter(self.keys.values()))
        elif id in self.keys:
            key = self.keys[id]
        else:
            raise UnknownKey("the token's key is not among the issuer's")
        if key.key.key_type != KINDS[algorithm[:2]] or key.algorithm not in (None, algorithm):
            raise BadToken("the token's algorithm is not its key's")
        return key.key

    async def refresh(self) -> None:
        """Get the keys anew; those that are known stay if that fails.

        Raises:
            NoKeys: they cannot be had.
        """
        async with self.fetching:
            try:
                async with asyncio.timeout(FETCH_SECONDS):
                    self.take(await _apart(fetch, self.issuer))
            except TimeoutError:
                raise NoKeys(f"{self.issuer.jwks}: it does not answer within {FETCH_SECONDS:g} seconds") from None

    async def rotated(self) -> bool:
        """Whether keys were got anew because a token's was not known; not more often than every few seconds.

        Whoever comes while they are got waits for them.
        """
        if self.fetching.locked():
            async with self.fetching:
                return True
        if self.clock() - self.tried < COOL_SECONDS:
            return False
        self.tried = self.clock()
        try:
            await self.refresh()
        except NoKeys:
            return False
        return True

    def take(self, keys: Keys) -> None:
        """Trust these keys, and what they sign, alone."""
        self.fetched = self.clock()
        self.keys = keys
        self.known.clear()


async def _apart(function: Callable[[Issuer], Keys], issuer: Issuer) -> Keys:
    """What a function gives that may never end: its thread is waited for by nobody, not even at the end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Keys] = loop.create_future()

    def settle(keys: Keys | None, wrong: NoKeys | None) -> None:
        if not future.done():
            future.set_exception(wrong) if wrong else future.set_result(keys or {})

    def run() -> None:
        keys, failed = None, None
        try:
            keys = function(issuer)
        except NoKeys as wrong:
            failed = wrong
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, keys, failed)

    threading.Thread(target=run, daemon=True, name="keys").start()
    return await future


class _Here(urllib.request.HTTPRedirectHandler):
    """Keys come from where the operator says, and from nowhere that this place points to."""

    def redirect_request(self, *_: Any) -> None:
        """No."""


def _fetched(url: str) -> bytes:
    with urllib.request.build_opener(_Here).open(url, timeout=FETCH_SECONDS) as answer:
        data: bytes = answer.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError(f"holds more than {MOST_BYTES} bytes")
    return data


def fetch(issuer: Issuer) -> Keys:
    """An issuer's signing keys, by id.

    Raises:
        NoKeys: there are none, or they cannot be read.
    """
    try:
        if issuer.by_url:
            given = parse_json_bytes(_fetched(issuer.jwks), issuer.jwks)
        else:
            given = read_document(Path(issuer.jwks), issuer.jwks)
        found = jwt.PyJWKSet.from_dict(given).keys if isinstance(given, dict) else []
        said = {each.get("kid"): each for each in given["keys"]} if found else {}
    except DiagnosticError as faulty:
        raise NoKeys(str(faulty.diagnostics[0])) from None
    except (jwt.PyJWTError, OSError, HTTPException, ValueError, TypeError, KeyError, AttributeError) as wrong:
        raise NoKeys(f"{issuer.jwks}: {_said(wrong)}") from None
    kinds = {KINDS[algorithm[:2]] for algorithm in issuer.algorithms}
    keys = {
        key.key_id: Trusted(key, said[key.key_id].get("alg"))
        for key in found
        if key.key_type in kinds
        and key.public_key_use in (None, "sig")
        and "verify" in (said[key.key_id].get("key_ops") or ("verify",))
    }
    if not keys:
        raise NoKeys(f"{issuer.jwks}: holds no key for {', '.join(issuer.algorithms)}")
    return keys


def _said(wrong: Exception) -> str:
    text = str(wrong) or type(wrong).__name__
    return text[:1].lower() + text[1:200]

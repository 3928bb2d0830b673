"""Signed tokens (JWT, RFC 7519): the subject of a token that the issuer's present keys signed for this service.

Only asymmetric algorithms are accepted: never `none`, and never an HMAC, for which an attacker could use a public key
as the secret. A verified token is cached until it expires or the keys change.

A token that names a key (`kid`) is verified with the keys of that id, and another token with every key; in both cases
only with the keys that are for its algorithm (`authn/signing_keys.py`).
"""

import asyncio
import base64
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from authz.documents.json import parse_json_bytes
from authz.language.diagnostics import DiagnosticError
from authz_api.authn.jwks import FETCH_SECONDS, Issuer, KeysUnavailableError, fetch_in_thread, fetch_keys
from authz_api.authn.signing_keys import CURVE_ALGORITHMS, RSA_ALGORITHMS, Keys

ALGORITHMS = tuple(
    dict.fromkeys((*RSA_ALGORITHMS, *(each for of_curve in CURVE_ALGORITHMS.values() for each in of_curve)))
)
TYPES = ("jwt", "at+jwt")
"""The types of token (`typ`) that may be a credential: any JWT, which is the default, and an access token (RFC 9068).
A token that the issuer signed for another purpose, such as a logout token, is not one (RFC 8725, section 3.11)."""
MAX_LENGTH = 8_192
MAX_MESSAGE = 200
LEEWAY = 10
"""The seconds by which clocks may differ."""
CACHED_TOKENS = 1_024
REFRESH_SECONDS = 300.0
COOL_DOWN_SECONDS = 10.0
"""The least time between two fetches that unknown key ids cause."""
MAX_KEY_AGE_SECONDS = 86_400.0
"""How long keys are trusted after their last successful fetch."""
UNKNOWN_KEY = "the token's key is not among the issuer's keys"


class InvalidTokenError(Exception):
    """A token that proves nothing; the message is for its sender."""


class UnknownKeyError(InvalidTokenError):
    """A token signed by a key that is not among the present ones: the issuer may have rotated its keys."""


@dataclass(slots=True)
class Verifier:
    """Verifies an issuer's tokens with its present keys."""

    issuer: Issuer
    clock: Callable[[], float] = time.time
    fetch: Callable[[Issuer], Keys] = fetch_keys
    keys: Keys = field(init=False, default=(), repr=False)
    fetched_at: float = field(init=False, default=0.0)
    rotation_tried_at: float = field(init=False, default=0.0)
    cache: OrderedDict[str, tuple[str, float]] = field(init=False, default_factory=OrderedDict, repr=False)
    fetching: asyncio.Lock = field(init=False, default_factory=asyncio.Lock, repr=False)

    def subject(self, token: str) -> str:
        """The `sub` of a valid token.

        Raises:
            UnknownKeyError: its key id is not among the present keys.
            InvalidTokenError: it is malformed, badly signed, not for this service, or not valid now.
        """
        now = self.clock()
        if now - self.fetched_at > MAX_KEY_AGE_SECONDS:
            raise InvalidTokenError("the issuer's keys could not be fetched")
        if (cached := self.cache.get(token)) is not None and now < cached[1]:
            return cached[0]
        claims = self._claims(token)
        try:
            subject, expires = str(claims["sub"]), float(claims["exp"]) + LEEWAY
        except OverflowError:
            raise InvalidTokenError("the token's `exp` is outside the calendar") from None
        self.cache[token] = (subject, expires)
        if len(self.cache) > CACHED_TOKENS:
            self.cache.popitem(last=False)
        return subject

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            _require_sound_header(token, header)
            claims = self._verify(token, header)
        except InvalidTokenError:
            raise
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError) as error:
            raise InvalidTokenError(_message_of(error)) from None
        _require_strict(token, 1, "claims")
        return claims

    def _verify(self, token: str, header: Mapping[str, Any]) -> Mapping[str, Any]:
        """The claims of a token, by the first of its possible keys that verifies its signature.

        Raises:
            jwt.PyJWTError: its claims are not valid.
            UnknownKeyError: no key of the present ones has its key id; or it names none, and no key verifies it.
            InvalidTokenError: the key that it names is not for its algorithm, or does not verify it.
        """
        algorithm, id = header.get("alg"), header.get("kid")
        if algorithm not in self.issuer.algorithms:
            raise InvalidTokenError("the token's algorithm is not allowed")
        named = [key for key in self.keys if id is None or key.id == id]
        if not named:
            raise UnknownKeyError(UNKNOWN_KEY)
        possible = [key for key in named if algorithm in key.algorithms]
        if not possible and id is not None:
            raise InvalidTokenError("the token's algorithm is not its key's algorithm")
        for key in possible:
            try:
                return self._decode(token, key.key, algorithm)
            except jwt.InvalidSignatureError:
                continue
        if id is None:
            # The issuer may have rotated its keys, and a token without a key id cannot tell.
            raise UnknownKeyError(UNKNOWN_KEY)
        raise InvalidTokenError("the token's signature is not its key's signature")

    def _decode(self, token: str, key: Any, algorithm: str) -> Mapping[str, Any]:
        return jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=self.issuer.audience,
            issuer=self.issuer.issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )

    async def refresh(self) -> None:
        """Fetch the keys again; if that fails the present keys stay.

        Raises:
            KeysUnavailableError: they cannot be fetched.
        """
        async with self.fetching:
            try:
                async with asyncio.timeout(FETCH_SECONDS):
                    self.use(await fetch_in_thread(self.fetch, self.issuer))
            except TimeoutError:
                message = f"{self.issuer.jwks}: no answer within {FETCH_SECONDS:g} seconds"
                raise KeysUnavailableError(message) from None

    async def refresh_after_rotation(self) -> bool:
        """Fetch the keys again because a token's key is unknown, once in `COOL_DOWN_SECONDS`; whether they are new.

        Calls that come during a fetch wait for it.
        """
        if self.fetching.locked():
            async with self.fetching:
                return True
        if self.clock() - self.rotation_tried_at < COOL_DOWN_SECONDS:
            return False
        self.rotation_tried_at = self.clock()
        try:
            await self.refresh()
        except KeysUnavailableError:
            return False
        return True

    def use(self, keys: Keys) -> None:
        """Trust these keys, and forget what other keys verified."""
        self.fetched_at = self.clock()
        self.keys = keys
        self.cache.clear()


def _require_sound_header(token: str, header: Mapping[str, Any]) -> None:
    """Refuse a header that asks for more than is supported, or that two readers can read differently.

    Raises:
        InvalidTokenError: it has a critical extension, a type of token that is no credential, or is not I-JSON.
    """
    if "crit" in header:
        raise InvalidTokenError("the token has a critical extension, and none is supported")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in TYPES:
        raise InvalidTokenError("the token's type (`typ`) is not that of an access token")
    _require_strict(token, 0, "header")


def _require_strict(token: str, segment: int, name: str) -> None:
    """Refuse a segment that is not I-JSON: of two members with one name, readers differ on which one counts.

    Raises:
        InvalidTokenError: it is not I-JSON.
    """
    encoded = token.split(".")[segment]
    try:
        parse_json_bytes(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)), "")
    except DiagnosticError as error:
        raise InvalidTokenError(f"the token's {name}: {error.diagnostics[0].problem}"[:MAX_MESSAGE]) from None


def _message_of(error: Exception) -> str:
    """An exception's message, shortened, in lower case at its beginning."""
    text = str(error) or type(error).__name__
    return text[:1].lower() + text[1:MAX_MESSAGE]

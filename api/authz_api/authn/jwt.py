"""Signed tokens (JWT, RFC 7519): the subject of a token that the issuer's present keys signed for this service.

Only asymmetric algorithms are accepted: never `none`, and never an HMAC, for which an attacker could use a public key
as the secret. A verified token is cached until it expires or the keys change.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from authz_api.authn.jwks import (
    FETCH_SECONDS,
    KEY_TYPES,
    Issuer,
    Keys,
    KeysUnavailableError,
    fetch_in_thread,
    fetch_keys,
    message_of,
)

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
MAX_LENGTH = 8_192
LEEWAY = 10
"""The seconds by which clocks may differ."""
CACHED_TOKENS = 1_024
REFRESH_SECONDS = 300.0
COOL_DOWN_SECONDS = 10.0
"""The least time between two fetches that unknown key ids cause."""
MAX_KEY_AGE_SECONDS = 86_400.0
"""How long keys are trusted after their last successful fetch."""


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
    keys: Keys = field(init=False, default_factory=dict, repr=False)
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
        except InvalidTokenError:
            raise
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError) as error:
            raise InvalidTokenError(message_of(error)) from None

    def _key(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        algorithm = header.get("alg")
        if algorithm not in self.issuer.algorithms:
            raise InvalidTokenError("the token's algorithm is not allowed")
        if "crit" in header:
            raise InvalidTokenError("the token has a critical extension, and none is supported")
        id = header.get("kid")
        if id is None and len(self.keys) == 1:
            key = next(iter(self.keys.values()))
        elif id in self.keys:
            key = self.keys[id]
        else:
            raise UnknownKeyError("the token's key is not among the issuer's keys")
        if key.key.key_type != KEY_TYPES[algorithm[:2]] or key.algorithm not in (None, algorithm):
            raise InvalidTokenError("the token's algorithm is not its key's algorithm")
        return key.key

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

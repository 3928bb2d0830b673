"""An issuer's signing keys (JWKS, RFC 7517), from a file or a URL."""

import asyncio
import contextlib
import threading
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt

from authz.documents.files import read_document
from authz.documents.json import parse_json_bytes
from authz.language.diagnostics import DiagnosticError

KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
"""The key type for each family of algorithms, by the first two letters of its name."""
FETCH_SECONDS = 5.0
MAX_BYTES = 1_048_576
MAX_MESSAGE = 200


class KeysUnavailableError(Exception):
    """The issuer's keys cannot be fetched or read."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer of tokens: its `iss`, the audience that tokens must name, and the file or URL of its keys."""

    issuer: str
    audience: str
    jwks: str
    algorithms: tuple[str, ...] = ("RS256",)

    @property
    def by_url(self) -> bool:
        """Whether the keys are fetched over HTTP."""
        return self.jwks.startswith(("https://", "http://"))


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key of the issuer, and the one algorithm that the key set allows for it, if it names one."""

    key: jwt.PyJWK
    algorithm: str | None


Keys = Mapping[str | None, SigningKey]
"""An issuer's keys, by key id."""


def loopback_or_https(jwks: str) -> bool:
    """Whether nobody on the network can change the keys on their way: a file, https, or loopback."""
    url = urlsplit(jwks)
    return url.scheme != "http" or url.hostname in ("127.0.0.1", "::1", "localhost")


def fetch_keys(issuer: Issuer) -> Keys:
    """An issuer's signing keys, by id.

    Raises:
        KeysUnavailableError: they cannot be read, or none is for the issuer's algorithms.
    """
    try:
        if issuer.by_url:
            document = parse_json_bytes(_download(issuer.jwks), issuer.jwks)
        else:
            document = read_document(Path(issuer.jwks), issuer.jwks)
        keys = jwt.PyJWKSet.from_dict(document).keys if isinstance(document, dict) else []
        members = {each.get("kid"): each for each in document["keys"]} if keys else {}
    except DiagnosticError as error:
        raise KeysUnavailableError(str(error.diagnostics[0])) from None
    except (jwt.PyJWTError, OSError, HTTPException, ValueError, TypeError, KeyError, AttributeError) as error:
        raise KeysUnavailableError(f"{issuer.jwks}: {message_of(error)}") from None
    types = {KEY_TYPES[algorithm[:2]] for algorithm in issuer.algorithms}
    signing = {
        key.key_id: SigningKey(key, members[key.key_id].get("alg"))
        for key in keys
        if key.key_type in types
        and key.public_key_use in (None, "sig")
        and "verify" in (members[key.key_id].get("key_ops") or ("verify",))
    }
    if not signing:
        raise KeysUnavailableError(f"{issuer.jwks}: holds no key for {', '.join(issuer.algorithms)}")
    return signing


async def fetch_in_thread(fetch: Callable[[Issuer], Keys], issuer: Issuer) -> Keys:
    """Run a fetch that may never end in a daemon thread, which nothing waits for, not even the end of the process."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Keys] = loop.create_future()

    def resolve(keys: Keys | None, error: KeysUnavailableError | None) -> None:
        if not future.done():
            future.set_exception(error) if error else future.set_result(keys or {})

    def run() -> None:
        keys, failure = None, None
        try:
            keys = fetch(issuer)
        except KeysUnavailableError as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop may have ended
            loop.call_soon_threadsafe(resolve, keys, failure)

    threading.Thread(target=run, daemon=True, name="jwks").start()
    return await future


def message_of(error: Exception) -> str:
    """An exception's message, shortened, in lower case at its beginning."""
    text = str(error) or type(error).__name__
    return text[:1].lower() + text[1:MAX_MESSAGE]


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Keys come from the configured URL alone."""

    def redirect_request(self, *_: Any) -> None:
        """Follow no redirect."""


def _download(url: str) -> bytes:
    with urllib.request.build_opener(_NoRedirects).open(url, timeout=FETCH_SECONDS) as response:
        data: bytes = response.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"holds more than {MAX_BYTES} bytes")
    return data

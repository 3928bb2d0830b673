"""Fetch an issuer's signing keys from a file or a URL."""

import asyncio
import contextlib
import threading
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from authz.documents.files import read_document
from authz.documents.json import parse_json_bytes
from authz.language.diagnostics import DiagnosticError
from authz_api.authn.signing_keys import Keys, KeySetError, signing_keys

LOOPBACK = ("127.0.0.1", "::1", "localhost")
FETCH_SECONDS = 5.0
MAX_BYTES = 1_048_576


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


def loopback_or_https(jwks: str) -> bool:
    """Whether nobody on the network can change the keys on their way: a file, https, or loopback."""
    url = urlsplit(jwks)
    return url.scheme != "http" or url.hostname in LOOPBACK


def fetch_keys(issuer: Issuer) -> Keys:
    """An issuer's signing keys.

    Raises:
        KeysUnavailableError: they cannot be read, or none is for the issuer's algorithms. The message quotes no
            content of the key set.
    """
    try:
        keys = signing_keys(_read(issuer), issuer.algorithms)
    except DiagnosticError as error:
        diagnostic = error.diagnostics[0]
        raise KeysUnavailableError(f"{diagnostic.span}: {diagnostic.code}") from None
    except (OSError, ValueError, HTTPException) as error:
        raise KeysUnavailableError(f"{issuer.jwks}: {_problem_of(error)}") from None
    if not keys:
        raise KeysUnavailableError(f"{issuer.jwks}: holds no key for {', '.join(issuer.algorithms)}")
    return keys


def _read(issuer: Issuer) -> Any:
    if issuer.by_url:
        return parse_json_bytes(_download(issuer.jwks), issuer.jwks)
    return read_document(Path(issuer.jwks), issuer.jwks)


async def fetch_in_thread(fetch: Callable[[Issuer], Keys], issuer: Issuer) -> Keys:
    """Run a fetch that may never end in a daemon thread, which nothing waits for, not even the end of the process."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Keys] = loop.create_future()

    def resolve(keys: Keys, error: KeysUnavailableError | None) -> None:
        if not future.done():
            future.set_exception(error) if error else future.set_result(keys)

    def run() -> None:
        keys: Keys = ()
        failure = None
        try:
            keys = fetch(issuer)
        except KeysUnavailableError as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop may have ended
            loop.call_soon_threadsafe(resolve, keys, failure)

    threading.Thread(target=run, daemon=True, name="jwks").start()
    return await future


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Keys come from the configured URL alone."""

    def redirect_request(self, *_: Any) -> None:
        """Follow no redirect."""


def _problem_of(error: Exception) -> str:
    """Why keys cannot be fetched, in words that quote nothing of a response."""
    if isinstance(error, KeySetError):
        return str(error)
    if isinstance(error, HTTPError):
        return f"HTTP status {error.code}"
    cause = error.reason if isinstance(error, URLError) and isinstance(error.reason, OSError) else error
    return (cause.strerror.lower() if isinstance(cause, OSError) and cause.strerror else "") or type(cause).__name__


def _download(url: str) -> bytes:
    handlers: list[Any] = [_NoRedirects]
    if urlsplit(url).hostname in LOOPBACK:
        # A proxy that the environment names could answer in the issuer's place.
        handlers.append(urllib.request.ProxyHandler({}))
    with urllib.request.build_opener(*handlers).open(url, timeout=FETCH_SECONDS) as response:
        data: bytes = response.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise KeySetError(f"holds more than {MAX_BYTES} bytes")
    return data

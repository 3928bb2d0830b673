"""The AuthZEN client for an event loop: one deadline for each call, nothing sent twice; the only importer of httpx.

It uses the transport of httpx and not its client, so that there are no redirects, cookies, proxies or `.netrc`.
"""

import asyncio
import ipaddress
import re
import secrets
import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeVar, cast

import httpx

from authz.client.models import ClientError, Evaluation, EvaluationResponse, SearchRequest, UnansweredError
from authz.client.pending import AsyncSearchResults, EvaluationResponses, PendingCall
from authz.client.responses import (
    EVALUATION,
    EVALUATIONS,
    Pages,
    RawResponse,
    encode_request,
    read_evaluation,
    read_evaluations,
    sanitize,
    without_decision,
)

MAX_RESPONSE_BYTES = 1_048_576
MAX_ITEM_BYTES = 8_192
"""How much larger the response to a batch may be for each item."""
KEEPALIVE_SECONDS = 4.0
"""How long an idle connection is kept: shorter than servers keep it, so that no request meets a closing connection."""
REQUEST_ID = "x-request-id"
"""A header that a server must return unchanged (AuthZEN 1.0, section 10.1)."""
TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")

Entity = TypeVar("Entity")


@dataclass(frozen=True, slots=True)
class Server:
    """The address of a server, the token to send, and the time limits.

    `deadline` is the seconds for a call as a whole; `timeout` the seconds that one step (connect, send, receive) may
    make no progress. Connecting is tried again `retries` times; a request that may have left is never sent again. `tls`
    is for a certificate authority of your own.

    Raises:
        ValueError: the URL is not safe to call, or the token cannot be sent.
    """

    url: str
    token: str = field(default="", repr=False)
    deadline: float = 5.0
    timeout: float = 2.0
    retries: int = 2
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    plain_http: bool = False
    """Whether requests without a token may go to another host over plain http, where anybody on the way can answer."""

    def __post_init__(self) -> None:
        try:
            url = httpx.URL(self.url)
            host, port = url.host, 443 if url.port is None else url.port
        except (httpx.InvalidURL, TypeError, UnicodeError):
            raise ValueError("the URL is not valid") from None
        if not 0 < port < 65_536:
            raise ValueError(f"{port} is not a port")
        if url.scheme not in ("https", "http") or not host:
            raise ValueError("the URL is not of the form https://host")
        if url.userinfo or url.query or url.fragment or "?" in self.url or "#" in self.url:
            raise ValueError("the URL has more than a host, a port and a path: give a token as `token`")
        if url.scheme == "http" and not _loopback(host):
            if self.token:
                raise ValueError(f"the token would go to {host} over plain http, readable on the way: use https")
            if not self.plain_http:
                raise ValueError(f"{host} would be called over plain http: use https, or set `plain_http=True`")
        if self.token and not TOKEN.fullmatch(self.token):
            raise ValueError("the token has other characters than visible ASCII, or too many")
        if not (self.deadline > 0 and self.timeout > 0 and self.retries >= 0):
            raise ValueError("`deadline` and `timeout` must be more than 0, and `retries` at least 0")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class AsyncClient:
    """A client for one event loop that keeps its connections. Close it, or use it in `async with`."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._base = server.url.rstrip("/")
        self._headers = {
            "accept": "application/json",
            "accept-encoding": "identity",
            "content-type": "application/json",
        }
        if server.token:
            self._headers["authorization"] = f"Bearer {server.token}"
        self._transport = httpx.AsyncHTTPTransport(
            verify=server.tls or True,
            trust_env=False,
            retries=server.retries,
            limits=httpx.Limits(max_connections=100, keepalive_expiry=KEEPALIVE_SECONDS),
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.server!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; a later call opens new ones."""
        await self._transport.aclose()

    def evaluate(self, evaluation: Evaluation) -> PendingCall[EvaluationResponse]:
        """The response to one evaluation, when awaited; it is true for a permit alone.

        Raises:
            TypeError, ValueError: the evaluation has a value that JSON cannot express.
        """
        return PendingCall(self._evaluate(encode_request(evaluation.as_data())))

    async def _evaluate(self, body: bytes) -> EvaluationResponse:
        try:
            return read_evaluation(await self._post(EVALUATION, body))
        except ClientError as error:
            return without_decision(error)

    def evaluate_all(self, evaluations: Sequence[Evaluation]) -> PendingCall[EvaluationResponses]:
        """The responses to many evaluations, in order, decided at one instant, when awaited.

        Raises:
            TypeError, ValueError: an evaluation has a value that JSON cannot express.
            ValueError: there is no evaluation.
        """
        if not evaluations:
            raise ValueError("there is no evaluation: `all` of no responses would be true")
        body = encode_request({"evaluations": [evaluation.as_data() for evaluation in evaluations]})
        return PendingCall(self._evaluate_all(body, len(evaluations)))

    async def _evaluate_all(self, body: bytes, count: int) -> EvaluationResponses:
        try:
            return read_evaluations(await self._post(EVALUATIONS, body, count), count)
        except ClientError as error:
            return EvaluationResponses((without_decision(error),) * count)

    def search(self, search: SearchRequest[Entity], *, limit: int | None = None) -> AsyncSearchResults[Entity]:
        """The entities that would be permitted, page after page; `limit` is the number of results on a page.

        Reading them raises:
            UnansweredError: a page is missing or malformed, so that the results so far are incomplete.
            RejectedRequestError: the server rejected the search as malformed.
        """
        return AsyncSearchResults(self._search(Pages(search, limit)))

    async def _search(self, pages: Pages[Entity]) -> AsyncGenerator[Entity, None]:
        while pages.more:
            for entity in await self._page(pages):
                yield entity

    def page(self, pages: Pages[Entity]) -> PendingCall[tuple[Entity, ...]]:
        """The next page of a search, when awaited."""
        return PendingCall(self._page(pages))

    async def _page(self, pages: Pages[Entity]) -> tuple[Entity, ...]:
        return pages.read(await self._post(pages.path, pages.body()))

    async def _post(self, path: str, body: bytes, items: int = 0) -> RawResponse:
        headers = {**self._headers, REQUEST_ID: secrets.token_hex(16)}
        timeouts = httpx.Timeout(self.server.timeout).as_dict()
        request = httpx.Request(
            "POST", self._base + path, headers=headers, content=body, extensions={"timeout": timeouts}
        )
        try:
            # The time-outs of httpx start again with each byte that arrives.
            async with asyncio.timeout(self.server.deadline):
                return await self._receive(request, MAX_RESPONSE_BYTES + items * MAX_ITEM_BYTES)
        except httpx.TimeoutException as error:
            raise UnansweredError(f"no progress for {self.server.timeout:g} seconds ({_name(error)})") from None
        except TimeoutError:
            raise UnansweredError(f"no response within {self.server.deadline:g} seconds") from None
        # httpx does not wrap the errors that TLS raises while it receives.
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            message = sanitize(str(error), self.server.token)
            raise UnansweredError(f"the call failed ({_name(error)}): {message}") from None

    async def _receive(self, request: httpx.Request, max_bytes: int) -> RawResponse:
        response = await self._transport.handle_async_request(request)
        try:
            if response.headers.get(REQUEST_ID) != request.headers[REQUEST_ID]:
                # INVARIANT: the body is left unread, so that the connection closes. The connection is out of step, as
                # when a server answered twice; a response must never be taken for the response to the next request.
                raise UnansweredError(f"the server answered {response.status_code} to another request")
            parts, size = [], 0
            # Close the iterator here: the event loop may be gone when the garbage collector would close it.
            async with aclosing(cast(AsyncGenerator[bytes, None], response.aiter_raw())) as stream:
                async for part in stream:
                    parts.append(part)
                    size += len(part)
                    if size > max_bytes:
                        raise UnansweredError(f"the response is larger than {max_bytes} bytes")
        finally:
            await response.aclose()
        return RawResponse(response.status_code, response.headers, b"".join(parts), self.server.token)


def _name(error: Exception) -> str:
    return type(error).__name__

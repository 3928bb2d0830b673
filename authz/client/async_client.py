"""Ask over HTTP: one deadline over all of a call, nothing sent twice, nothing followed. The one door to httpx.

It is httpx's transport that is used, and not its client: there are no redirects, cookies, proxies or `.netrc` here.
"""

import asyncio
import ipaddress
import re
import secrets
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeVar, cast

import httpx

from authz.client.models import Answer, Evaluation, NoAnswer, Search, Unanswered
from authz.client.responses import (
    EVALUATION,
    EVALUATIONS,
    Pages,
    Reply,
    body_of,
    clean,
    read_answer,
    read_answers,
    unanswered,
)

MOST_BYTES = 1_048_576
MOST_ITEM_BYTES = 8_192
"""How much larger the answer to a batch may be, for each item."""
KEPT_SECONDS = 4.0
"""How long an idle connection is kept: less than servers do, so that no request meets one that is just being closed."""
ID = "x-request-id"
"""A header that a server must send back as it came (AuthZEN 1.0, section 10.1)."""
SENDABLE = re.compile(r"[\x21-\x7e]{1,8192}")

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Server:
    """Where to ask, as whom, and for how long.

    `deadline` is seconds for the whole of a call; `timeout`, at most how long each step of it may stand still: to
    connect, to send, to receive. A connection that cannot be made is tried `retries` times more; once a request may
    have left, it is never sent again. `tls` is for a certificate authority of your own.

    Raises:
        ValueError: the URL is not safe, or the token cannot be sent.
    """

    url: str
    token: str = field(default="", repr=False)
    deadline: float = 5.0
    timeout: float = 2.0
    retries: int = 2
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    plain_http: bool = False
    """Whether questions, never a token, may go to another host over plain http, where anybody on the way can answer."""

    def __post_init__(self) -> None:
        try:
            url = httpx.URL(self.url)
            host, port = url.host, 443 if url.port is None else url.port
        except (httpx.InvalidURL, TypeError, UnicodeError):
            raise ValueError("the URL cannot be read") from None
        if not 0 < port < 65_536:
            raise ValueError(f"{port} is no port")
        if url.scheme not in ("https", "http") or not host:
            raise ValueError("the URL is not of the form https://host")
        if url.userinfo or url.query or url.fragment or "?" in self.url or "#" in self.url:
            raise ValueError("the URL has more than a host, a port and a path: give a token as `token`")
        if url.scheme == "http" and not _loopback(host):
            if self.token:
                raise ValueError(f"a token would go to {host} over plain http for all to read: use https")
            if not self.plain_http:
                raise ValueError(f"{host} is asked over plain http: use https, or say `plain_http=True`")
        if self.token and not SENDABLE.fullmatch(self.token):
            raise ValueError("the token is not of visible ASCII characters")
        if not (self.deadline > 0 and self.timeout > 0 and self.retries >= 0):
            raise ValueError("deadline and timeout are more than 0, and retries no less")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class AsyncClient:
    """Asks a server, over connections that it keeps; for one event loop. Close it, or use it in `async with`."""

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
            limits=httpx.Limits(max_connections=100, keepalive_expiry=KEPT_SECONDS),
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
        """Close the connections; a question asked later opens new ones."""
        await self._transport.aclose()

    async def evaluate(self, evaluation: Evaluation) -> Answer:
        """The answer to one question; it is falsy unless it is a permit.

        Raises:
            TypeError, ValueError: the question holds what cannot be sent.
        """
        try:
            return read_answer(await self._post(EVALUATION, body_of(evaluation.as_data())))
        except NoAnswer as why:
            return unanswered(why)

    async def evaluate_all(self, evaluations: Sequence[Evaluation]) -> tuple[Answer, ...]:
        """The answers to many questions, in order, decided at one instant.

        Raises:
            TypeError, ValueError: a question holds what cannot be sent.
        """
        if not evaluations:
            return ()
        count, body = len(evaluations), body_of({"evaluations": [one.as_data() for one in evaluations]})
        try:
            return read_answers(await self._post(EVALUATIONS, body, count), count)
        except NoAnswer as why:
            return (unanswered(why),) * count

    async def search(self, search: Search[Found], *, limit: int | None = None) -> AsyncIterator[Found]:
        """Whoever or whatever would be allowed, page after page; `limit` is the most results of a page.

        Raises:
            Unanswered: a page did not come, or is none: what was found so far is not all.
            Malformed: the server says that the search is.
        """
        pages = Pages(search, limit)
        while pages.more:
            for found in await self.page(pages):
                yield found

    async def page(self, pages: Pages[Found]) -> tuple[Found, ...]:
        """The next page of a search."""
        return pages.read(await self._post(pages.path, pages.body()))

    async def _post(self, path: str, body: bytes, items: int = 0) -> Reply:
        headers = {**self._headers, ID: secrets.token_hex(16)}
        waits = httpx.Timeout(self.server.timeout).as_dict()
        request = httpx.Request("POST", self._base + path, headers=headers, content=body, extensions={"timeout": waits})
        try:
            # httpx's own time-outs begin anew with each byte that comes.
            async with asyncio.timeout(self.server.deadline):
                return await self._receive(request, MOST_BYTES + items * MOST_ITEM_BYTES)
        except httpx.TimeoutException as late:
            raise Unanswered(f"the server kept still for {self.server.timeout:g} seconds ({_name(late)})") from None
        except TimeoutError:
            raise Unanswered(f"there was no answer within {self.server.deadline:g} seconds") from None
        # What TLS finds wrong while it receives comes as it is.
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            said = clean(str(error), self.server.token)
            raise Unanswered(f"the server could not be asked ({_name(error)}): {said}") from None

    async def _receive(self, request: httpx.Request, most: int) -> Reply:
        response = await self._transport.handle_async_request(request)
        try:
            if response.headers.get(ID) != request.headers[ID]:
                # INVARIANT: its body is left unread, so that the connection closes. What came is out of step, as when
                # something answered twice: the answer to one question is never taken for the answer to the next.
                raise Unanswered(f"the server answered {response.status_code}, and not to this question")
            parts, size = [], 0
            # Closed here and now: one that is left half read would be closed when nothing runs any more.
            async with aclosing(cast(AsyncGenerator[bytes, None], response.aiter_raw())) as coming:
                async for part in coming:
                    parts.append(part)
                    size += len(part)
                    if size > most:
                        raise Unanswered(f"the answer is larger than {most} bytes")
        finally:
            await response.aclose()
        return Reply(response.status_code, response.headers, b"".join(parts), self.server.token)


def _name(error: Exception) -> str:
    return type(error).__name__

"""The AuthZEN client for blocking code: its calls run on an event loop in a background thread.

Only an event loop can bound a call as a whole. The time-out of a blocking socket starts again with each byte, so that
a server that sends its headers one byte at a time would block its caller for hours.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

from authz.client.async_client import AsyncClient, Server
from authz.client.models import Evaluation, EvaluationResponse, SearchRequest
from authz.client.pending import EvaluationResponses, SearchResults
from authz.client.responses import Pages

Entity = TypeVar("Entity")
Result = TypeVar("Result")
GRACE_SECONDS = 1.0
"""How much longer than its deadline a call may take, in case the thread does not run at all."""


@dataclass(frozen=True, slots=True)
class _Running:
    """A client and the event loop that it runs on."""

    client: AsyncClient
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def begin(self) -> threading.Thread:
        thread = threading.Thread(target=self.loop.run_forever, name="authz.client", daemon=True)
        thread.start()
        return thread

    async def end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.client.aclose()


class Client:
    """A client for any number of threads that keeps its connections. Close it, or use it in `with`."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._starting = threading.Lock()
        self._started: tuple[_Running, threading.Thread] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.server!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        with self._starting:
            started, self._started = self._started, None
            if started is None or not started[1].is_alive():
                return
            running, thread = started
            asyncio.run_coroutine_threadsafe(running.end(), running.loop).result()
            running.loop.call_soon_threadsafe(running.loop.stop)
            thread.join()
            running.loop.close()

    def evaluate(self, evaluation: Evaluation) -> EvaluationResponse:
        """The response to one evaluation; it is true for a permit alone.

        Raises:
            TypeError, ValueError: the evaluation has a value that JSON cannot express.
        """
        return self._wait(lambda client: client.evaluate(evaluation))

    def evaluate_all(self, evaluations: Sequence[Evaluation]) -> EvaluationResponses:
        """The responses to many evaluations, in order, decided at one instant.

        Raises:
            TypeError, ValueError: an evaluation has a value that JSON cannot express.
            ValueError: there is no evaluation.
        """
        return self._wait(lambda client: client.evaluate_all(evaluations))

    def search(self, search: SearchRequest[Entity], *, limit: int | None = None) -> SearchResults[Entity]:
        """The entities that would be permitted, page after page; `limit` is the number of results on a page.

        Reading them raises:
            UnansweredError: a page is missing or malformed, so that the results so far are incomplete.
            RejectedRequestError: the server rejected the search as malformed.
        """
        return SearchResults(self._search(Pages(search, limit)))

    def _search(self, pages: Pages[Entity]) -> Iterator[Entity]:
        while pages.more:
            yield from self._wait(lambda client: client.page(pages))

    def _wait(self, call: Callable[[AsyncClient], Coroutine[Any, Any, Result]]) -> Result:
        running = self._running()
        future = asyncio.run_coroutine_threadsafe(call(running.client), running.loop)
        try:
            return future.result(self.server.deadline + GRACE_SECONDS)
        finally:
            future.cancel()

    def _running(self) -> _Running:
        started = self._started
        if started is not None and started[1].is_alive():
            return started[0]
        with self._starting:
            # There is no thread yet, or this process was forked from the one that has it: connections cannot be shared.
            if self._started is None or not self._started[1].is_alive():
                running = _Running(AsyncClient(self.server))
                self._started = running, running.begin()
            return self._started[0]

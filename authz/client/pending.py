"""What a call returns before its responses are read: values whose truth is an error, so that no test on them passes.

A coroutine, a generator and a tuple are true whatever the server answers; `if client.evaluate(...)` without its `await`
would be a permit for everybody. Each type here raises a TypeError when its truth is tested.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Generator, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Generic, NoReturn, Self, TypeVar, overload

from authz.client.models import EvaluationResponse

Result = TypeVar("Result")
Entity = TypeVar("Entity")


class PendingCall(Coroutine[Any, Any, Result], Generic[Result]):
    """A call that was not awaited yet; it is a coroutine, so that tasks and `asyncio.gather` accept it.

    Raises:
        TypeError: its truth is tested.
    """

    __slots__ = ("_call",)

    def __init__(self, call: Coroutine[Any, Any, Result]) -> None:
        self._call = call

    def __bool__(self) -> NoReturn:
        raise TypeError("the call was not awaited, and is neither a permit nor a refusal: write `await` before it")

    def __await__(self) -> Generator[Any, Any, Result]:
        return self._call.__await__()

    def send(self, value: Any) -> Any:
        """Continue the call, for the event loop."""
        return self._call.send(value)

    def throw(self, kind: Any, value: Any = None, trace: TracebackType | None = None) -> Any:
        """Raise an exception in the call, for the event loop."""
        if value is None and trace is None:
            return self._call.throw(kind)
        return self._call.throw(kind, value, trace)

    def close(self) -> None:
        """End the call."""
        self._call.close()


class EvaluationResponses(Sequence[EvaluationResponse]):
    """The responses to a batch of evaluations, in order.

    There is at least one, so that `all(responses)` is never true of none.

    Raises:
        ValueError: it would be empty.
        TypeError: its truth is tested.
    """

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[EvaluationResponse]) -> None:
        self._items = tuple(items)
        if not self._items:
            raise ValueError("there is no evaluation: `all` of no responses would be true")

    def __bool__(self) -> NoReturn:
        raise TypeError("many responses are neither a permit nor a refusal: write `all(responses)`, or test each")

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> EvaluationResponse: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> EvaluationResponse | Self:
        return type(self)(self._items[index]) if isinstance(index, slice) else self._items[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EvaluationResponses) and self._items == other._items

    def __hash__(self) -> int:
        return hash(self._items)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._items!r})"


class SearchResults(Iterator[Entity], Generic[Entity]):
    """The entities of a search, fetched page after page while they are read.

    Raises:
        TypeError: its truth is tested.
    """

    __slots__ = ("_entities",)

    def __init__(self, entities: Iterator[Entity]) -> None:
        self._entities = entities

    def __bool__(self) -> NoReturn:
        raise TypeError("a search has no results before it is read: write `any(True for entity in results)`")

    def __next__(self) -> Entity:
        return next(self._entities)


class AsyncSearchResults(AsyncIterator[Entity], Generic[Entity]):
    """The entities of a search, fetched page after page while `async for` reads them.

    Raises:
        TypeError: its truth is tested.
    """

    __slots__ = ("_entities",)

    def __init__(self, entities: AsyncGenerator[Entity, None]) -> None:
        self._entities = entities

    def __bool__(self) -> NoReturn:
        raise TypeError("a search has no results before it is read: use `async for`")

    async def __anext__(self) -> Entity:
        return await anext(self._entities)

    async def aclose(self) -> None:
        """End the search before its last page."""
        await self._entities.aclose()

"""Nothing that the client returns is true but a permit: what is no response raises when its truth is tested."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from authz.client import (
    ActionSearch,
    AsyncClient,
    Client,
    EvaluationOutcome,
    EvaluationResponse,
    EvaluationResponses,
    Server,
)
from authz.client.responses import Pages
from tests.support.client_cases import ABOUT_SARA, X, patient_server, permit_with, unanswered_with
from tests.support.faulty_server import http, respond_with, serve_script

SERVER = Server("http://127.0.0.1:9", deadline=0.5, timeout=0.5, retries=0)
SEARCH = ActionSearch(X, ABOUT_SARA.resource)

WITHOUT_AWAIT: dict[str, Callable[[AsyncClient], Any]] = {
    "evaluate": lambda client: client.evaluate(ABOUT_SARA),
    "evaluate_all": lambda client: client.evaluate_all([ABOUT_SARA]),
    "search": lambda client: client.search(SEARCH),
    "page": lambda client: client.page(Pages(SEARCH)),
}


@pytest.mark.parametrize("call", WITHOUT_AWAIT)
@pytest.mark.parametrize(
    "test", [bool, lambda value: not value, lambda value: all([value]), lambda value: any([value])]
)
def test_a_call_without_await_has_no_truth(call: str, test: Callable[[Any], bool]) -> None:
    pending = WITHOUT_AWAIT[call](AsyncClient(SERVER))
    with pytest.raises(TypeError, match=r"await|async for"):
        test(pending)
    if call != "search":
        pending.close()


def test_every_public_call_of_the_async_client_is_among_them() -> None:
    public = {name for name, _ in inspect.getmembers(AsyncClient, inspect.isfunction) if not name.startswith("_")}
    assert public == {*WITHOUT_AWAIT, "aclose"}


def test_a_search_of_the_blocking_client_has_no_truth() -> None:
    with Client(SERVER) as client, pytest.raises(TypeError, match="before it is read"):
        bool(client.search(SEARCH))


def test_a_batch_has_no_truth_and_its_responses_have() -> None:
    responses = EvaluationResponses([permit_with(), unanswered_with("late")])
    for truth in (bool, lambda value: not value):
        with pytest.raises(TypeError, match=r"write `all\(responses\)`"):
            truth(responses)
    assert [all(responses), any(responses), all(responses[:1]), len(responses)] == [False, True, True, 2]
    assert responses == EvaluationResponses(list(responses)) and responses != responses[:1]


def test_no_batch_is_empty_so_that_all_of_it_means_something() -> None:
    permit = EvaluationResponse(EvaluationOutcome.PERMITTED)
    for empty in (lambda: EvaluationResponses([]), lambda: EvaluationResponses([permit])[1:]):
        with pytest.raises(ValueError, match="there is no evaluation"):
            empty()
    with pytest.raises(ValueError, match="there is no evaluation"):
        AsyncClient(SERVER).evaluate_all([])
    with Client(SERVER) as client, pytest.raises(ValueError, match="there is no evaluation"):
        client.evaluate_all([])


async def as_task(client: AsyncClient) -> EvaluationResponse:
    return await asyncio.create_task(client.evaluate(ABOUT_SARA))


async def in_a_gathering(client: AsyncClient) -> EvaluationResponse:
    return (await asyncio.gather(client.evaluate(ABOUT_SARA)))[0]


async def in_time(client: AsyncClient) -> EvaluationResponse:
    return await asyncio.wait_for(client.evaluate(ABOUT_SARA), 30)


async def in_a_group(client: AsyncClient) -> EvaluationResponse:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(client.evaluate(ABOUT_SARA))
    return task.result()


@pytest.mark.parametrize("way", [as_task, in_a_gathering, in_time, in_a_group])
def test_a_call_can_be_awaited_in_every_way_of_asyncio(way: Callable[[AsyncClient], Any]) -> None:
    async def main(url: str) -> Any:
        async with AsyncClient(patient_server(url)) as client:
            return await way(client)

    with serve_script(respond_with(http())) as server:
        assert asyncio.run(main(server.url)) == permit_with()


def test_a_call_can_be_cancelled() -> None:
    async def main(url: str) -> None:
        async with AsyncClient(patient_server(url)) as client:
            await asyncio.wait_for(client.evaluate(ABOUT_SARA), 0.2)

    with serve_script(lambda call: None) as server, pytest.raises(TimeoutError):
        asyncio.run(main(server.url))


def test_a_search_may_end_before_its_last_page() -> None:
    async def main() -> None:
        results = AsyncClient(SERVER).search(SEARCH)
        await results.aclose()
        assert [entity async for entity in results] == []

    asyncio.run(main())

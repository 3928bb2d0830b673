"""A guarded route runs on a permit alone; and the examples of docs/client.md run."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Request
from sybil import Document
from sybil.parsers.markdown import CodeBlockParser

from authz.client import AsyncClient, Evaluation, EvaluationResponse, RejectedRequestError, Resource, Server
from authz.client.fastapi import UNAVAILABLE, guard
from tests.support.client_cases import AT_SCHOOL, SCHEDULE, X, patient_server
from tests.support.faulty_server import PERMIT, http, respond_with, serve_script
from tests.support.paths import ROOT, STUDENT
from tests.support.server import Served, serving
from tests.support.service_cases import NO_PERMISSION, add


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    folder = tmp_path_factory.mktemp("guarded")
    file = folder / "callers.json"
    key = add(file, "portal", "--right", "evaluate", "--right", "search")
    with serving(folder, STUDENT, "--callers", str(file)) as served:
        yield served, key


def call(app: FastAPI, *paths: str, raises: bool = True, **headers: str) -> list[httpx.Response]:
    """The responses of an application, run through its lifespan."""

    async def main() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app, raise_app_exceptions=raises)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://a") as caller,
        ):
            return [await caller.get(path, headers=headers) for path in paths]

    return asyncio.run(main())


def guarded(client: AsyncClient, evaluation_of: Callable[..., Any], ran: list[EvaluationResponse]) -> FastAPI:
    """An application with a guarded route that records each run."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with client:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/students/{student}/schedule")
    async def schedule(permit: Annotated[EvaluationResponse, Depends(guard(client, evaluation_of))]) -> dict[str, str]:
        ran.append(permit)
        return {"schedule": "..."}

    return app


def schedule_of(request: Request, student: str) -> Evaluation:
    return Evaluation(X, SCHEDULE, Resource("student", student, AT_SCHOOL), dict(request.query_params))


def got(server: Server, path: str = "sara/schedule") -> tuple[int, Any, dict[str, str], int]:
    """What a caller of the route receives: status, body, headers, and how often the route ran."""
    ran: list[EvaluationResponse] = []
    (response,) = call(guarded(AsyncClient(server), schedule_of, ran), f"/students/{path}")
    assert all(ran)
    return response.status_code, response.json(), dict(response.headers), len(ran)


def test_a_route_runs_on_a_permit(keyed: tuple[Served, str]) -> None:
    served, key = keyed
    status, body, _, ran = got(patient_server(served.url, key))
    assert (status, body, ran) == (200, {"schedule": "..."}, 1)


def test_a_refusal_is_a_403_with_its_reason(keyed: tuple[Served, str]) -> None:
    served, key = keyed
    status, body, _, ran = got(patient_server(served.url, key), "nobody/schedule")
    assert (status, body, ran) == (403, {"detail": NO_PERMISSION}, 0)


def test_a_refusal_without_a_reason_gets_a_default_one() -> None:
    with serve_script(respond_with(http(b'{"decision": false}'))) as server:
        status, body, _, ran = got(patient_server(server.url))
    detail = {"code": "REFUSED", "en": "this is not allowed", "nl": "dit is niet toegestaan"}
    assert (status, body, ran) == (403, {"detail": detail}, 0)


def test_a_rejected_evaluation_raises(keyed: tuple[Served, str]) -> None:
    served, key = keyed
    with pytest.raises(RejectedRequestError, match=r"^context\.engagement: "):
        got(patient_server(served.url, key), "sara/schedule?engagement=half")


@pytest.mark.parametrize(
    "data",
    [
        http(b'{"decision": "true"}'),
        http(b'{"decision": false, "decision": true}'),
        http(PERMIT, "500 Internal Server Error"),
        http(PERMIT, "302 Found", "application/json", "Location: /permit"),
        http()[:-1],
        b"",
    ],
)
def test_without_an_answer_no_route_runs(data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with serve_script(respond_with(data), close=True) as server, caplog.at_level(logging.WARNING, "authz.client"):
        status, body, headers, ran = got(patient_server(server.url, "poort_secret"))
    assert (status, body, headers["retry-after"], ran) == (503, {"detail": UNAVAILABLE}, "1", 0)
    assert len(server.heads) == 1
    (line,) = caplog.messages
    assert line.startswith(("not answered: the ", "not answered: `decision` is neither"))
    assert "poort_secret" not in line


def test_a_route_does_not_run_for_an_unknown_client(keyed: tuple[Served, str]) -> None:
    served, _ = keyed
    status, body, _, ran = got(patient_server(served.url, "poort_0000000000000000_x"))
    assert (status, body, ran) == (503, {"detail": UNAVAILABLE}, 0)


def test_a_guard_without_an_evaluation_runs_no_route() -> None:
    ran: list[EvaluationResponse] = []
    with serve_script(respond_with(http())) as server:
        app = guarded(AsyncClient(patient_server(server.url)), lambda: None, ran)
        (response,) = call(app, "/students/sara/schedule", raises=False)
    assert (response.status_code, ran, server.connections) == (500, [], 0)


# The page.


def test_the_page_does_what_it_says(
    keyed: tuple[Served, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served, key = keyed
    monkeypatch.setenv("AUTHZ_TOKEN", key)
    names: dict[str, Any] = {}

    def run(example: Any) -> None:
        text = str(example.parsed).replace("https://authz.example", served.url)
        exec(compile(text, "docs/client.md", "exec"), names)

    page = Document.parse(str(ROOT / "docs" / "client.md"), CodeBlockParser("python", run))
    examples = list(page.examples())
    for example in examples:
        example.evaluate()
    assert len(examples) == 6
    assert capsys.readouterr().out.splitlines() == [
        "permitted",
        "there is no permission to read this",
        "sara read_grades",
        "sara read_schedule",
        "X",
        "permitted",
    ]
    paths = ("/students/sara/schedule", "/students/nobody/schedule")
    permit_with, refused = call(names["app"], *paths, **{"x-supplier": "X"})
    assert permit_with.json() == {"id": "sara"}
    assert (refused.status_code, refused.json()) == (403, {"detail": NO_PERMISSION})

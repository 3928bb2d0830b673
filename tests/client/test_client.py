"""The client's values, and the client against the real service."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import authz.client
from authz.client import (
    Action,
    ActionSearch,
    AsyncClient,
    Client,
    Evaluation,
    EvaluationOutcome,
    EvaluationResponse,
    Reason,
    RejectedRequestError,
    Resource,
    ResourceSearch,
    Server,
    Subject,
    SubjectSearch,
    UnansweredError,
)
from tests.support.client_cases import (
    ABOUT_NOBODY,
    ABOUT_SARA,
    AT_SCHOOL,
    SCHEDULE,
    SECRET,
    X,
    Z,
    patient_server,
    unanswered_with,
    without_context,
)
from tests.support.paths import STUDENT
from tests.support.project import project
from tests.support.server import Served, serving
from tests.support.service_cases import NO_PERMISSION, SARA, add

# Values.


def test_the_public_names_are_these() -> None:
    assert authz.client.__all__ == [
        "Action",
        "ActionSearch",
        "AsyncClient",
        "Client",
        "ClientError",
        "Evaluation",
        "EvaluationOutcome",
        "EvaluationResponse",
        "Reason",
        "RejectedRequestError",
        "Resource",
        "ResourceSearch",
        "Server",
        "Subject",
        "SubjectSearch",
        "UnansweredError",
    ]


def test_the_client_loads_neither_the_engine_nor_fastapi() -> None:
    script = "import sys, authz.client; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=project(), capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    foreign = {"fastapi", "starlette", "pydantic", "lark", "oso", "authz_api"}
    assert not [name for name in loaded if name.partition(".")[0] in foreign]
    rooms = {name.split(".")[1] for name in loaded if name.startswith("authz.")}
    assert rooms == {"client", "documents", "language"}


def test_only_a_permit_is_true() -> None:
    assert {
        outcome: (bool(EvaluationResponse(outcome)), EvaluationResponse(outcome).decision)
        for outcome in EvaluationOutcome
    } == {
        EvaluationOutcome.PERMITTED: (True, True),
        EvaluationOutcome.REFUSED: (False, False),
        EvaluationOutcome.MALFORMED: (False, False),
        EvaluationOutcome.UNANSWERED: (False, False),
    }


def test_a_question_is_what_authzen_writes() -> None:
    assert ABOUT_SARA.as_data() == SARA
    bare = Evaluation(Subject("a", "b"), Action("c"), Resource("d", "e"))
    assert bare.as_data() == {
        "subject": {"type": "a", "id": "b"},
        "action": {"name": "c"},
        "resource": {"type": "d", "id": "e"},
    }


PLAIN = "would be called over plain http: use https, or set `plain_http=True`"
READABLE = "over plain http, readable on the way: use https"
MORE = "the URL has more than a host, a port and a path: give a token as `token`"


@pytest.mark.parametrize(
    ("url", "token", "problem"),
    [
        ("http://authz.example", "", f"authz.example {PLAIN}"),
        ("http://authz.example", "t", f"the token would go to authz.example {READABLE}"),
        ("http://127.0.0.1.nl", "t", f"the token would go to 127.0.0.1.nl {READABLE}"),
        ("https://user:pass@authz.example", "", MORE),
        ("https://authz.example/?key=1", "", MORE),
        ("https://authz.example/#", "", MORE),
        ("ftp://authz.example", "", "the URL is not of the form https://host"),
        ("authz.example", "", "the URL is not of the form https://host"),
        ("https://", "", "the URL is not of the form https://host"),
        ("https://authz.example:port", "", "the URL is not valid"),
        ("https://xn--", "", "the URL is not valid"),
        ("https://127.0.0.1:65536", "", "65536 is not a port"),
        ("https://127.0.0.1:0", "", "0 is not a port"),
        ("https://authz.example", "a b", "the token has other characters than visible ASCII, or too many"),
        ("https://authz.example", "a\r\nX: y", "the token has other characters than visible ASCII, or too many"),
        ("https://authz.example", "é", "the token has other characters than visible ASCII, or too many"),
    ],
)  # fmt: skip
def test_a_server_that_would_not_be_safe_to_ask_is_refused(url: str, token: str, problem: str) -> None:
    with pytest.raises(ValueError) as refused:
        Server(url, token)
    assert str(refused.value) == problem
    if token:
        with pytest.raises(ValueError):
            Server(url, token, plain_http=True)


@pytest.mark.parametrize("how", [{"deadline": 0}, {"timeout": -1}, {"retries": -1}, {"deadline": float("nan")}])
def test_bounds_that_bound_nothing_are_refused(how: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as refused:
        Server("https://authz.example", **how)
    assert str(refused.value) == "`deadline` and `timeout` must be more than 0, and `retries` at least 0"


@pytest.mark.parametrize(
    "url", ["https://authz.example/pdp", "http://127.0.0.1:8080", "http://[::1]", "http://localhost"]
)
def test_a_token_goes_over_https_or_stays_on_the_machine(url: str) -> None:
    assert Server(url, SECRET).url == url


def test_plain_http_elsewhere_is_to_be_asked_for() -> None:
    assert Server("http://authz.example", plain_http=True).plain_http


def test_a_token_is_never_shown() -> None:
    server = Server("https://authz.example", SECRET)
    shown = f"{server!r} {Client(server)!r} {AsyncClient(server)!r} {Client(server)}"
    assert SECRET not in shown and "https://authz.example" in shown


# Against the service.


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("keyed")
    file = folder / "callers.json"
    both = ("--right", "evaluate", "--right", "search")
    keys = {
        "portal": add(file, "portal", *both),
        "x": add(file, "x", *both, "--subject", "X"),
        "ops": add(file, "ops", "--right", "operate"),
    }
    with serving(folder, STUDENT, "--callers", str(file)) as served:
        yield served, keys


@pytest.fixture
def portal(keyed: tuple[Served, dict[str, str]]) -> Iterator[Client]:
    served, keys = keyed
    with Client(patient_server(served.url, keys["portal"])) as client:
        yield client


def test_a_permit_of_the_service_is_a_permit(portal: Client) -> None:
    answer = portal.evaluate(ABOUT_SARA)
    assert answer and without_context(answer) == (EvaluationOutcome.PERMITTED, None, "")
    assert {"evaluation_id", "evaluated_at", "purpose", "policy", "facts"} <= answer.context.keys()


def test_a_refusal_of_the_service_says_what_everybody_may_know(portal: Client) -> None:
    assert without_context(portal.evaluate(ABOUT_NOBODY)) == (EvaluationOutcome.REFUSED, Reason(**NO_PERMISSION), "")


def test_what_the_service_cannot_judge_is_malformed(portal: Client) -> None:
    asked = Evaluation(X, SCHEDULE, ABOUT_SARA.resource, {"engagement": "half"})
    answer = portal.evaluate(asked)
    assert answer.outcome is EvaluationOutcome.MALFORMED and answer.message.startswith("context.engagement: ")
    answers = portal.evaluate_all([ABOUT_SARA, asked, ABOUT_NOBODY])
    assert [one.outcome for one in answers] == [
        EvaluationOutcome.PERMITTED,
        EvaluationOutcome.MALFORMED,
        EvaluationOutcome.REFUSED,
    ]
    assert answers[1].message.startswith("evaluations[1].context.engagement: ")


def test_a_batch_of_none_is_not_asked(portal: Client) -> None:
    assert portal.evaluate_all([]) == ()


def test_a_batch_may_be_as_large_as_the_service_takes(portal: Client) -> None:
    answers = portal.evaluate_all([ABOUT_SARA, ABOUT_NOBODY] * 500)
    assert [bool(one) for one in answers] == [True, False] * 500
    assert {one.message for one in portal.evaluate_all([ABOUT_SARA] * 1001)} == {
        "evaluations: has 1001 items, and 1000 is the most"
    }


def test_searches_find_what_may_be_asked(portal: Client) -> None:
    sara = Resource("student", "sara", AT_SCHOOL)
    subjects = list(portal.search(SubjectSearch("supplier", SCHEDULE, sara)))
    assert subjects == [X]
    resources = list(portal.search(ResourceSearch(X, SCHEDULE, "student", AT_SCHOOL)))
    assert sara in resources
    whole, paged = (list(portal.search(ActionSearch(X, sara), limit=limit)) for limit in (None, 1))
    assert whole == paged and len(whole) > 2
    assert all(portal.evaluate(Evaluation(X, action, sara)) for action in whole)
    assert list(portal.search(ResourceSearch(X, SCHEDULE, "nothing"))) == []


def test_a_search_that_the_service_cannot_judge_raises(portal: Client) -> None:
    with pytest.raises(RejectedRequestError) as malformed:
        list(portal.search(ActionSearch(X, ABOUT_SARA.resource), limit=0))
    assert str(malformed.value) == "page.limit: is not an integer of at least 1"


def test_a_supplier_gets_answers_about_itself_alone(keyed: tuple[Served, dict[str, str]]) -> None:
    served, keys = keyed
    with Client(patient_server(served.url, keys["x"])) as client:
        others = Evaluation(Z, SCHEDULE, ABOUT_SARA.resource)
        refused = "the server answered 403: this caller asks only as itself"
        assert client.evaluate(ABOUT_SARA)
        assert client.evaluate(others) == unanswered_with(refused)
        answers = client.evaluate_all([ABOUT_SARA, others])
        assert answers[0] and without_context(answers[1]) == (
            EvaluationOutcome.UNANSWERED,
            None,
            "evaluations[1]: this caller asks only as itself",
        )
        with pytest.raises(UnansweredError) as unanswered:
            list(client.search(ActionSearch(Z, ABOUT_SARA.resource)))
        assert str(unanswered.value) == refused


@pytest.mark.parametrize(("caller", "status"), [("", "401"), ("ops", "403"), ("wrong", "401")])
def test_who_is_not_known_is_never_permitted(keyed: tuple[Served, dict[str, str]], caller: str, status: str) -> None:
    served, keys = keyed
    token = {"": "", "wrong": SECRET, **keys}[caller]
    with Client(patient_server(served.url, token)) as client:
        answer = client.evaluate(ABOUT_SARA)
        assert answer.outcome is EvaluationOutcome.UNANSWERED
        assert answer.message.startswith(f"the server answered {status}: ")


def test_many_threads_share_a_client(portal: Client) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(portal.evaluate, [ABOUT_SARA, ABOUT_NOBODY] * 20))
    assert [bool(one) for one in answers] == [True, False] * 20


def test_a_loop_asks_many_at_once(keyed: tuple[Served, dict[str, str]]) -> None:
    served, keys = keyed

    async def main() -> tuple[list[EvaluationResponse], tuple[EvaluationResponse, ...], list[Subject]]:
        async with AsyncClient(patient_server(served.url, keys["portal"])) as client:
            one_by_one = await asyncio.gather(*(client.evaluate(one) for one in [ABOUT_SARA, ABOUT_NOBODY] * 10))
            found = [one async for one in client.search(SubjectSearch("supplier", SCHEDULE, ABOUT_SARA.resource))]
            return one_by_one, await client.evaluate_all([ABOUT_NOBODY, ABOUT_SARA]), found

    one_by_one, batch, found = asyncio.run(main())
    assert [bool(one) for one in one_by_one] == [True, False] * 10
    assert [bool(one) for one in batch] == [False, True]
    assert found == [X]

"""The client against the real service."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from authz.client import (
    ActionSearch,
    AsyncClient,
    Client,
    Evaluation,
    EvaluationOutcome,
    EvaluationResponse,
    EvaluationResponses,
    Reason,
    RejectedRequestError,
    Resource,
    ResourceSearch,
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
from tests.support.server import Served, serving
from tests.support.service_cases import NO_PERMISSION, add


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


def test_a_request_that_the_service_rejects_is_malformed(portal: Client) -> None:
    unjudgeable = Evaluation(X, SCHEDULE, ABOUT_SARA.resource, {"engagement": "half"})
    answer = portal.evaluate(unjudgeable)
    assert answer.outcome is EvaluationOutcome.MALFORMED and answer.message.startswith("context.engagement: ")
    answers = portal.evaluate_all([ABOUT_SARA, unjudgeable, ABOUT_NOBODY])
    assert [response.outcome for response in answers] == [
        EvaluationOutcome.PERMITTED,
        EvaluationOutcome.MALFORMED,
        EvaluationOutcome.REFUSED,
    ]
    assert answers[1].message.startswith("evaluations[1].context.engagement: ")


def test_an_empty_batch_is_an_error(portal: Client) -> None:
    with pytest.raises(ValueError, match="there is no evaluation"):
        portal.evaluate_all([])


def test_a_batch_may_be_as_large_as_the_service_takes(portal: Client) -> None:
    answers = portal.evaluate_all([ABOUT_SARA, ABOUT_NOBODY] * 500)
    assert [bool(response) for response in answers] == [True, False] * 500
    assert {response.message for response in portal.evaluate_all([ABOUT_SARA] * 1001)} == {
        "evaluations: has 1001 items; the maximum is 1000"
    }


def test_searches_return_what_an_evaluation_permits(portal: Client) -> None:
    sara = Resource("student", "sara", AT_SCHOOL)
    subjects = list(portal.search(SubjectSearch("supplier", SCHEDULE, sara)))
    assert subjects == [X]
    resources = list(portal.search(ResourceSearch(X, SCHEDULE, "student", AT_SCHOOL)))
    assert sara in resources
    at_once, paged = (list(portal.search(ActionSearch(X, sara), limit=limit)) for limit in (None, 1))
    assert at_once == paged and len(at_once) > 2
    assert all(portal.evaluate(Evaluation(X, action, sara)) for action in at_once)
    assert list(portal.search(ResourceSearch(X, SCHEDULE, "nothing"))) == []


def test_a_search_that_the_service_cannot_judge_raises(portal: Client) -> None:
    with pytest.raises(RejectedRequestError) as malformed:
        list(portal.search(ActionSearch(X, ABOUT_SARA.resource), limit=-1))
    assert str(malformed.value) == "page.limit: is not an integer of at least 0"


def test_a_supplier_gets_answers_about_itself_alone(keyed: tuple[Served, dict[str, str]]) -> None:
    served, keys = keyed
    with Client(patient_server(served.url, keys["x"])) as client:
        others = Evaluation(Z, SCHEDULE, ABOUT_SARA.resource)
        refused = "the server answered 403: this caller may ask only about itself"
        assert client.evaluate(ABOUT_SARA)
        assert client.evaluate(others) == unanswered_with(refused)
        answers = client.evaluate_all([ABOUT_SARA, others])
        assert answers[0] and without_context(answers[1]) == (
            EvaluationOutcome.UNANSWERED,
            None,
            "evaluations[1]: this caller may ask only about itself",
        )
        with pytest.raises(UnansweredError) as unanswered:
            list(client.search(ActionSearch(Z, ABOUT_SARA.resource)))
        assert str(unanswered.value) == refused


@pytest.mark.parametrize(("caller", "status"), [("", "401"), ("ops", "403"), ("wrong", "401")])
def test_an_unknown_caller_is_never_permitted(keyed: tuple[Served, dict[str, str]], caller: str, status: str) -> None:
    served, keys = keyed
    token = {"": "", "wrong": SECRET, **keys}[caller]
    with Client(patient_server(served.url, token)) as client:
        answer = client.evaluate(ABOUT_SARA)
        assert answer.outcome is EvaluationOutcome.UNANSWERED
        assert answer.message.startswith(f"the server answered {status}: ")


def test_many_threads_share_a_client(portal: Client) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(portal.evaluate, [ABOUT_SARA, ABOUT_NOBODY] * 20))
    assert [bool(response) for response in answers] == [True, False] * 20


def test_one_event_loop_runs_many_calls_at_once(keyed: tuple[Served, dict[str, str]]) -> None:
    served, keys = keyed

    async def main() -> tuple[list[EvaluationResponse], EvaluationResponses, list[Subject]]:
        async with AsyncClient(patient_server(served.url, keys["portal"])) as client:
            one_by_one = await asyncio.gather(*(client.evaluate(one) for one in [ABOUT_SARA, ABOUT_NOBODY] * 10))
            found = [one async for one in client.search(SubjectSearch("supplier", SCHEDULE, ABOUT_SARA.resource))]
            return one_by_one, await client.evaluate_all([ABOUT_NOBODY, ABOUT_SARA]), found

    one_by_one, batch, found = asyncio.run(main())
    assert [bool(one) for one in one_by_one] == [True, False] * 10
    assert [bool(one) for one in batch] == [False, True]
    assert found == [X]

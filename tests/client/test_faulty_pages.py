"""Batches and pages of a faulty server: an incomplete one is never taken for a complete one."""

import json
from typing import Any

import pytest

from authz.client import Client, EvaluationOutcome, Resource, ResourceSearch, UnansweredError
from tests.support.client_cases import (
    SCHEDULE,
    X,
    evaluate_all_at,
    patient_server,
    permit_with,
    unanswered_with,
    without_context,
)
from tests.support.faulty_server import (
    INVALID_JSON,
    NEITHER,
    PERMIT,
    TWICE,
    http,
    respond_with,
    serve_script,
)

NO_LIST = "the response has no list `evaluations`"
THREE = "2 evaluations were requested and 3 returned"
ONE = "2 evaluations were requested and 1 returned"

BATCHES = {
    "too few": (b'{"evaluations": [{"decision": true}]}', ONE),
    "too many": (b'{"evaluations": [' + b", ".join([PERMIT] * 3) + b"]}", THREE),
    "none": (b'{"evaluations": []}', "2 evaluations were requested and 0 returned"),
    "a single answer": (PERMIT, NO_LIST),
    "answers by number": (b'{"evaluations": {"1": {"decision": true}, "0": {}}}', NO_LIST),
    "one that is none": (b'{"evaluations": [{"decision": true}, {"decision": "true"}]}', NEITHER),
    "one that is no object": (b'{"evaluations": [{"decision": true}, true]}', "an evaluation is not an object"),
    "a member twice in one": (b'{"evaluations": [{"decision": true}, ' + TWICE + b"]}", INVALID_JSON),
    "one list in another": (b'{"evaluations": [[{"decision": true}, {"decision": true}]]}', ONE),
}  # fmt: skip


@pytest.mark.parametrize("batch", BATCHES)
def test_an_incomplete_batch_permits_nothing(batch: str) -> None:
    body, message = BATCHES[batch]
    with serve_script(respond_with(http(body))) as server:
        assert evaluate_all_at(server, 2) == (unanswered_with(message),) * 2
    assert len(server.heads) == 1


def test_a_failed_batch_permits_nothing() -> None:
    with serve_script(respond_with(http(b'{"evaluations": [{"decision": true}]}', "500 No"))) as server:
        assert evaluate_all_at(server, 1) == (unanswered_with("the server answered 500"),)
    with serve_script(lambda call: None, close=True) as server:
        assert [one.outcome for one in evaluate_all_at(server, 3)] == [EvaluationOutcome.UNANSWERED] * 3


def test_each_answer_of_a_batch_is_its_own() -> None:
    error = '{"decision": false, "context": {"error": {"status": 400, "message": "evaluations[1]: is not an object"}}}'
    with serve_script(respond_with(http(f'{{"evaluations": [{{"decision": true}}, {error}]}}'.encode()))) as server:
        first, second = evaluate_all_at(server, 2)
    assert first == permit_with()
    assert without_context(second) == (EvaluationOutcome.MALFORMED, None, "evaluations[1]: is not an object")


def page(*ids: str, next: str = "", **more: Any) -> bytes:
    results = [{"type": "student", "id": id} for id in ids]
    return http(json.dumps({"results": results, "page": {"next_token": next}, **more}).encode())


WRONGLY = "the page has a wrong `count` or `next_token`"
NO_RESOURCE = "a result is not of the kind `resource`"

PAGES = {
    "no results": (http(b'{"page": {}}'), "the response is not a page of results"),
    "a page that is none": (http(b'{"results": [], "page": []}'), "the response is not a page of results"),
    "results of another kind": (http(b'{"results": [{"name": "a"}]}'), NO_RESOURCE),
    "ids that are none": (http(b'{"results": [{"type": "student", "id": 1}]}'), NO_RESOURCE),
    "results that are none": (http(b'{"results": ["a"]}'), NO_RESOURCE),
    "properties that are none": (http(b'{"results": [{"type": "a", "id": "b", "properties": 1}]}'), NO_RESOURCE),
    "a token that is none": (http(b'{"results": [], "page": {"next_token": 1}}'), WRONGLY),
    "another number than it says": (page("b", page={"count": 2}), WRONGLY),
    "a number that is none": (page("b", page={"count": True}), WRONGLY),
    "the same token again": (page("b", next="1"), "the pages do not end"),
    "nothing, and more to come": (page(next="2"), "the pages do not end"),
    "500": (http(b'{"results": []}', "500 No"), "the server answered 500"),
    "a member twice": (http(b'{"results": [], "results": []}'), INVALID_JSON),
}  # fmt: skip


@pytest.mark.parametrize("second", PAGES)
def test_a_search_with_a_malformed_page_is_never_taken_for_complete(second: str) -> None:
    data, message = PAGES[second]
    with serve_script(respond_with(page("a", next="1"), data)) as server, Client(patient_server(server.url)) as client:
        search = client.search(ResourceSearch(X, SCHEDULE, "student"))
        found = [next(search)]
        with pytest.raises(UnansweredError) as unanswered:
            next(search)
    assert (found, str(unanswered.value)) == ([Resource("student", "a")], message)
    assert len(server.heads) == 2


def test_each_page_is_asked_for_once_with_the_token_of_the_last() -> None:
    script = respond_with(page("a", "b", next="1"), page("c", next="2"), page())
    with serve_script(script) as server, Client(patient_server(server.url)) as client:
        found = [one.id for one in client.search(ResourceSearch(X, SCHEDULE, "student", context={"k": 1}), limit=2)]
    assert found == ["a", "b", "c"]
    request = {
        "subject": X.as_data(),
        "action": SCHEDULE.as_data(),
        "resource": {"type": "student"},
        "context": {"k": 1},
    }
    assert [json.loads(body) for body in server.bodies] == [
        {**request, "page": page} for page in ({"limit": 2}, {"token": "1", "limit": 2}, {"token": "2", "limit": 2})
    ]

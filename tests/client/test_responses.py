"""Reading responses: for any bytes, only a strict `true` permits."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.client import ActionSearch, EvaluationOutcome, UnansweredError
from authz.client.responses import MAX_PAGES, Pages, RawResponse, read_evaluation, read_evaluations
from authz.documents.strictness import MAX_NESTING
from tests.support.client_cases import ABOUT_SARA, X, without_context
from tests.support.faulty_server import INVALID_JSON, NEITHER, PERMIT, TWICE


def strictly(data: bytes) -> Any:
    """The value of a JSON text by another reader, or None if two readers could differ."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({name for name, _ in pairs}) == len(pairs)
        return dict(pairs)

    try:
        orjson.loads(data)
        return json.loads(data.decode(), object_pairs_hook=members)
    except (ValueError, AssertionError):
        return None


def reply(data: bytes) -> RawResponse:
    return RawResponse(200, {"content-type": "application/json", "content-length": str(len(data))}, data)


TOKENS = [b"{", b"}", b"[", b"]", b",", b":", b" ", b'"decision"', b'"context"', b'"error"', b"true", b"false", b"1"]
TOKENS += [
    b"null",
    b"NaN",
    b'"a"',
    b'"\\ud800"',
    b"\xff",
    b"\xef\xbb\xbf",
    b'"decisio\\u006e"',
    b'"evaluations"',
    b"{}",
]
MEMBERS = st.lists(st.tuples(st.sampled_from(TOKENS), st.sampled_from(TOKENS)), max_size=3).map(
    lambda pairs: b"{" + b",".join(name + b":" + value for name, value in pairs) + b"}"
)
EDITED = st.tuples(st.integers(0, len(PERMIT)), st.integers(0, 3), st.sampled_from([b"", *TOKENS])).map(
    lambda edit: PERMIT[: edit[0]] + edit[2] + PERMIT[edit[0] + edit[1] :]
)
SOUP = st.lists(st.sampled_from(TOKENS), max_size=12).map(b"".join)
BYTES = st.one_of(st.binary(max_size=60), SOUP, MEMBERS, EDITED, st.just(PERMIT))


@given(BYTES)
def test_nothing_but_a_strict_true_permits(data: bytes) -> None:
    value = strictly(data)
    sound = isinstance(value, dict) and value.get("decision") is True
    assert not read_evaluation(reply(data)) or sound
    assert not any(read_evaluations(reply(data), 2))


@given(st.lists(st.sampled_from([PERMIT, b'{"decision": false}', TWICE, b"{}", b"1"]), max_size=4), st.integers(1, 4))
def test_a_batch_permits_only_where_every_answer_is_one(items: list[bytes], count: int) -> None:
    answers = read_evaluations(reply(b'{"evaluations": [' + b",".join(items) + b"]}"), count)
    sound = len(items) == count and all(item in (PERMIT, b'{"decision": false}') for item in items)
    assert [bool(one) for one in answers] == [sound and item == PERMIT for item in (items if sound else [b""] * count)]


def test_the_strategy_reaches_permits_and_both_kinds_of_failure() -> None:
    found = set()

    @given(BYTES)
    def draw(data: bytes) -> None:
        found.add(without_context(read_evaluation(reply(data)))[::2])

    draw()
    assert {
        (EvaluationOutcome.PERMITTED, ""),
        (EvaluationOutcome.UNANSWERED, INVALID_JSON),
        (EvaluationOutcome.UNANSWERED, NEITHER),
    } <= found


def test_an_answer_may_nest_as_deep_as_a_question() -> None:
    nested = [
        b'{"decision": true, "a": %b%b}' % (b"[" * depth, b"]" * depth) for depth in (MAX_NESTING, MAX_NESTING + 1)
    ]
    assert [bool(read_evaluation(reply(data))) for data in nested] == [True, False]


def test_a_search_whose_pages_do_not_end_is_given_up() -> None:
    pages, requested = Pages(ActionSearch(X, ABOUT_SARA.resource)), 0
    with pytest.raises(UnansweredError, match=r"^the pages do not end$"):
        while pages.more:
            requested += 1
            assert requested <= MAX_PAGES + 1
            pages.read(reply(b'{"results": [{"name": "a"}], "page": {"next_token": "%d"}}' % requested))
    assert requested == MAX_PAGES + 1


@given(st.integers(100, 599), st.text(max_size=20), BYTES)
def test_no_other_status_permits(status: int, kind: str, data: bytes) -> None:
    for body in (data, PERMIT):
        answer = read_evaluation(RawResponse(status, {"content-type": kind, "content-length": "1"}, body))
        assert not answer or (status == 200 and kind.partition(";")[0].strip().lower() == "application/json")

"""The client against a faulty server: it calls once, and nothing the server sends is taken for a permit."""

import gzip
import json
import socket
import threading
import time

import pytest

from authz.client import Client, EvaluationOutcome, EvaluationResponse
from authz.client.async_client import MAX_RESPONSE_BYTES
from tests.support.client_cases import (
    ABOUT_SARA,
    SECRET,
    evaluate_all_at,
    evaluate_at,
    patient_server,
    permit_with,
    unanswered_with,
    without_context,
)
from tests.support.faulty_server import (
    ID,
    INVALID_JSON,
    NEITHER,
    PERMIT,
    TWICE,
    Exchange,
    Script,
    chunked,
    http,
    respond_with,
    serve_script,
)

BOMB = gzip.compress(b" " * 50_000_000 + PERMIT)
NOT_JSON = "the content type is not application/json"
ENCODED = "the response has a content encoding that was not requested"
ENDLESS = "the response does not state its length"
TOO_LARGE = f"the response is larger than {MAX_RESPONSE_BYTES} bytes"

BOTH = "a response has both a permit and an error"

FAULTY_RESPONSES = {
    "true as text": (http(b'{"decision": "true"}'), NEITHER),
    "true as a number": (http(b'{"decision": 1}'), NEITHER),
    "true as a float": (http(b'{"decision": 1.0}'), NEITHER),
    "true in a list": (http(b'{"decision": [true]}'), NEITHER),
    "true for another member": (http(b'{"Decision": true}'), NEITHER),
    "null": (http(b'{"decision": null}'), NEITHER),
    "a true of no object": (http(b"true"), "the response is not an object"),
    "an object in a list": (http(b'[{"decision": true}]'), "the response is not an object"),
    "a decision twice": (http(TWICE), INVALID_JSON),
    "a decision twice, once in escapes": (http(b'{"decision": true, "decisio\\u006e": false}'), INVALID_JSON),
    "a member twice further down": (http(b'{"decision": true, "context": {"a": 1, "a": 2}}'), INVALID_JSON),
    "a permit with an error": (http(b'{"decision": true, "context": {"error": {}}}'), BOTH),
    "a context that is none": (http(b'{"decision": true, "context": []}'), "`context` is not an object"),
    "NaN": (http(b'{"decision": true, "a": NaN}'), INVALID_JSON),
    "-Infinity": (http(b'{"decision": true, "a": -Infinity}'), INVALID_JSON),
    "a number past all numbers": (http(b'{"decision": true, "a": 1e999}'), INVALID_JSON),
    "a number with too many digits": (http(b'{"decision": true, "a": ' + b"1" * 5000 + b"}"), INVALID_JSON),
    "no UTF-8": (http(b'{"decision": true, "a": "\xff"}'), INVALID_JSON),
    "UTF-16": (http('{"decision": true}'.encode("utf-16")), INVALID_JSON),
    "a byte order mark": (http(b"\xef\xbb\xbf" + PERMIT), INVALID_JSON),
    "half a surrogate pair": (http(b'{"decision": true, "a": "\\ud800"}'), INVALID_JSON),
    "two answers": (http(PERMIT + PERMIT), INVALID_JSON),
    "half an object": (http(PERMIT[:-1]), INVALID_JSON),
    "a comma too many": (http(b'{"decision": true,}'), INVALID_JSON),
    "no body": (http(b""), INVALID_JSON),
    "nested deep": (http(b'{"decision": true, "a": ' + b"[" * 101 + b"]" * 101 + b"}"), INVALID_JSON),
    "nested without end": (http(b'{"decision": true, "a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"), INVALID_JSON),
    "500": (http(PERMIT, "500 Internal Server Error"), "the server answered 500"),
    "500 with a message": (http(b'{"error": {"message": "no\\nroom"}}', "500 Oh"), "the server answered 500: no room"),
    "201": (http(PERMIT, "201 Created"), "the server answered 201"),
    "203": (http(PERMIT, "203 Non-Authoritative"), "the server answered 203"),
    "206": (http(PERMIT, "206 Partial Content"), "the server answered 206"),
    "304": (b"HTTP/1.1 304 Not Modified\r\nX-Request-ID: <id>\r\n\r\n", "the server answered 304"),
    "503": (http(b'{"error": {"message": "away"}}', "503 No"), "the server answered 503: away"),
    "HTML": (http(PERMIT, "200 OK", "text/html"), NOT_JSON),
    "almost JSON": (http(PERMIT, "200 OK", "application/jsonp"), NOT_JSON),
    "two content types": (http(PERMIT, "200 OK", "application/json", "Content-Type: text/html"), NOT_JSON),
    "no content type": (b"HTTP/1.1 200 OK\r\nContent-Length: 18\r\nX-Request-ID: <id>\r\n\r\n" + PERMIT, NOT_JSON),
    "gzip": (http(gzip.compress(PERMIT), "200 OK", "application/json", "Content-Encoding: gzip"), ENCODED),
    "gzip without end": (http(BOMB, "200 OK", "application/json", "Content-Encoding: gzip"), ENCODED),
    "an encoding in name": (http(PERMIT, "200 OK", "application/json", "Content-Encoding: zstd"), ENCODED),
    "a huge body": (http(b" " * MAX_RESPONSE_BYTES + PERMIT), TOO_LARGE),
    "a huge body in chunks": (chunked(*[b" " * 65536] * 17), TOO_LARGE),
}  # fmt: skip


@pytest.mark.parametrize("ill", FAULTY_RESPONSES)
def test_what_is_no_answer_lets_nobody_in_and_is_asked_once(ill: str) -> None:
    data, message = FAULTY_RESPONSES[ill]
    with serve_script(respond_with(data)) as server:
        assert evaluate_at(server) == unanswered_with(message)
    assert (server.connections, len(server.heads)) == (1, 1)


CUT = {
    "nothing": b"",
    "half a status line": b"HTTP/1.1 20",
    "half its headers": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n",
    "half a body": http(PERMIT + b" " * 80)[:-40],
    "half its chunks": chunked(PERMIT),
    "another protocol": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + PERMIT,
    "garbage": b"\x00\x01\xfe" * 100 + b"\r\n\r\n",
    "the answer alone": PERMIT + b"\r\n\r\n",
    "two lengths": http(PERMIT, "200 OK", "application/json", "Content-Length: 5"),
    "headers without end": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100_000,
}


@pytest.mark.parametrize("cut", CUT)
def test_what_is_cut_off_lets_nobody_in_and_is_asked_once(cut: str) -> None:
    def script(call: Exchange) -> None:
        call.send(CUT[cut])
        call.connection.shutdown(socket.SHUT_WR)

    with serve_script(script) as server:
        answer = evaluate_at(server, token=SECRET)
        assert answer.outcome is EvaluationOutcome.UNANSWERED
        assert answer.message.startswith("the call failed (Re")
        assert SECRET not in answer.message and len(answer.message) < 600
    assert (server.connections, len(server.heads)) == (1, 1)


def test_a_body_that_ends_with_its_connection_may_be_half() -> None:
    with serve_script(
        respond_with(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-ID: <id>\r\n\r\n" + PERMIT),
        close=True,
    ) as server:
        assert evaluate_at(server) == unanswered_with(ENDLESS)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("to", ["{other}/access/v1/evaluation", "http://[", "/elsewhere"])
def test_a_redirect_is_no_answer_and_is_not_followed(status: str, to: str) -> None:
    with serve_script(respond_with(http())) as other:
        location = "Location: " + to.format(other=other.url)
        with serve_script(respond_with(http(PERMIT, status, "application/json", location))) as server:
            assert evaluate_at(server, token=SECRET) == unanswered_with(f"the server answered {status[:3]}")
    assert (len(server.heads), len(other.heads), other.connections) == (1, 0, 0)


def dripping(answer: bytes, at_once: int) -> Script:
    """A script that sends the first `at_once` bytes together, and the rest byte by byte."""

    def script(call: Exchange) -> None:
        data = answer.replace(ID, call.id)
        call.send(data[:at_once])
        for byte in data[at_once:]:
            time.sleep(0.05)
            call.send(bytes([byte]))

    return script


SLOW: dict[str, Script] = {
    "headers byte by byte": dripping(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000, 0),
    "a body byte by byte": dripping(http(b" " * 10_000 + PERMIT), 300),
    "interim answers without end": dripping(b"HTTP/1.1 103 Early\r\n\r\n" * 1000, 0),
}


@pytest.mark.parametrize("slow", SLOW)
def test_a_server_that_drips_holds_nobody_past_the_deadline(slow: str) -> None:
    with serve_script(SLOW[slow]) as server, Client(patient_server(server.url, deadline=0.5, timeout=5)) as client:
        began = time.monotonic()
        assert client.evaluate(ABOUT_SARA) == unanswered_with("no response within 0.5 seconds")
        assert time.monotonic() - began < 10
    assert (server.connections, len(server.heads)) == (1, 1)


def test_a_server_that_keeps_still_is_not_waited_for() -> None:
    over = threading.Event()

    def script(call: Exchange) -> None:
        over.wait(30)

    with serve_script(script) as server:
        answer = evaluate_at(server, timeout=0.5)
        over.set()
    assert answer == unanswered_with("no progress for 0.5 seconds (ReadTimeout)")
    assert len(server.heads) == 1


def test_a_permit_that_comes_too_late_permits_nothing_that_is_asked_later() -> None:
    given_up, late = threading.Event(), [True]

    def script(call: Exchange) -> None:
        if late:
            late.clear()
            given_up.wait(30)
            call.send(http())
        call.send(http(b'{"decision": false}'))

    with serve_script(script) as server, Client(patient_server(server.url, deadline=2)) as client:
        assert client.evaluate(ABOUT_SARA) == unanswered_with("no response within 2 seconds")
        given_up.set()
        assert client.evaluate(ABOUT_SARA) == EvaluationResponse(EvaluationOutcome.REFUSED)


OTHER = "the server answered 200 to another request"


def test_an_unsolicited_response_is_discarded() -> None:
    """A second response on a kept connection is not taken for the response to the next request."""
    refusal = http(b'{"decision": false}')
    with serve_script(respond_with(refusal + http(), refusal)) as server, Client(patient_server(server.url)) as client:
        answers = [client.evaluate(ABOUT_SARA) for _ in range(3)]
    assert answers == [
        EvaluationResponse(EvaluationOutcome.REFUSED),
        unanswered_with(OTHER),
        EvaluationResponse(EvaluationOutcome.REFUSED),
    ]
    assert (server.connections, len(server.heads)) == (2, 3)


@pytest.mark.parametrize("id", [b"", b"<id>0", b"0", b"<id>, <id>", b"<id>\r\nX-Request-ID: <id>"])
def test_a_response_with_another_request_id_is_discarded(id: bytes) -> None:
    with serve_script(respond_with(http().replace(b"<id>", id))) as server:
        assert evaluate_at(server) == unanswered_with(OTHER)
    with serve_script(respond_with(http().replace(b"X-Request-ID: <id>\r\n", b""))) as server:
        assert evaluate_all_at(server, 2) == (unanswered_with(OTHER),) * 2


def test_a_slow_answer_in_time_is_an_answer() -> None:
    with serve_script(dripping(http(), 130)) as server:
        assert evaluate_at(server) == permit_with()


@pytest.mark.parametrize(
    "data",
    [
        http(b' {"decision":true,"context":{"evaluation_id":"1"}}\n'),
        http(b'{"decision":true,"context":{"evaluation_id":"1"}}', "200 OK", "Application/JSON; charset=utf-8"),
        chunked(b'{"decision": true', b',"context":{"evaluation_id":"1"}}', b""),
        b"HTTP/1.1 103 Early Hints\r\n\r\n"
        + http(b'{"decision":true,"context":{"evaluation_id":"1"},"more":[1.5,null]}'),
    ],
)
def test_a_sound_permit_is_one_however_it_is_written(data: bytes) -> None:
    with serve_script(respond_with(data)) as server:
        assert evaluate_at(server) == permit_with(evaluation_id="1")


def test_a_refusal_in_another_servers_words_is_a_refusal() -> None:
    for context in ("{}", '{"reason_user": {"403": "no"}}', '{"reason_user": {"code": 1, "en": "a", "nl": "b"}}'):
        with serve_script(respond_with(http(f'{{"decision": false, "context": {context}}}'.encode()))) as server:
            assert without_context(evaluate_at(server)) == (EvaluationOutcome.REFUSED, None, "")


def test_a_malformed_request_is_told_in_the_servers_words_but_for_the_secret() -> None:
    explained = json.dumps({"error": {"message": f"action: {SECRET} is\u2028missing\r\n" + "x" * 10_000}}).encode()
    for body, message in (
        (explained, "action: ... is missing  " + "x" * 476),
        (b"no", "the request is malformed; the server gave no details"),
        (PERMIT, "the request is malformed; the server gave no details"),
    ):
        with serve_script(respond_with(http(body, "400 Bad Request"))) as server:
            assert evaluate_at(server, token=SECRET) == EvaluationResponse(EvaluationOutcome.MALFORMED, message=message)


def test_a_server_that_could_not_decide_did_not_refuse() -> None:
    body = b'{"decision": false, "context": {"error": {"status": 500, "message": "the request could not be judged"}}}'
    with serve_script(respond_with(http(body))) as server:
        assert without_context(evaluate_at(server)) == (
            EvaluationOutcome.UNANSWERED,
            None,
            "the request could not be judged",
        )

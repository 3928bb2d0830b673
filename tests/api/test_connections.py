"""Connections: calls in one piece or several, pipelined, cut off or malformed each get their own answer, in order."""

import json
import time
from collections.abc import Iterator
from http.client import parse_headers
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from tests.support.paths import STUDENT
from tests.support.server import EVALUATION, EVALUATIONS, Served, serving
from tests.support.service_cases import SARA

NOBODY = {**SARA, "resource": {"type": "student", "id": "nobody", "properties": {"school": "S1"}}}
PATHS = [EVALUATION, EVALUATIONS, EVALUATION + "?x=1", "/access/v1/%65valuation"]
"""Spellings of the decision endpoints' paths."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("connections"), STUDENT) as server:
        yield server


def call(body: Any, path: str = EVALUATION, version: str = "1.1", **headers: str) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    expected = {"Host": "localhost", "Content-Type": "application/json", "Content-Length": str(len(data)), **headers}
    lines = [f"POST {path} HTTP/{version}", *(f"{name.replace('_', '-')}: {value}" for name, value in expected.items())]
    return "\r\n".join([*lines, "", ""]).encode() + data


Answer = tuple[int, dict[str, str], Any]


def answers(file: BinaryIO, most: int = 1_000) -> list[Answer]:
    """The first `most` answers on a connection, or all until it ends: status, headers, and the body's JSON if any."""
    received: list[Answer] = []
    while len(received) < most and (line := file.readline()):
        headers = {name.lower(): value for name, value in parse_headers(file).items()}
        body = file.read(int(headers["content-length"]))
        received.append((int(line.split()[1]), headers, json.loads(body) if body else {}))
    return received


def ask(served: Served, *pieces: bytes, count: int = 1) -> list[Answer]:
    """What comes back for these pieces, sent with a pause between."""
    with served.connect() as connection:
        for number, piece in enumerate(pieces):
            time.sleep(0.02 * bool(number))
            connection.sendall(piece)
        return answers(connection.makefile("rb"), count)


def ends(served: Served, data: bytes, seconds: float = 20) -> list[Answer]:
    """What comes back for this until the connection ends."""
    with served.connect(seconds) as connection:
        connection.sendall(data)
        return answers(connection.makefile("rb"))


def decisions(received: list[Answer]) -> list[Any]:
    return [body.get("decision") for _, _, body in received]


def shape(answer: Answer) -> Any:
    """An answer without what is its own."""
    status, headers, body = answer
    per_call = ("evaluation_id", "evaluated_at")
    context = {name: value for name, value in body["context"].items() if name not in per_call}
    return status, sorted(headers.keys() - {"date"}), body["decision"], context


@pytest.mark.parametrize("body", [SARA, NOBODY], ids=["a permit", "a refusal"])
@pytest.mark.parametrize("path", PATHS)
def test_whole_or_in_pieces_a_call_gets_the_same_answer(served: Served, path: str, body: Any) -> None:
    data = call(body, path, X_Request_ID="one")
    [complete] = ask(served, data)
    for cut in (1, 40, data.index(b"\r\n\r\n") + 2, data.index(b"\r\n\r\n") + 4, len(data) - 20, len(data) - 1):
        [pieced] = ask(served, data[:cut], data[cut:])
        assert shape(pieced) == shape(complete)
    assert complete[1]["x-request-id"] == "one" and complete[1]["cache-control"] == "no-store"


def test_calls_behind_one_another_are_answered_in_order(served: Served) -> None:
    # A refusal is held for a while: what comes behind it waits for its turn.
    turns = [SARA, NOBODY, SARA, SARA, NOBODY, NOBODY, SARA]
    calls = b"".join(call(body, PATHS[n % 4], X_Request_ID=str(n)) for n, body in enumerate(turns))
    received = ask(served, calls, count=len(turns))
    assert [body["decision"] for _, _, body in received] == [body is SARA for body in turns]
    assert [headers["x-request-id"] for _, headers, _ in received] == [str(n) for n in range(len(turns))]


def test_many_calls_in_one_piece_are_all_answered(served: Served) -> None:
    assert decisions(ask(served, call(SARA) * 400, count=400)) == [True] * 400


def test_a_connection_that_is_to_close_closes(served: Served) -> None:
    for data in (call(SARA, Connection="close"), call(NOBODY, Connection="close"), call(SARA, version="1.0")):
        [(status, _, body)] = ends(served, data + call(SARA))
        assert status == 200 and "decision" in body


def test_a_client_that_expects_100_continue_gets_it(served: Served) -> None:
    data = call(SARA, Expect="100-continue")
    head, body = data.split(b"\r\n\r\n", 1)
    with served.connect() as connection:
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert decisions(answers(connection.makefile("rb"), 1)) == [True]


def test_a_chunked_body_is_a_body(served: Served) -> None:
    data = json.dumps(SARA).encode()
    head = f"POST {EVALUATION} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += "Transfer-Encoding: chunked\r\n\r\n"
    parts = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (data[:7], data[7:90], data[90:]))
    assert decisions(ask(served, head.encode() + parts + b"0\r\n\r\n")) == [True]


def test_malformed_http_is_answered_400_and_decides_nothing(served: Served) -> None:
    smuggled = call(SARA).replace(b"Content-Length", b"Transfer-Encoding: chunked\r\nContent-Length")
    for data in (b"\0\1\2\r\n\r\n", call(SARA).replace(b"HTTP/1.1", b"HTTP/9.9"), smuggled):
        received = served.bytes(data)
        assert received.startswith(b"HTTP/1.1 400 ") and b"decision" not in received
    assert decisions(ask(served, call(SARA))) == [True]


def test_a_client_that_leaves_during_a_delay_harms_nobody(served: Served) -> None:
    for _ in range(50):
        with served.connect() as connection:
            connection.sendall(call(NOBODY) + call(SARA))
    assert decisions(ask(served, call(NOBODY))) == [False]


@pytest.mark.parametrize("fault", ["deciding", "answering"])
def test_an_exception_in_the_service_is_a_500_and_no_decision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setenv("FAULT", fault)
    with serving(tmp_path, STUDENT, "--max-calls", "4", module="tests.support.faulty_command") as served:
        for _ in range(9):
            [(status, headers, body)] = ends(served, call(SARA))
            assert (status, headers["connection"], body) == (
                500,
                "close",
                {"error": {"status": 500, "message": "internal error: there is no answer"}},
            )
        with served.connect() as connection:
            connection.sendall(call(SARA, EVALUATION + "?x"))
            assert connection.recv(65536).startswith(b"HTTP/1.1 500 ")
        events = [json.loads(line) for line in served.log.read_text().splitlines()]
        kind = {"deciding": "RuntimeError", "answering": "TypeError"}[fault]
        assert [each["exception"] for each in events if each["level"] == "error"] == [kind] * 10
        counted = 'poort_request_seconds_count{endpoint="evaluation",status="500"} 10.0'
        assert counted in served.client.get("/metrics").text
        assert "broken by a test" not in served.log.read_text()
        assert served.entries() == []


def test_a_connection_without_a_whole_head_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULT", "impatience")
    with serving(tmp_path, STUDENT, module="tests.support.faulty_command") as served:
        for begun in (b"", b"POST /access", call(SARA)[:60]):
            assert ends(served, begun) == []
        assert decisions(ends(served, call(SARA))) == [True]
        # One that is used stays: its timer looks at when it was used last.
        with served.connect(20) as connection:
            for _ in range(8):
                connection.sendall(call(SARA))
                assert decisions(answers(connection.makefile("rb"), 1)) == [True]
                time.sleep(0.3)


def test_no_other_protocol_hides_calls_in_a_body(served: Served) -> None:
    inner = call(SARA, X_Request_ID="smuggled")
    outer = call(inner, Connection="Upgrade", Upgrade="h2c", X_Request_ID="outer")
    head, body = outer.split(b"\r\n\r\n", 1)
    received = ask(served, head + b"\r\n\r\n", body + call(SARA, X_Request_ID="victim"), count=2)
    assert [headers["x-request-id"] for _, headers, _ in received] == ["outer", "victim"]
    logged = [entry["attributes"].get("poort.request.id") for entry in served.entries()]
    assert "victim" in logged and "smuggled" not in logged


@pytest.mark.parametrize("together", [True, False], ids=["whole", "in pieces"])
def test_a_trailer_is_no_header(served: Served, together: bool) -> None:
    data = json.dumps(SARA).encode()
    head = f"POST {EVALUATION} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
    head += "Transfer-Encoding: chunked\r\n\r\n"
    body = b"%x\r\n%b\r\n0\r\nContent-Type: application/json\r\nX-Request-ID: behind\r\n\r\n" % (len(data), data)
    pieces = [head.encode() + body] if together else [head.encode(), body]
    [(status, headers, expected)] = ask(served, *pieces)
    assert (status, expected["error"]["message"]) == (400, "the content type is not application/json")
    assert "x-request-id" not in headers


def test_malformed_http_behind_a_call_leaves_its_answer(served: Served) -> None:
    for body in (SARA, NOBODY):
        received = ends(served, call(body) + b"\0garbage\r\n\r\n")
        assert received[0][0] == 200 and received[0][2]["decision"] is (body is SARA)
        assert [status for status, _, _ in received[1:]] in ([], [400])


@pytest.mark.parametrize("size", [120_000, 30_000, 700])
def test_calls_behind_one_another_are_all_answered_wherever_they_are_cut(served: Served, size: int) -> None:
    bodies = [SARA, NOBODY] * 150
    data = b"".join(call(body, PATHS[n % 4 if n % 7 else 0]) for n, body in enumerate(bodies))
    with served.connect() as connection:
        for start in range(0, len(data), size):
            connection.sendall(data[start : start + size])
        assert decisions(answers(connection.makefile("rb"), len(bodies))) == [body is SARA for body in bodies]

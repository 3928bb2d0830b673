"""Overload, at ten times the most that is answered: everybody gets a right answer or is told at once why not."""

import json
import resource
import select
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from authz_api.authn.callers import Caller, Right, new_key, save_callers
from authz_api.server import MAX_CONNECTIONS

from tests.support.paths import STUDENT
from tests.support.server import EVALUATION, EVALUATIONS, SEARCH, Served, serving
from tests.support.service_cases import SARA, about, bearer, eventually

MOST = 8
TIMES = 10
GUARD = 60.0
"""Seconds after which a test that waits has failed, whatever the machine."""
MEBIBYTE = 1 << 20
ROOM = 100
"""How many mebibytes more a server may ever have taken than when it was idle."""
FULL = (503, {"error": {"status": 503, "message": "too many calls are in progress"}})
OVER_ITS_SHARE = (429, {"error": {"status": 429, "message": "too many calls of this caller are in progress"}})
EACH_TIME = {"evaluation_id", "evaluated_at", "next_token"}


# Calls as bytes, and what came back for them.


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, as it came."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def content(self) -> tuple[int, Any]:
        return self.status, self.body


def call(path: str, body: object, *, id: str = "", key: str = "", last: bool = True) -> bytes:
    """The bytes of one call; after the last one on its connection that is closed."""
    data = json.dumps(body).encode()
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(data)}",
    ]
    lines += [f"X-Request-ID: {id}"] if id else []
    lines += [f"Authorization: Bearer {key}"] if key else []
    lines += ["Connection: close"] if last else []
    return "\r\n".join([*lines, "", ""]).encode() + data


def parse_answers(data: bytes) -> list[Answer]:
    """The answers in these bytes; each must be whole, and JSON."""
    received = []
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        assert end, f"an answer was cut off: {head!r}"
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers["content-length"])
        assert len(data) >= length, f"an answer was cut off: {first}"
        assert headers["content-type"] == "application/json", (first, data[:length])
        received.append(Answer(int(first.split()[1]), headers, json.loads(data[:length])))
        data = data[length:]
    return received


def read_answers(connection: socket.socket) -> list[Answer]:
    """All answers on a connection, up to its end."""
    data = b""
    # Who is told before its body was read may find the connection gone behind the answer.
    with suppress(ConnectionError):
        while part := connection.recv(1 << 16):
            data += part
    return parse_answers(data)


def opened(served: Served, number: int, stack: ExitStack) -> list[socket.socket]:
    return [stack.enter_context(served.connect(GUARD)) for _ in range(number)]


def wait_for(connections: Iterable[socket.socket], number: int) -> set[socket.socket]:
    """Those on which something came, once it is so many."""
    received: set[socket.socket] = set()
    with selectors.DefaultSelector() as selector:
        for each in connections:
            selector.register(each, selectors.EVENT_READ)
        end = time.monotonic() + GUARD
        while len(received) < number and time.monotonic() < end:
            for key, _ in selector.select(1):
                selector.unregister(key.fileobj)
                assert isinstance(key.fileobj, socket.socket)
                received.add(key.fileobj)
    assert len(received) >= number, f"{len(received)} calls got a response, and {number} should have"
    return received


def overload(served: Served, calls: Sequence[bytes], most: int = MOST) -> list[Answer]:
    """The answers to calls that all are under way at once: what of them is over `most` is told so meanwhile."""
    with ExitStack() as stack:
        connections = opened(served, len(calls), stack)
        for connection, data in zip(connections, calls, strict=True):
            connection.sendall(data[:-1])
        response = wait_for(connections, len(calls) - most)
        assert served.client.get("/readyz").status_code == 200, "who looks after the service is answered throughout"
        for connection, data in zip(connections, calls, strict=True):
            if connection not in response:
                connection.sendall(data[-1:])
        received = []
        for connection in connections:
            (answer,) = read_answers(connection)
            received.append(answer)
        return received


def lasting(value: Any) -> Any:
    """An answer without what differs each time."""
    if isinstance(value, dict):
        return {name: lasting(member) for name, member in value.items() if name not in EACH_TIME}
    return [lasting(each) for each in value] if isinstance(value, list) else value


# What the system says of a server.


def status(served: Served, name: str) -> int:
    """A size in bytes, such as `VmHWM`, the most memory that the process ever had."""
    lines = Path(f"/proc/{served.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def files(served: Served) -> int:
    """How many files and connections the process has open."""
    return sum(1 for _ in Path(f"/proc/{served.process.pid}/fd").iterdir())


def holder(served: Served) -> set[int]:
    """The ports of clients whose connections the process has not closed."""
    port = served.client.base_url.port
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ends = [(int(row[1][-4:], 16), int(row[2][-4:], 16), row[9]) for row in rows]
    return {remote for local, remote, inode in ends if local == port and inode != "0"}


@contextmanager
def bounded(served: Served, key: str = "") -> Iterator[None]:
    """Whatever is done meanwhile, memory stays within bounds, and afterwards the service answers as ever."""
    with suppress(OSError):
        Path(f"/proc/{served.process.pid}/clear_refs").write_text("5")  # the most memory is counted from here
    memory, open_files = status(served, "VmRSS"), files(served)
    yield
    grown = (status(served, "VmHWM") - memory) // MEBIBYTE
    assert grown < ROOM, f"memory grew by {grown} MiB"
    assert eventually(lambda: files(served) <= open_files + 1), "connections are given back"
    answers(served, key)


def answers(served: Served, key: str = "") -> None:
    """The service answers a caller, and permits what is permitted."""
    response = served.post(EVALUATION, SARA, **(bearer(key) if key else {}))
    assert (response.status_code, response.json().get("decision")) == (200, True), response.text


# Ten times the most calls at once.


def question(number: int) -> dict[str, Any]:
    """A request that is none other's: a third are permitted, the others refused for two reasons."""
    if number % 3 == 0:
        return about("action.name", "read_schedule")
    return about("resource.id", f"nobody-{number}") if number % 3 == 1 else about("action.name", f"read_{number}")


def batch(number: int) -> dict[str, Any]:
    """A batch of 1,000 items, of which every so many are refused."""
    items = [{} if index % (number + 2) else {"action": {"name": "write_grades"}} for index in range(1000)]
    return {**SARA, "evaluations": items}


def search(number: int) -> dict[str, Any]:
    return question(number) | {"page": {"limit": number % 4 + 1}}


KINDS: dict[str, tuple[str, Callable[[int], dict[str, Any]]]] = {
    "evaluations": (EVALUATION, question),
    "searches for subjects": (SEARCH + "subject", search),
    "searches for resources": (SEARCH + "resource", search),
    "searches for actions": (SEARCH + "action", search),
    "batches": (EVALUATIONS, batch),
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that answers few calls at once, of anyone."""
    with serving(tmp_path_factory.mktemp("small"), STUDENT, "--max-calls", str(MOST)) as served:
        yield served


@pytest.mark.parametrize("kind", KINDS)
def test_at_ten_times_the_limit_the_admitted_calls_are_answered_right_and_the_others_refused_at_once(
    small: Served, kind: str
) -> None:
    path, asking = KINDS[kind]
    names = [f"{kind.replace(' ', '-')}-{number}" for number in range(TIMES * MOST)]
    right = [lasting(small.post(path, asking(number)).json()) for number in range(TIMES)] * MOST
    calls = [call(path, asking(number % TIMES), id=name) for number, name in enumerate(names)]
    with bounded(small):
        before = len(small.entries())
        received = overload(small, calls)
        assert Counter(item.status for item in received) == {200: MOST, 503: (TIMES - 1) * MOST}
        for name, expected, item in zip(names, right, received, strict=True):
            assert item.headers["x-request-id"] == name
            if item.status == 200:
                assert lasting(item.body) == expected
            else:
                assert (item.content, item.headers["retry-after"]) == (FULL, "1")
        # The decision log holds what was answered, and nothing else.
        answered = {name: item.body for name, item in zip(names, received, strict=True) if item.status == 200}
        lines = small.entries()[before:]
        logged = {line["attributes"]["poort.request.id"]: ids_of(line["body"]["adl.core.response"]) for line in lines}
        assert logged == {name: ids_of(body) for name, body in answered.items()} and len(lines) == MOST


def ids_of(said: dict[str, Any]) -> list[tuple[str, object]]:
    """The id and decision of each evaluation of a response, as sent or as logged; a search has no decision."""
    return [(item["context"]["evaluation_id"], item.get("decision")) for item in said.get("evaluations", [said])]


CALLERS = ("slow", "slower", "deaf", "other")


@dataclass(slots=True)
class Keyed:
    """A server that knows its callers, and their keys."""

    served: Served
    keys: dict[str, str]


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    with with_keys(tmp_path_factory.mktemp("keyed"), "--max-calls", str(MOST)) as received:
        yield received


@contextmanager
def with_keys(folder: Path, *options: str) -> Iterator[Keyed]:
    texts, kept = zip(*(new_key() for _ in CALLERS), strict=True)
    rights = frozenset({Right.EVALUATE, Right.SEARCH})
    callers = [Caller(name=name, rights=rights, key=key) for name, key in zip(CALLERS, kept, strict=True)]
    save_callers(folder / "callers.json", callers)
    with serving(folder, STUDENT, "--callers", str(folder / "callers.json"), *options) as served:
        yield Keyed(served, dict(zip(CALLERS, texts, strict=True)))


def test_of_several_callers_at_ten_times_the_most_none_has_more_than_half(keyed: Keyed) -> None:
    callers = [name for name in keyed.keys for _ in range(TIMES * MOST // len(keyed.keys))]
    calls = [
        call(EVALUATION, question(number), id=f"{name}-{number}", key=keyed.keys[name])
        for number, name in enumerate(callers)
    ]
    for _ in range(2):
        received = overload(keyed.served, calls)
        answered = Counter(name for name, item in zip(callers, received, strict=True) if item.status == 200)
        assert MOST // 2 <= answered.total() <= MOST and max(answered.values()) <= MOST // 2
        for number, (name, item) in enumerate(zip(callers, received, strict=True)):
            assert item.headers["x-request-id"] == f"{name}-{number}"
            if item.status == 200:
                assert item.body["decision"] is (number % 3 == 0)
            else:
                assert item.content in (FULL, OVER_ITS_SHARE) and item.headers["retry-after"] == "1"
        for key in keyed.keys.values():
            answers(keyed.served, key)


# Callers beside each other.


def answers_other(keyed: Keyed) -> None:
    answers(keyed.served, keyed.keys["other"])


def test_one_caller_at_ten_times_its_share_keeps_no_other_from_being_answered(keyed: Keyed) -> None:
    data = call(EVALUATION, SARA, key=keyed.keys["slow"])
    with ExitStack() as stack:
        connections = opened(keyed.served, TIMES * MOST // 2, stack)
        for connection in connections:
            connection.sendall(data[:-1])
        response = wait_for(connections, len(connections) - MOST // 2)
        for _ in range(20):
            answers_other(keyed)
        assert [item.content for connection in response for item in read_answers(connection)] == [OVER_ITS_SHARE] * len(
            response
        )


def test_callers_who_send_slowly_together_keep_no_other_from_being_answered(keyed: Keyed) -> None:
    with ExitStack() as stack:
        for name in ("slow", "slower"):
            for connection in opened(keyed.served, TIMES * MOST // 2, stack):
                connection.sendall(call(EVALUATION, SARA, key=keyed.keys[name])[:-1])
        for _ in range(20):
            answers_other(keyed)


def test_a_single_evaluation_does_not_wait_for_all_batches_of_another_caller(tmp_path: Path) -> None:
    number = TIMES * 2
    # All of them are within the share of their caller.
    with with_keys(tmp_path, "--max-calls", str(2 * number)) as keyed, ExitStack() as stack:
        connections = opened(keyed.served, number, stack)
        data = call(EVALUATIONS, batch(1000), key=keyed.keys["slow"])
        for connection in connections:
            connection.sendall(data)
        begun = time.monotonic()
        answers_other(keyed)
        waited = time.monotonic() - begun
        wait_for(connections, number)
        assert waited < (time.monotonic() - begun) / 2, "a single evaluation waited for the batches"
        for connection in connections:
            (item,) = read_answers(connection)
            assert (item.status, len(item.body["evaluations"])) == (200, 1000)


def test_a_batch_counts_as_its_items_and_others_have_a_rate_of_their_own(tmp_path: Path) -> None:
    over = (429, {"error": {"status": 429, "message": "this caller is over its rate of 10 evaluations a second"}})
    with with_keys(tmp_path, "--rate", "10") as keyed:
        item = bearer(keyed.keys["slow"])
        assert keyed.served.post(EVALUATIONS, batch(7), **item).status_code == 200
        # What it owes now comes back in a hundred seconds.
        for _ in range(TIMES):
            response = keyed.served.post(EVALUATION, SARA, **item)
            assert (response.status_code, response.json()) == over
            assert 60 < int(response.headers["retry-after"]) <= 100
        answers_other(keyed)


# Clients that take their time.


def tight(served: Served, stack: ExitStack) -> socket.socket:
    """A connection that has hardly any room for what comes back."""
    connection = stack.enter_context(socket.socket())
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    connection.connect(("127.0.0.1", served.client.base_url.port or 0))
    return connection


def test_slow_clients_of_every_kind_are_disconnected_and_others_answered(keyed: Keyed) -> None:
    served, slow = keyed.served, keyed.keys["slow"]
    number = TIMES * MOST
    complete = call(EVALUATION, SARA, key=slow)
    head = complete[: complete.index(b"\r\n\r\n") + 4]
    nowhere = b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
    begun = {
        "sends nothing": b"",
        "sends half a head": head[:40],
        "sends a head byte after byte": head[:1],
        "sends no body": head,
        "sends a body byte after byte": head,
        "sends on and on to where nobody listens": nowhere,
    }
    drops = {"sends a head byte after byte": head[1:], "sends a body byte after byte": b" " * 40}
    drops["sends on and on to where nobody listens"] = b" " * 1000
    with bounded(served, keyed.keys["other"]), ExitStack() as stack:
        clients = {kind: opened(served, number, stack) for kind in begun}
        for kind, connections in clients.items():
            for connection in connections:
                connection.sendall(begun[kind])
        # One asks again and again, and never reads.
        clients["reads nothing"] = [tight(served, stack) for _ in range(number)]
        again = call(EVALUATIONS, {**SARA, "evaluations": [{}] * 200}, key=keyed.keys["deaf"], last=False)
        for connection in clients["reads nothing"]:
            connection.setblocking(False)
            with suppress(BlockingIOError):
                connection.send(again * 4)
        ports = {kind: {each.getsockname()[1] for each in connections} for kind, connections in clients.items()}

        def left() -> dict[str, int]:
            still = holder(served)
            return {kind: len(those & still) for kind, those in ports.items()}

        end, step = time.monotonic() + 25, 0
        while sum(count for kind, count in left().items() if kind != "reads nothing") and time.monotonic() < end:
            answers_other(keyed)
            for kind, data in drops.items():
                for connection in clients[kind]:
                    with suppress(OSError):
                        connection.send(data[step : step + 1])
            step += 1
            time.sleep(0.25)
        # The server has no timeout for a response that is not read: such a client keeps its connection, and no place.
        assert left() == {kind: (left()[kind] if kind == "reads nothing" else 0) for kind in clients}
        answers_other(keyed)
        for kind in ("sends no body", "sends a body byte after byte"):
            response = Counter(item.status for connection in clients[kind] for item in read_answers(connection))
            assert response.keys() <= {408, 429} and response.total() == number


# Memory, whatever is sent.


def pour(connection: socket.socket, data: bytes, most: int, seconds: float) -> bool:
    """Send this over and over, reading what comes back, until it is so much or too long; whether it was cut off."""
    connection.setblocking(False)
    block, sent = memoryview(data * (MEBIBYTE // len(data) + 1)), 0
    end = time.monotonic() + seconds
    with suppress(ConnectionError):
        while sent < most and time.monotonic() < end:
            readable, writable, _ = select.select([connection], [connection], [], 0.1)
            if readable and not connection.recv(MEBIBYTE):
                return True
            if writable:
                sent += connection.send(block[sent % len(data) :][: 1 << 18])
        return False
    return True


CHUNKED = (
    f"POST {EVALUATION} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    "Transfer-Encoding: chunked\r\n\r\n"
).encode()
LINE = b"X-A: " + b"y" * 4000 + b"\r\n"


@pytest.mark.parametrize(
    ("begin", "again"),
    [
        (b"GET /", b"a" * 4000),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"y" * 4000),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n", LINE),
        (CHUNKED + b"2\r\n{}\r\n0\r\n", LINE),
        (CHUNKED, b"FA0\r\n" + b" " * 4000 + b"\r\n"),
    ],
    ids=["a path", "a header", "headers", "trailers", "a body"],
)
def test_an_endless_request_is_cut_off(small: Served, begin: bytes, again: bytes) -> None:
    with bounded(small), small.connect(GUARD) as connection:
        connection.sendall(begin)
        assert pour(connection, again, 16 * MEBIBYTE, GUARD)


@pytest.mark.parametrize(
    "again",
    [call(EVALUATION, SARA, last=False), b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ids=["evaluations", "health"],
)
def test_calls_pipelined_faster_than_they_are_answered_take_no_memory(tmp_path: Path, again: bytes) -> None:
    with serving(tmp_path, STUDENT) as served, bounded(served), served.connect(GUARD) as connection:
        pour(connection, again, 150 * MEBIBYTE, 2.5)
        answers(served)


def test_long_texts_are_not_kept(small: Served) -> None:
    with bounded(small):
        for number in range(130):
            response = small.post(EVALUATION, about("resource.id", f"{number}" + "x" * 1_040_000))
            assert (response.status_code, response.json()["decision"]) == (200, False)


@pytest.mark.parametrize("path", ["action.name", "action.properties.purpose", "context.engagement", "subject.type"])
def test_a_long_text_in_the_defaults_is_not_repeated_in_every_item(small: Served, path: str) -> None:
    request_body = {**about(path, "x" * 20_000), "evaluations": [{}] * 1000}
    response = small.post(EVALUATIONS, request_body)
    assert (
        response.status_code == 200 and [item["decision"] for item in response.json()["evaluations"]] == [False] * 1000
    )
    assert len(response.content) < MEBIBYTE


# Connections.


def test_pipelined_calls_are_answered_in_order(small: Served) -> None:
    numbers = range(TIMES * MOST)
    calls = [call(EVALUATION, question(number), id=f"piped-{number}", last=number == numbers[-1]) for number in numbers]
    with small.connect(GUARD) as connection:
        connection.sendall(b"".join(calls))
        received = [
            (item.status, item.headers["x-request-id"], item.body["decision"]) for item in read_answers(connection)
        ]
    assert received == [(200, f"piped-{number}", number % 3 == 0) for number in numbers]


def test_connections_over_the_bound_wait_and_are_answered_when_others_end(tmp_path: Path) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2 * MAX_CONNECTIONS:
        pytest.skip(f"no more than {hard} files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with serving(tmp_path, STUDENT) as served, bounded(served), ExitStack() as stack:
        full = opened(served, MAX_CONNECTIONS + 10, stack)
        waiting = stack.enter_context(served.connect(GUARD))
        waiting.sendall(call(EVALUATION, SARA))
        for connection in full:
            connection.close()
        (answer,) = read_answers(waiting)
        assert (answer.status, answer.body["decision"]) == (200, True)

"""`authz serve` as an operator runs it: workers, signals, reloads under load, and what it refuses to start with."""

import fcntl
import itertools
import json
import os
import re
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.paths import AUTHZEN, STUDENT
from tests.support.server import EVALUATION, EVALUATIONS, SEARCH, serving
from tests.support.service_cases import SARA, copied, digest, eventually, serve_error, workers_of

WORKERS = pytest.mark.parametrize("workers", ["1", "2"])


@WORKERS
def test_a_reload_is_whole_under_load(tmp_path: Path, workers: str) -> None:
    policy = copied(tmp_path)
    with serving(tmp_path, policy, "--workers", workers) as served:
        before = digest(served)
        stop, seen, failures = threading.Event(), list[tuple[str, bool]](), list[object]()

        def ask() -> None:
            with httpx.Client(base_url=served.url, trust_env=False) as client:
                while not stop.is_set():
                    try:
                        answer = client.post(EVALUATION, json=SARA)
                        seen.append((answer.json()["context"]["policy"], answer.json()["decision"]))
                    except Exception as error:  # noqa: BLE001 - whatever goes wrong is what this test looks for
                        failures.append(error)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        # A policy with a fault is refused: what was loaded decides on.
        rules = policy / "access.polar"
        sound = rules.read_text()
        rules.write_text(sound.replace("in_scope(request)", "in_scop(request)"))
        served.hang_up()
        assert eventually(lambda: "reload refused" in served.log.read_text())
        # One that refuses everybody is admitted.
        rules.write_text(sound.replace("link_open(request) and", 'request.action = "never" and link_open(request) and'))
        served.hang_up()
        assert eventually(lambda: len({p for p, _ in seen[-200:]}) == 1 and seen[-1][0] != before)
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    # Each answer is the one policy's or the other's, and no third policy ever answered.
    assert {(policy == before, decision) for policy, decision in seen} == {(True, True), (False, False)}
    assert len({policy for policy, _ in seen}) == 2


def test_workers_answer_alike_and_accept_each_others_page_tokens(tmp_path: Path) -> None:
    with serving(tmp_path, STUDENT, "--workers", "2") as served:
        body = {**SARA, "page": {"limit": 1}}
        complete = served.post(SEARCH + "action", SARA).json()["results"]
        for _ in range(10):
            token, received = "", []
            for _ in range(10):
                # A connection of its own for each page: any worker may take it.
                page = {"limit": 1, **({"token": token} if token else {})}
                response = httpx.post(
                    f"{served.url}{SEARCH}action", json={**body, "page": page}, trust_env=False
                ).json()
                received += response["results"]
                token = response["page"]["next_token"]
                if not token:
                    break
            assert received == complete
        text = served.client.get("/metrics").text
        assert (
            f'poort_request_seconds_count{{endpoint="search_action",status="200"}} {10 * len(complete) + 1}.0' in text
        )
        pseudonyms = {json.dumps(entry["body"]["adl.core.request"]["resource"]) for entry in served.entries()}
        assert len(pseudonyms) == 1


@WORKERS
def test_a_stop_answers_what_was_accepted(tmp_path: Path, workers: str) -> None:
    data = json.dumps(SARA).encode()
    with serving(tmp_path, STUDENT, "--workers", workers) as served, served.connect(30) as connection:
        head = f"POST {EVALUATION} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data[:50])
        time.sleep(0.5)
        served.process.terminate()
        time.sleep(0.5)
        connection.sendall(data[50:])
        response = b""
        while part := connection.recv(65536):
            response += part
        assert response.startswith(b"HTTP/1.1 200 ") and b'"decision":true' in response


def test_pages_are_stable_while_facts_change(tmp_path: Path) -> None:
    facts: dict[str, Any] = json.loads((AUTHZEN / "facts.json").read_text())
    facts["users"] = [{"id": f"u{n:03}", "role": "admin"} for n in range(60)]
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(facts))
    body: dict[str, Any] = {
        "subject": {"type": "user"},
        "action": {"name": "write"},
        "resource": {"type": "record", "id": "record-2"},
        "page": {"limit": 7},
    }
    with serving(tmp_path, AUTHZEN, facts=path) as served:
        received: list[str] = []
        token = ""
        for turn in itertools.count():
            page = {**body["page"], **({"token": token} if token else {})}
            response = served.post(SEARCH + "subject", {**body, "page": page}).json()
            received += [item["id"] for item in response["results"]]
            token = response["page"]["next_token"]
            if not token:
                break
            # Some leave and some come, on either side of the page.
            revision = served.client.get("/readyz").json()["facts"]
            gone = {f"u{n:03}" for n in range(60) if n % 10 == turn}
            facts["users"] = [user for user in facts["users"] if user["id"] not in gone]
            facts["users"].insert(0, {"id": f"u{59 - turn:03}b", "role": "admin"})
            path.write_text(json.dumps(facts))
            served.hang_up()
            assert eventually(lambda revision=revision: served.client.get("/readyz").json()["facts"] != revision)
    throughout = {user["id"] for user in facts["users"] if not user["id"].endswith("b")}
    assert len(received) == len(set(received)), "nobody twice"
    assert throughout <= set(received), "nobody skipped who was there throughout"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_reader_of_the_decision_log_that_stalls_stops_decisions_and_nothing_else(
    tmp_path: Path, workers: str
) -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    with serving(tmp_path, STUDENT, "--workers", workers, stdout=writer) as served:
        os.close(writer)
        answers = [served.post(EVALUATION, SARA).status_code for _ in range(40)]
        assert answers[0] == 200 and answers[-1] == 503
        assert served.client.get("/healthz").status_code == 200
        assert eventually(lambda: served.client.get("/readyz").status_code == 503)

        read = b""
        os.set_blocking(reader, False)

        def recovers() -> bool:
            nonlocal read
            with suppress(BlockingIOError):
                read += os.read(reader, 1 << 20)
            return served.post(EVALUATION, SARA).status_code == 200

        assert eventually(recovers)
        assert eventually(lambda: served.client.get("/readyz").status_code == 200)
        # Long lines of several workers do not run into each other.
        batch = {**SARA, "evaluations": [{}] * 200}
        taken = threading.Thread(target=lambda: [served.post(EVALUATIONS, batch) for _ in range(4)])
        taken.start()
        while taken.is_alive():
            with suppress(BlockingIOError):
                read += os.read(reader, 1 << 20)
        taken.join()
        with suppress(BlockingIOError):
            while part := os.read(reader, 1 << 20):
                read += part
    os.close(reader)
    lines = [line for line in read.split(b"\n") if line]
    complete = [line for line in lines if line.startswith(b"{") and line.endswith(b"}")]
    assert len(lines) - len(complete) <= int(workers), "a line cut off is followed by a new one"
    batches = [json.loads(line) for line in complete if b'"event_name":"adl.access_evaluations"' in line]
    assert [len(item["body"]["adl.core.response"]["evaluations"]) for item in batches] == [200] * 4


def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    with serving(tmp_path, STUDENT, "--workers", "2", stops=False) as served:
        served.process.kill()
        served.process.wait()

        def gone() -> bool:
            try:
                served.connect().close()
            except OSError:
                return True
            return False

        assert eventually(gone)


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path, STUDENT, "--workers", "2") as served:
        before = workers_of(served)
        os.kill(before[0], signal.SIGKILL)
        assert eventually(lambda: len(received := workers_of(served)) == 2 and before[0] not in received)

        def answered() -> bool:
            # Connections that the dead worker had taken are lost.
            with suppress(httpx.TransportError):
                return served.post(EVALUATION, SARA).status_code == 200
            return False

        assert eventually(answered)


def test_it_refuses_to_start_where_callers_cannot_be_identified() -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        assert serve_error("--host", host) == (
            f"authz: `{host}` is not a loopback address, and callers cannot be identified: name their file with "
            "--callers, or serve on 127.0.0.1"
        )


def test_it_refuses_what_cannot_serve(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")
    assert serve_error("--key", str(tmp_path / "key")).startswith(
        f"authz: Invalid value for --key: {tmp_path / 'key'}: has 5 bytes; a key needs at least 32"
    )
    assert (
        serve_error("--decision-log", str(tmp_path))
        == f"authz: cannot write the decision log `{tmp_path}`: is a directory"
    )
    assert serve_error("--facts", "nowhere.json") == "nowhere.json: no such file or directory\ncode: unreadable-file"
    assert serve_error("--policy", "nowhere").startswith("nowhere: there is no such folder")
    assert "is not a URL" in serve_error("--public-url", "ftp://x")
    with serving(tmp_path, AUTHZEN) as served:
        port = str(served.client.base_url.port)
        assert serve_error("--port", port) == f"authz: cannot listen on 127.0.0.1 port {port}: address already in use"


def test_pseudonyms_last_as_long_as_their_key(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(bytes(range(32)))
    received = []
    for turn in range(2):
        folder = tmp_path / str(turn)
        folder.mkdir()
        with serving(folder, STUDENT, "--key", str(tmp_path / "key"), "--public-url", "https://pdp.example/") as served:
            served.post(EVALUATION, SARA)
            received.append(served.logged()[0]["resource"]["id"])
            response = served.client.get("/.well-known/authzen-configuration").json()
            assert response["access_evaluation_endpoint"] == "https://pdp.example/access/v1/evaluation"
    assert received[0] == received[1]


@pytest.mark.parametrize("folder", [STUDENT, AUTHZEN], ids=["student_data", "authzen"])
def test_the_service_does_what_its_openapi_says(tmp_path: Path, folder: Path) -> None:
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    with serving(tmp_path, folder) as served:
        schema = schemathesis.openapi.from_url(f"{served.url}/openapi.json")
        operations = [result.ok() for result in schema.get_all_operations()]
        assert len(operations) == 10
        for operation in operations:

            @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
            @schemathesis_given(operation)
            def ask(case: Any) -> None:
                case.call_and_validate(base_url=served.url, checks=checks)

            ask()


def schemathesis_given(operation: Any) -> Any:
    from hypothesis import given

    return given(case=operation.as_strategy())


@pytest.mark.parametrize("folder", [STUDENT, AUTHZEN], ids=["student_data", "authzen"])
def test_the_examples_of_the_documentation_run(tmp_path: Path, folder: Path) -> None:
    with serving(tmp_path, folder) as served:
        response = served.client.get("/openapi.json").json()
        page = served.client.get("/docs")
        assert page.status_code == 200
        parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(parts) >= 3, "the page's own script and style"
        assert all(served.client.get(part).status_code == 200 for part in parts), "and nobody else's"
        ran = 0
        for path, methods in response["paths"].items():
            for example in (
                methods.get("post", {})
                .get("requestBody", {})
                .get("content", {})
                .get("application/json", {})
                .get("schema", {})
                .get("examples", [])
            ):
                assert served.post(path, example).status_code == 200
                ran += 1
        assert ran == 5

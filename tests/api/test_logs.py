"""The service's own log holds no personal data, whatever breaks: the kind of a failure and its place alone."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.support.log_failures import FAILURES, MARK
from tests.support.paths import STUDENT
from tests.support.project import project
from tests.support.server import EVALUATION, EVALUATIONS, SEARCH, Served, serving
from tests.support.service_cases import SARA, about, add, bearer, copied, eventually, workers_of

PUPIL, BORN, HEADER = "made-up-pupil", "2011-02-30", "marked-header"


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_logged_by_kind_and_place(tmp_path: Path, name: str) -> None:
    command = [sys.executable, "-m", "tests.support.log_failures", name, str(tmp_path)]
    done = subprocess.run(command, cwd=project(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == (1 if name == "uncaught" else 0)
    assert done.stdout == ""
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert events and all(each.get("at") or each.get("diagnostics") for each in events), events
    assert FAILURES[name][1] in done.stderr
    assert not any(part in done.stderr for part in (MARK, *MARK.split(", "))), done.stderr


def test_an_event_lists_few_of_many_diagnostics_and_counts_all(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.log_failures", "refused reload"]
    done = subprocess.run(command, cwd=project(), capture_output=True, text=True, timeout=60, check=True)
    event = json.loads(done.stderr)
    assert event["diagnostics_in_all"] == 99
    assert event["diagnostics"] == [{"place": f"facts.json:{n}:5", "code": "duplicate-row"} for n in range(1, 11)]


# A service, whose files and requests hold marked texts.


def spoiled_facts() -> Iterator[bytes]:
    """Facts that are refused, each for another reason, with the marks in them."""
    sound = json.loads((STUDENT / "facts.json").read_text())
    for name, row in (
        ("enrolments", {"student": PUPIL, "school": "S1"}),
        ("students", {"id": PUPIL, "birth_date": BORN}),
        ("students", {"id": PUPIL, BORN: 1}),
        ("students", {**sound["students"][0], "birth_date": BORN}),
    ):
        yield json.dumps({**sound, name: [*sound[name], row]}).encode()
    yield json.dumps({**sound, PUPIL: 1}).encode()
    yield json.dumps({**sound, "students": sound["students"] * 2, PUPIL: BORN}).encode()
    yield f'{{"students": [{{"id": "{PUPIL}", "id": "{PUPIL}"}}]}}'.encode()
    yield f'{{"students": [{{"id": "{PUPIL}"'.encode()
    yield f'{{"{PUPIL}": "\\ud800"}}'.encode()
    yield f"{PUPIL} \xff".encode("latin-1")


def spoiled_rules() -> Iterator[str]:
    yield f"{PUPIL}("
    yield f'allow(subject, action, request: Request) if request.student = "{PUPIL}";'
    yield f'x(request: Request) if request.{PUPIL.replace("-", "_")} = "{BORN}" '


def hostile_requests(served: Served, key: str) -> None:
    """Requests with the marks in every place, sound ones and malformed ones."""
    headers = {**bearer(key), "x-request-id": HEADER, "traceparent": HEADER}
    marked = about("resource.id", PUPIL)
    for body in (marked, about("subject.id", PUPIL), about("resource.properties", PUPIL), {PUPIL: BORN}, PUPIL):
        for path in (EVALUATION, EVALUATIONS, SEARCH + "subject", SEARCH + "resource", SEARCH + "action"):
            served.post(path, body, **headers)
    served.post(EVALUATIONS, {"evaluations": [marked, about("action.name", PUPIL), PUPIL]}, **headers)
    for data in (f'{{"{PUPIL}": 1, "{PUPIL}": 2}}'.encode(), PUPIL.encode(), f'"{PUPIL}\xff"'.encode("latin-1")):
        served.raw(EVALUATION, data, **headers)
        served.raw(EVALUATION, data, PUPIL, **headers)
    for token in (PUPIL, f"{PUPIL}.{BORN}.{HEADER}", f"poort_{PUPIL}_{HEADER}"):
        assert served.post(EVALUATION, marked, **{**headers, **bearer(token)}).status_code == 401
    assert served.client.get(f"/{PUPIL}?{PUPIL}", headers=headers).status_code == 404
    assert served.client.put(EVALUATION, headers=headers).status_code == 405
    served.bytes(f"GET /{PUPIL} HTTP/9\r\n{HEADER}\r\n\r\n".encode())
    with served.connect() as connection:
        connection.sendall(
            f"POST {EVALUATION} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{PUPIL}".encode()
        )


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_log_of_a_service_holds_no_mark_of_its_files_and_requests(tmp_path: Path, workers: str) -> None:
    policy, callers, jwks = copied(tmp_path), tmp_path / "callers.json", tmp_path / "jwks.json"
    key = add(callers, "ops", *(f"--right={right}" for right in ("evaluate", "search", "operate")))
    add(callers, "idp", "--right", "evaluate", "--token-subject", "someone")
    public = json.loads(RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048).public_key()))
    jwks.write_text(json.dumps({"keys": [public]}))
    options = ["--callers", str(callers), "--workers", workers, "--jwt-issuer", "https://idp.example"]
    options += ["--jwt-audience", "poort", "--jwt-jwks", str(jwks)]
    with serving(tmp_path, policy, *options) as served:
        hostile_requests(served, key)
        refused = 0
        for file, contents in (
            (policy / "facts.json", spoiled_facts()),
            (policy / "access.polar", (text.encode() for text in spoiled_rules())),
        ):
            sound = file.read_bytes()
            for content in contents:
                file.write_bytes(content)
                assert served.post("/reload", {}, **bearer(key)).status_code == 409, content
                refused += 1
            file.write_bytes(sound)
        for file, event in ((callers, "callers refused"), (jwks, "keys refused")):
            sound = file.read_bytes()
            for content in (f'{{"{PUPIL}": 1', f'{{"{PUPIL}": 1, "{PUPIL}": 2}}', f'{{"callers": [{{"{PUPIL}": 1}}]}}'):
                before = served.log.read_text().count(event)
                file.write_text(content)
                assert eventually(lambda event=event, before=before: served.log.read_text().count(event) > before)
            file.write_bytes(sound)
        assert served.post(EVALUATION, SARA, **bearer(key)).json()["decision"] is True
    text = served.log.read_text()
    events = [json.loads(line) for line in text.splitlines()]
    assert sum("reload refused" in each["event"] for each in events) == refused
    places: list[dict[str, Any]] = [place for each in events for place in each.get("diagnostics", ())]
    assert {"facts.json", "access.polar"} <= {Path(each["place"].split(":")[0]).name for each in places}
    assert not any(mark in text for mark in (PUPIL, PUPIL.replace("-", "_"), BORN, HEADER)), text
    assert not any(mark in served.decision_log.read_text() for mark in (PUPIL, BORN))


def test_a_worker_that_cannot_start_is_logged_without_the_message_of_its_exception(tmp_path: Path) -> None:
    file = tmp_path / f"{PUPIL}.jsonl"
    with serving(tmp_path, STUDENT, "--decision-log", str(file), stops=False) as served:
        file.unlink()
        file.mkdir()
        os.kill(workers_of(served)[0], signal.SIGKILL)
        assert eventually(lambda: "a worker cannot start" in served.log.read_text())
        served.process.terminate()
        served.process.wait(40)
    text = served.log.read_text()
    events = [json.loads(line) for line in text.splitlines()]
    assert "IsADirectoryError" in {each.get("exception") for each in events} and PUPIL not in text

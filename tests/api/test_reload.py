"""Reload in two phases: all workers take the new bundle and facts, or none does."""

import contextlib
import json
import os
import shutil
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from authz_api import reload
from authz_api.authn.callers import Caller, Right, new_key, save_callers
from authz_api.reload import Supervisor, control_socket
from authz_api.state import Snapshot, State, load_snapshot

from authz.language.diagnostics import Diagnostic, DiagnosticError, Span
from tests.support.paths import STUDENT
from tests.support.server import EVALUATION, serving
from tests.support.service_cases import SARA, copied, digest, eventually, workers_of

Answer = Callable[["Worker", dict[str, Any]], None]


@pytest.fixture(scope="module")
def snapshots() -> tuple[Snapshot, Snapshot]:
    """The snapshot in use, and the one on disk."""
    return load_snapshot(STUDENT, STUDENT / "facts.json"), load_snapshot(STUDENT, STUDENT / "facts.json")


@dataclass(slots=True)
class Worker:
    """A worker of one reload: it answers `prepare` as the test says, and keeps what it is told after that."""

    connection: socket.socket
    versions: tuple[str, str]
    answer: Answer
    phases: list[str] = field(default_factory=list)

    def run(self) -> None:
        with self.connection, contextlib.suppress(OSError), self.connection.makefile("rb") as lines:
            for line in lines:
                message = json.loads(line)
                self.phases.append(message["phase"])
                if message["phase"] == "prepare":
                    self.answer(self, message)

    def send(self, **answer: Any) -> None:
        self.connection.sendall(json.dumps(answer).encode() + b"\n")


def agrees(worker: Worker, message: dict[str, Any]) -> None:
    policy, facts = worker.versions
    worker.send(round=message["round"], policy=policy, facts=facts)


def agrees_late_to_another_round(worker: Worker, message: dict[str, Any]) -> None:
    worker.send(round=message["round"] - 1, refused="an answer of an earlier round")
    agrees(worker, message)


def refuses(worker: Worker, message: dict[str, Any]) -> None:
    worker.send(round=message["round"], refused="DiagnosticError")


def read_other_facts(worker: Worker, message: dict[str, Any]) -> None:
    worker.send(round=message["round"], policy=worker.versions[0], facts="another")


def read_another_policy(worker: Worker, message: dict[str, Any]) -> None:
    worker.send(round=message["round"], policy="another", facts=worker.versions[1])


def says_nothing(_worker: Worker, _message: dict[str, Any]) -> None:
    return None


def dies(worker: Worker, _message: dict[str, Any]) -> None:
    worker.connection.shutdown(socket.SHUT_RDWR)


def dies_after_its_answer(worker: Worker, message: dict[str, Any]) -> None:
    agrees(worker, message)
    worker.connection.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def supervised(
    folder: Path, snapshots: tuple[Snapshot, Snapshot], *answers: Answer, expected: int = 2
) -> Iterator[tuple[Supervisor, list[Worker]]]:
    """A supervisor with workers that answer so."""
    before, after = snapshots
    with control_socket(folder / "control", 4) as listening:
        supervisor = Supervisor(State(before), lambda: after, listening, expected, seconds=0.5)
        workers = []
        for answer in answers:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(folder / "control"))
            workers.append(Worker(connection, after.versions, answer))
        threads = [threading.Thread(target=worker.run) for worker in workers]
        for thread in threads:
            thread.start()
        try:
            yield supervisor, workers
        finally:
            supervisor.close()
            for thread in threads:
                thread.join(20)


def last(worker: Worker) -> str:
    eventually(lambda: worker.phases[-1:] in (["commit"], ["abort"]), 2)
    return worker.phases[-1]


@pytest.mark.parametrize("answer", [agrees, agrees_late_to_another_round])
def test_all_workers_commit_if_all_report_the_supervisors_versions(
    tmp_path: Path, snapshots: tuple[Snapshot, Snapshot], answer: Answer
) -> None:
    with supervised(tmp_path, snapshots, agrees, answer) as (supervisor, workers):
        assert supervisor.reload() and supervisor.state.snapshot is snapshots[1]
        assert [last(worker) for worker in workers] == ["commit", "commit"]
        assert supervisor.reload(), "and again"


@pytest.mark.parametrize("answer", [refuses, read_other_facts, read_another_policy, says_nothing, dies])
@pytest.mark.parametrize("first", [True, False], ids=["first", "second"])
def test_a_reload_that_one_worker_does_not_take_is_refused_by_all(
    tmp_path: Path,
    snapshots: tuple[Snapshot, Snapshot],
    answer: Answer,
    first: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reload, "LOAD_TIMES", 0)
    answers = (answer, agrees) if first else (agrees, answer)
    with supervised(tmp_path, snapshots, *answers) as (supervisor, workers):
        assert not supervisor.reload() and supervisor.state.snapshot is snapshots[0]
        assert last(workers[1 if first else 0]) == "abort"
        assert all("commit" not in worker.phases for worker in workers)


def test_a_worker_that_dies_after_its_answer_is_replaced_by_one_with_the_new_snapshot(
    tmp_path: Path, snapshots: tuple[Snapshot, Snapshot]
) -> None:
    # The replacement is a fork of the supervisor, whose state is what it begins with.
    with supervised(tmp_path, snapshots, agrees, dies_after_its_answer) as (supervisor, workers):
        assert supervisor.reload() and supervisor.state.snapshot is snapshots[1]
        assert last(workers[0]) == "commit"


@pytest.mark.parametrize("count", [1, 3])
def test_a_reload_without_all_workers_is_refused(
    tmp_path: Path, snapshots: tuple[Snapshot, Snapshot], count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reload, "CONNECT_SECONDS", 0.1)
    with supervised(tmp_path, snapshots, *([agrees] * count)) as (supervisor, workers):
        assert not supervisor.reload() and supervisor.state.snapshot is snapshots[0]
        assert all(last(worker) == "abort" for worker in workers)


@pytest.mark.parametrize(
    "error", [DiagnosticError([Diagnostic(Span("access.polar"), "a fault")]), OSError("gone"), RuntimeError("bug")]
)
def test_files_that_the_supervisor_cannot_load_are_refused_before_any_worker_is_asked_to_load(
    tmp_path: Path, snapshots: tuple[Snapshot, Snapshot], error: Exception
) -> None:
    with supervised(tmp_path, snapshots, agrees, agrees) as (supervisor, workers):

        def fail() -> Snapshot:
            raise error

        assert supervisor.reload()
        supervisor.load = fail
        assert not supervisor.reload()
        assert all(
            eventually(lambda worker=worker: worker.phases == ["prepare", "commit", "abort"]) for worker in workers
        )


def test_a_signal_during_a_reload_starts_another_one_after_it(
    tmp_path: Path, snapshots: tuple[Snapshot, Snapshot]
) -> None:
    with supervised(tmp_path, snapshots, agrees, agrees) as (supervisor, workers):
        loads = []

        def load() -> Snapshot:
            loads.append(supervisor.running)
            if len(loads) == 1:
                supervisor.hang_up()
                supervisor.hang_up()
            return snapshots[1]

        supervisor.load = load
        supervisor.hang_up()
        assert loads == [True, True] and not supervisor.running
        assert last(workers[0]) == "commit" and workers[0].phases == ["prepare", "commit"] * 2


def test_a_worker_that_dies_is_replaced_by_one_with_what_was_loaded_and_not_what_is_on_disk(tmp_path: Path) -> None:
    policy = copied(tmp_path)
    with serving(tmp_path, policy, "--workers", "2") as served:
        before = digest(served)
        rules = policy / "access.polar"
        rules.write_text(rules.read_text() + "\n# changed, and not reloaded\n")
        for _ in range(2):
            dead = workers_of(served)[0]
            os.kill(dead, signal.SIGKILL)
            assert eventually(lambda dead=dead: len(now := workers_of(served)) == 2 and dead not in now)
        assert {versions(served.url) for _ in range(20)} == {before}
        # Now it is reloaded, by the workers that took the others' places too.
        assert served.post("/reload", {}).status_code == 200
        assert {versions(served.url) for _ in range(20)} == {digest(served)} != {before}


def versions(url: str) -> str:
    """The policy of whichever worker takes a new connection; a worker that was just killed takes none."""
    answers: list[httpx.Response] = []

    def answered() -> bool:
        with contextlib.suppress(httpx.TransportError):
            answers.append(httpx.post(url + EVALUATION, json=SARA, trust_env=False, timeout=30))
        return bool(answers)

    assert eventually(answered)
    text: str = answers[0].json()["context"]["policy"]
    return text


def test_a_worker_that_takes_anothers_place_does_not_know_a_revoked_caller(tmp_path: Path) -> None:
    file = tmp_path / "callers.json"
    keys, callers = zip(
        *(
            (text, Caller(name=name, rights=frozenset({Right.EVALUATE}), key=key))
            for name, (text, key) in (("kept", new_key()), ("lost", new_key()))
        ),
        strict=True,
    )
    save_callers(file, callers)
    with serving(tmp_path, STUDENT, "--callers", str(file)) as served:

        def status(key: str) -> int:
            with contextlib.suppress(httpx.TransportError):
                headers = {"authorization": f"Bearer {key}"}
                return httpx.post(served.url + EVALUATION, json=SARA, headers=headers, trust_env=False).status_code
            return 0

        assert status(keys[1]) == 200
        save_callers(file, callers[:1])
        assert eventually(lambda: status(keys[1]) == 401)
        [worker] = workers_of(served)
        os.kill(worker, signal.SIGKILL)
        statuses: list[int] = []

        def answered() -> bool:
            statuses.append(status(keys[1]))
            return statuses[-1] != 0 and workers_of(served) != [worker]

        assert eventually(answered)
        statuses += [status(keys[1]) for _ in range(20)]
        assert set(statuses) <= {0, 401} and status(keys[0]) == 200


def test_a_refused_reload_is_answered_409(tmp_path: Path) -> None:
    policy = copied(tmp_path)
    with serving(tmp_path, policy, "--workers", "2") as served:
        before = digest(served)
        (policy / "access.polar").write_text("allow(")
        response = served.post("/reload", {})
        assert (response.status_code, response.json()) == (409, {"status": "refused: the loaded policy and facts stay"})
        assert {versions(served.url) for _ in range(20)} == {before}


def test_a_signal_as_a_reload_ends_is_not_lost() -> None:
    """A handler can run between any two steps of another: here, just before the reload counts as ended."""
    reloads: list[bool] = []

    class Interrupted(Supervisor):
        @property
        def running(self) -> bool:
            return self.__dict__.get("reloading", False)

        @running.setter
        def running(self, value: bool) -> None:
            if not value and len(reloads) == 1:
                self.hang_up()
            self.__dict__["reloading"] = value

        def reload(self) -> bool:
            reloads.append(self.running)
            return True

    with socket.socket(socket.AF_UNIX) as listening:
        Interrupted(cast(State, None), cast(Any, None), listening, 1).hang_up()
    assert reloads == [True, True]


def test_a_file_name_that_is_no_utf8_refuses_a_reload_and_ends_nothing(tmp_path: Path) -> None:
    policy = copied(tmp_path)
    with serving(tmp_path, policy, "--workers", "2") as served:
        before, file = digest(served), policy / os.fsdecode(b"\xff.polar")
        file.write_text((policy / "access.polar").read_text())
        assert served.post("/reload", {}).status_code == 409
        assert {versions(served.url) for _ in range(10)} == {before}
        file.unlink()
        assert served.post("/reload", {}).status_code == 200


def test_a_refused_reload_leaves_the_rotated_decision_log(tmp_path: Path) -> None:
    policy = copied(tmp_path)
    with serving(tmp_path, policy, "--workers", "2") as served:
        assert served.post(EVALUATION, SARA).status_code == 200
        served.decision_log.rename(tmp_path / "rotated.jsonl")
        (policy / "access.polar").write_text("allow(")
        assert served.post("/reload", {}).status_code == 409
        rotated = (tmp_path / "rotated.jsonl").read_bytes()
        assert eventually(served.decision_log.exists)
        for _ in range(20):
            assert httpx.post(served.url + EVALUATION, json=SARA, trust_env=False).status_code == 200
        assert (tmp_path / "rotated.jsonl").read_bytes() == rotated
        assert len(served.entries()) == 20


@pytest.mark.parametrize("fault", ["unlinked", "cannot be opened"])
def test_without_a_decision_log_the_node_is_unready_and_does_not_decide(tmp_path: Path, fault: str) -> None:
    with serving(tmp_path, copied(tmp_path)) as served:
        assert served.post(EVALUATION, SARA).status_code == 200
        served.decision_log.unlink()
        if fault == "cannot be opened":
            served.decision_log.mkdir()
            assert served.post("/reload", {}).status_code == 409
        assert served.client.get("/readyz").status_code == 503
        response = served.post(EVALUATION, SARA)
        assert response.status_code == 503 and "decision" not in response.json()
        assert served.client.get("/readyz").status_code == 503
        if fault == "cannot be opened":
            served.decision_log.rmdir()
        assert served.post("/reload", {}).status_code == 200
        assert served.client.get("/readyz").status_code == 200
        assert served.post(EVALUATION, SARA).status_code == 200
        assert len(served.entries()) == 1


def test_metrics_that_cannot_be_written_change_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    with serving(tmp_path, STUDENT, "--workers", "2") as served:
        [counters] = temporary.glob("poort-*/metrics")
        shutil.rmtree(counters)
        answers = [httpx.post(served.url + EVALUATION, json=SARA, trust_env=False) for _ in range(10)]
        assert {answer.status_code for answer in answers} == {200}
        assert all(answer.json()["decision"] is True for answer in answers)
        assert len(served.entries()) == 10
        assert served.client.get("/metrics").status_code in (200, 503)

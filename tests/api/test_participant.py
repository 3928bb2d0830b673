"""A worker's side of a reload: it takes what it prepared on a commit, and on nothing else."""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest
from authz_api import participant
from authz_api.operations import ReloadOutcome
from authz_api.participant import Participant
from authz_api.state import Snapshot, State, load_snapshot

from tests.support.paths import STUDENT

PREPARE, COMMIT, ABORT = ({"phase": phase, "round": 1} for phase in ("prepare", "commit", "abort"))


@pytest.fixture(scope="module")
def snapshots() -> tuple[Snapshot, Snapshot]:
    """The snapshot in use, and the one on disk."""
    return load_snapshot(STUDENT, STUDENT / "facts.json"), load_snapshot(STUDENT, STUDENT / "facts.json")


def participant_of(
    snapshots: tuple[Snapshot, Snapshot], *, fails: bool = False, reopen: Callable[[], None] = lambda: None
) -> Participant:
    async def prepare() -> Snapshot:
        if fails:
            raise OSError("the decision log cannot be opened")
        return snapshots[1]

    return Participant(State(snapshots[0]), prepare, reopen)


def follow(worker: Participant, *messages: dict[str, Any]) -> list[dict[str, Any] | None]:
    async def follow_all() -> list[dict[str, Any] | None]:
        return [await worker.follow(message) for message in messages]

    return asyncio.run(follow_all())


def test_a_commit_takes_what_was_prepared(snapshots: tuple[Snapshot, Snapshot]) -> None:
    worker = participant_of(snapshots)
    policy, facts = snapshots[1].versions
    assert follow(worker, PREPARE) == [{"round": 1, "policy": policy, "facts": facts}]
    assert worker.state.snapshot is snapshots[0], "nothing is taken before the commit"
    follow(worker, COMMIT)
    assert worker.state.snapshot is snapshots[1]


@pytest.mark.parametrize("messages", [[PREPARE, ABORT], [PREPARE, ABORT, COMMIT], [COMMIT], [ABORT]])
def test_nothing_else_takes_it(snapshots: tuple[Snapshot, Snapshot], messages: list[dict[str, Any]]) -> None:
    worker = participant_of(snapshots)
    follow(worker, *messages)
    assert worker.state.snapshot is snapshots[0]


def test_a_worker_that_cannot_prepare_refuses_and_keeps_what_it_has(snapshots: tuple[Snapshot, Snapshot]) -> None:
    worker = participant_of(snapshots, fails=True)
    assert follow(worker, PREPARE, COMMIT) == [{"round": 1, "refused": "OSError"}, None]
    assert worker.state.snapshot is snapshots[0]


@pytest.mark.parametrize("messages", [[ABORT], [PREPARE, ABORT]])
@pytest.mark.parametrize("error", [None, OSError("gone"), RuntimeError("bug")])
def test_a_refused_reload_reopens_the_decision_log_and_no_failure_ends_the_worker(
    snapshots: tuple[Snapshot, Snapshot], messages: list[dict[str, Any]], error: Exception | None
) -> None:
    reopened = []

    def reopen() -> None:
        reopened.append(True)
        if error is not None:
            raise error

    worker = participant_of(snapshots, fails=True, reopen=reopen)
    follow(worker, *messages)
    assert reopened == [True]


@pytest.mark.parametrize(("last", "outcome"), [(COMMIT, ReloadOutcome.DONE), (ABORT, ReloadOutcome.REFUSED)])
def test_a_request_gets_the_outcome_of_the_reload_that_begins_after_it(
    snapshots: tuple[Snapshot, Snapshot],
    monkeypatch: pytest.MonkeyPatch,
    last: dict[str, Any],
    outcome: ReloadOutcome,
) -> None:
    signals: list[int] = []
    kill: Callable[[int, int], None] = lambda pid, _signal: signals.append(pid)  # noqa: E731 - it replaces a function
    monkeypatch.setattr(participant.os, "kill", kill)
    worker = participant_of(snapshots)

    async def requests() -> tuple[ReloadOutcome, ReloadOutcome]:
        first = asyncio.create_task(worker.request())
        await asyncio.sleep(0)
        await worker.follow(PREPARE)
        during = asyncio.create_task(worker.request())
        await asyncio.sleep(0)
        await worker.follow(last)
        await first
        assert not during.done()
        await worker.follow(PREPARE)
        await worker.follow(COMMIT)
        return await first, await during

    assert asyncio.run(requests()) == (outcome, ReloadOutcome.DONE)
    assert signals == [os.getppid()] * 2

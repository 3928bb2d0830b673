"""The file of callers: what it may hold, and how changes of it are seen."""

import asyncio
import json
import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from authz_api.authn.authenticator import configure_authentication
from authz_api.authn.callers import Caller, Callers, Right, load_callers, save_callers

from authz.language.diagnostics import DiagnosticError
from tests.support.service_cases import add, command, two_callers


@pytest.mark.parametrize(
    "caller",
    [
        {"name": "a", "rights": ["evaluate"]},
        {"name": "a", "rights": [], "token_subject": "s"},
        {"name": "a", "rights": ["everything"], "token_subject": "s"},
        {"name": "a b", "rights": ["evaluate"], "token_subject": "s"},
        {"name": "a", "rights": ["evaluate"], "token_subject": ""},
        {"name": "a", "rights": ["evaluate", "explain"], "subject": "X", "token_subject": "s"},
        {"name": "a", "rights": ["operate"], "subject": "X", "token_subject": "s"},
        {"name": "a", "rights": ["evaluate"], "token_subject": "s", "admin": True},
        {"name": "a", "rights": ["evaluate"], "key": {"id": "00", "sha256": "00"}},
    ],
)
def test_a_file_of_callers_that_could_be_misread_is_refused(tmp_path: Path, caller: dict[str, Any]) -> None:
    file = tmp_path / "callers.json"
    file.write_text(json.dumps({"callers": [caller]}))
    with pytest.raises(DiagnosticError):
        load_callers(file)


def test_callers_with_one_name_key_or_token_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "callers.json"
    a = Caller(name="a", rights=frozenset({Right.EVALUATE}), token_subject="s")
    for other in (a.model_copy(update={"token_subject": "t"}), a.model_copy(update={"name": "b"})):
        save_callers(file, [a, other])
        with pytest.raises(DiagnosticError, match="two callers"):
            load_callers(file)


def test_wrong_options_of_the_command_are_reported(tmp_path: Path) -> None:
    file = str(tmp_path / "callers.json")
    add(Path(file), "portal", "--right", "evaluate")
    for arguments, expected in (
        (["add", "portal", "--right", "evaluate"], "is a caller already"),
        (["add", "b", "--right", "all"], "is not one of `evaluate`"),
        (["add", "b"], "--right"),
        (["add", "b", "--right", "evaluate", "--subject", "--token-subject"], "the value is missing"),
        (["revoke", "portl"], "did you mean `portal`"),
    ):
        done = command("callers", *arguments, "--file", file)
        assert done.returncode == 1 and expected in done.stderr, done.stderr
        assert "Traceback" not in done.stderr


# A file that changes.


def test_a_caller_revoked_during_the_start_is_soon_unknown(tmp_path: Path) -> None:
    file = tmp_path / "callers.json"
    kept, lost = two_callers()
    save_callers(file, [kept, lost])
    authenticator = configure_authentication(file, None)
    save_callers(file, [kept])

    async def watch() -> None:
        watching = asyncio.create_task(authenticator.watch())
        for _ in range(40):
            await asyncio.sleep(0.05)
        watching.cancel()

    asyncio.run(watch())
    assert authenticator.callers is not None and authenticator.callers.all == (kept,)


def test_the_later_of_two_readings_of_the_callers_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "callers.json"
    kept, lost = two_callers()
    save_callers(file, [kept, lost])
    authenticator = configure_authentication(file, None)
    read, slow = load_callers, threading.Event()

    def reading(path: Path) -> Callers:
        callers = read(path)
        if len(callers.all) == 2:
            slow.wait(1)
        return callers

    monkeypatch.setattr("authz_api.authn.authenticator.load_callers", reading)

    async def twice() -> None:
        first = asyncio.create_task(authenticator.reload())
        await asyncio.sleep(0.1)
        save_callers(file, [kept])
        await authenticator.reload()
        slow.set()
        await first

    asyncio.run(twice())
    assert authenticator.callers is not None and authenticator.callers.all == (kept,)


def test_callers_added_at_once_are_all_kept(tmp_path: Path) -> None:
    file = tmp_path / "callers.json"
    names = [f"caller-{number}" for number in range(6)]
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lambda name: add(file, name, "--right", "evaluate"), names))
    assert sorted(each.name for each in load_callers(file).all) == names


def test_a_link_to_the_file_stays_one(tmp_path: Path) -> None:
    file, link = tmp_path / "callers.json", tmp_path / "link.json"
    kept, lost = two_callers()
    save_callers(file, [kept, lost])
    link.symlink_to(file)
    save_callers(link, [kept])
    assert link.is_symlink() and load_callers(file).all == (kept,)


def test_the_lock_of_the_callers_is_not_taken_through_a_link(tmp_path: Path) -> None:
    file, victim = tmp_path / "callers.json", tmp_path / "victim"
    add(file, "portal", "--right", "evaluate")
    victim.write_text("kept")
    lock = tmp_path / ".callers.json.lock"
    assert lock.stat().st_mode & 0o777 == 0o600
    for target in (victim, tmp_path / "missing"):
        lock.unlink()
        lock.symlink_to(target)
        for arguments in (["add", "other", "--right", "evaluate"], ["revoke", "portal"]):
            done = command("callers", *arguments, "--file", str(file))
            assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert (victim.read_text(), (tmp_path / "missing").exists()) == ("kept", False)
    assert [each.name for each in load_callers(file).all] == ["portal"]


def revoked_in_place(file: Path, lost: Caller) -> None:
    """Another key of the same length in place of a caller's, in the same file and with its modification time."""
    assert lost.key is not None
    before = file.stat()
    file.write_text(file.read_text().replace(lost.key.sha256, "0" * 64))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = file.stat()
    assert (before.st_ino, before.st_size, before.st_mtime_ns) == (after.st_ino, after.st_size, after.st_mtime_ns)


@pytest.mark.parametrize("change_time", ["seen", "not seen"])
def test_a_key_revoked_in_a_file_that_keeps_size_and_time_is_soon_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change_time: str
) -> None:
    file = tmp_path / "callers.json"
    callers = two_callers()
    save_callers(file, callers)
    if change_time == "not seen":  # as on a file system that keeps none, or within one tick of its clock
        monkeypatch.setattr("authz_api.authn.authenticator.os.fstat", without_change_time)
    authenticator = configure_authentication(file, None)

    async def revoke() -> bool:
        watching = asyncio.create_task(authenticator.watch())
        await asyncio.sleep(0)
        revoked_in_place(file, callers[1])
        for _ in range(100):
            await asyncio.sleep(0.05)
            if authenticator.callers and authenticator.callers.all[1] != callers[1]:
                break
        watching.cancel()
        return authenticator.callers is not None and authenticator.callers.all[1] != callers[1]

    assert asyncio.run(revoke())
    assert authenticator.callers is not None and authenticator.callers.all[0] == callers[0]


def without_change_time(descriptor: int) -> os.stat_result:
    fields = list(os.stat(descriptor))
    fields[stat.ST_CTIME] = 0
    return os.stat_result(fields, {"st_mtime_ns": 0, "st_ctime_ns": 0})

"""`authz init`: a bundle that checks without a warning, and whose scenario passes and can fail."""

from pathlib import Path

import pytest

from authz import load_bundle, load_facts
from authz.verify import oso
from tests.support.cli import authz

REQUEST = '{"user": "ann", "action": "read", "document": "plan", "at": "2025-03-10T12:00:00Z"}'


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("existing", [False, True])
def test_a_new_bundle_checks_and_its_scenario_passes(tmp_path: Path, existing: bool) -> None:
    folder = tmp_path / "policies" / "documents"
    if existing:
        folder.mkdir(parents=True)
    done = authz("init", folder)
    assert (done.code, done.err) == (0, "")
    assert {f"wrote {folder / name}" for name in contents(folder)} <= set(done.out.splitlines())
    check = authz("check", folder, *(["--strict"] if oso.available() else []))
    assert check.code == 0
    assert (check.err == "") is oso.available()
    test = authz("test", folder)
    assert (test.code, test.out.splitlines()[-1]) == (0, "1 passed, 0 failed")
    assert authz("decide", "-", "--policy", folder, stdin=REQUEST).code == 0
    assert authz("decide", "-", "--policy", folder, stdin=REQUEST.replace("ann", "bob")).code == 2


def test_the_scenario_fails_without_the_rule(tmp_path: Path) -> None:
    authz("init", tmp_path / "new")
    rules = tmp_path / "new" / "access.polar"
    text = rules.read_text()
    rules.write_text(
        text.replace("request.document.owner = request.user_id", "request.document.owner != request.user_id")
    )
    assert authz("test", tmp_path / "new").out.splitlines()[-1] == "0 passed, 1 failed"


def test_the_facts_of_a_new_bundle_are_sound(tmp_path: Path) -> None:
    authz("init", tmp_path / "new")
    policy = load_bundle(tmp_path / "new")
    assert len(load_facts(tmp_path / "new" / "facts.json", policy).lists["users"]) == 2
    assert len(policy.bundle.program.rules["allow"]) == 1


@pytest.mark.parametrize("name", ["README.md", ".hidden", "bundle.toml"])
def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    done = authz("init", tmp_path)
    assert (done.code, done.out) == (1, "")
    assert done.err == f"authz: Invalid value for DIR: `{tmp_path}` is not empty\nhelp: see `authz init --help`\n"
    assert contents(tmp_path) == {name: b"mine"}


def test_a_file_is_no_folder_to_write_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for target in ("file", "file/inside"):
        assert authz("init", tmp_path / target).code == 1
    assert contents(tmp_path) == {"file": b"mine"}

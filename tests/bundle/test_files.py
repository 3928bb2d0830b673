"""The files of a bundle: rules are what `*.polar` names in a shell, and what only looks like a part is reported."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from authz import load_bundle
from authz.bundle.files import rule_files, unread_files
from authz.verify.check import check
from tests.support.bundle_edits import refusal
from tests.support.paths import AUTHZEN, STUDENT

PERMIT_ALL = "allow(_supplier: Supplier, action: String, request: Request) if action = request.action;\n"
APPLE_DOUBLE = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        \x00\x02\xb0"
UNREAD = (
    ".old-access.polar",
    "._access.polar",
    ".access.polar.swp",
    ".polar",
    "#access.polar#",
    "access.polar~",
    "access.polar.bak",
    "access.polar.orig",
    "access.polar (copy)",
    "Access.POLAR",
    "Access.Polar",
    "more/access.polar",
    "more/deeper/.access.polar",
    ".hidden/access.polar",
    "scenarios/rules.polar",
    "Bundle.toml",
    "bundle.TOML",
    "._bundle.toml",
    "vocabulary.toml~",
    "old/reasons.toml",
    "facts.yaml",
    "Facts.json",
    "._facts.json",
    ".DS_Store",
    "scenarios/.DS_Store",
    "Thumbs.db",
    "scenarios/worked.YAML",
    "scenarios/worked.JSON",
    "scenarios/worked.toml",
    "scenarios/._given.json",
    "scenarios/given.json~",
    "scenarios/.old/given.json",
    "Scenarios/given.json",
    "tests/scenarios/worked.yaml",
)
NO_PART = (
    "README.md",
    "LICENSE",
    "examples/request.json",
    "requests.yaml",
    "polar.md",
    "notes/polarity.txt",
    ".git/x.polar",
)


def place(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", [PERMIT_ALL.encode(), APPLE_DOUBLE], ids=["a rule", "bytes of macOS"])
def test_files_that_look_like_a_part_are_not_read(bundle: Path, content: bytes) -> None:
    for name in UNREAD:
        place(bundle, name, content)
    (bundle / ".#access.polar").symlink_to("user@host.1:2")
    assert load_bundle(bundle).digest == load_bundle(STUDENT).digest


@pytest.mark.parametrize("name", UNREAD)
def test_a_file_that_looks_like_a_part_is_reported(tmp_path: Path, name: str) -> None:
    path = place(tmp_path, name, APPLE_DOUBLE)
    assert list(unread_files(tmp_path, [])) == [path]
    assert list(unread_files(tmp_path, [path])) == []


def test_a_lock_of_an_editor_is_reported(tmp_path: Path) -> None:
    (tmp_path / ".#access.polar").symlink_to("user@host.1:2")
    assert list(unread_files(tmp_path, [])) == [tmp_path / ".#access.polar"]


@pytest.mark.parametrize("name", NO_PART)
def test_a_file_that_is_no_part_is_not_reported(tmp_path: Path, name: str) -> None:
    place(tmp_path, name, b'{"subject": {"type": "supplier"}}')
    assert list(unread_files(tmp_path, [])) == []


def test_a_scenario_file_outside_its_folder_is_reported(tmp_path: Path) -> None:
    for name, text in (("a.json", '{"facts": {}, "scenarios": []}'), ("b.yml", "facts: {}\nscenarios:\n- id: a\n")):
        place(tmp_path, name, text.encode())
    assert [path.name for path in unread_files(tmp_path, [])] == ["a.json", "b.yml"]


def test_the_rules_are_what_a_shell_names(bundle: Path) -> None:
    for name in (*UNREAD, "student (copy).polar", "b.polar", "-x.polar", "1.polar"):
        place(bundle, name, b"")
    script = ["/bin/sh", "-c", 'for file in *.polar; do echo "$file"; done']
    listed = subprocess.run(script, check=True, cwd=bundle, capture_output=True, text=True).stdout
    assert sorted(path.name for path in rule_files(bundle)) == sorted(listed.splitlines())


@pytest.mark.parametrize("name", [b"a\tb.polar", b"a\nb.polar", b"a\xff.polar", "a\u202eb.polar".encode()])
def test_a_file_name_that_cannot_be_shown_is_a_fault(bundle: Path, name: bytes) -> None:
    Path(os.fsdecode(bytes(bundle) + b"/" + name)).write_text("")
    shown = ascii(os.fsdecode(name))
    assert (
        refusal(bundle)
        == f"bundle: the file name {shown} holds a character that is not printable\nhelp: rename the file"
    )


def test_check_names_the_files_read_and_warns_of_the_others(tmp_path: Path) -> None:
    folder = shutil.copytree(AUTHZEN, tmp_path / "bundle")
    before = check(folder)
    assert set(before.read) == {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    unread = [place(folder, name, APPLE_DOUBLE) for name in ("._access.polar", "scenarios/._cases.json", "x/a.polar")]
    report = check(folder)
    assert report.read == before.read
    assert f"  read: {', '.join(report.read)}" in list(report.lines())
    added = [warning for warning in report.warnings if warning not in before.warnings]
    assert sorted((warning.code, warning.span.path) for warning in added) == sorted(
        ("unread-file", str(path)) for path in unread
    )
    assert report.unread == before.unread

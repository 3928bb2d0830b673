"""What is reviewed is what is read: no policy text holds a character that a reviewer cannot see."""

import json
import shutil
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from authz import DiagnosticError, load_bundle
from authz.documents.text import invisible_characters, read_policy_text
from authz.verify.scenario_files import read_scenario_file
from tests.support.paths import STUDENT

IGNORABLE_LETTERS_AND_MARKS = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u3164\ufe00\ufe0f\uffa0\U000e0100\U000e01ef"
)
INVISIBLE = [
    character
    for character in map(chr, range(sys.maxunicode + 1))
    if (unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") and character not in "\t\n")
    or character in IGNORABLE_LETTERS_AND_MARKS
]
NAMED = "\r\v\f\x85\u2028\u2029\0\x1b\u202a\u202e\u2066\u2069\u200e\u200f\u061c\u200b\u200c\u200d\u2060\ufeff\u00ad"

# `@` is where the character is put: in a comment, in a string, and between tokens.
POLAR = 'f(request: Request) if # a@b\n    request.action = "a@b" @ and request.action = "c";\n'
TOML = 'name = "n" # a@b\nversion = "1@0"\nabout @ = "x"\n'
YAML = 'scenarios: # a@b\n  - id: "x@y"\n    title: @ z\n'
JSON = '{"scenarios": [\n  {"id": "x@y"},@ {"id": "z"}\n]}'


def load_with(folder: Path, name: str, text: str) -> None:
    """Load a copy of the student bundle in which one file has another text."""
    (folder / name).write_text(text, encoding="utf-8", newline="")
    load_bundle(folder)


def read_scenarios(folder: Path, name: str, text: str) -> None:
    """Read a scenario file."""
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    read_scenario_file(path)


Reader = Callable[[Path, str, str], None]
FILES: dict[str, tuple[Reader, str]] = {
    "rules.polar": (load_with, POLAR),
    "bundle.toml": (load_with, TOML),
    "vocabulary.toml": (load_with, TOML),
    "reasons.toml": (load_with, TOML),
    "s.yaml": (read_scenarios, YAML),
    "s.yml": (read_scenarios, YAML),
    "s.json": (read_scenarios, JSON),
}


def places(text: str, mark: str) -> list[tuple[int, int]]:
    """The line and column of each mark in a text, whose lines end with a line feed alone."""
    lines = enumerate(text.split("\n"), 1)
    return [(number, column) for number, line in lines for column, c in enumerate(line, 1) if c == mark]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the student bundle."""
    return shutil.copytree(
        STUDENT, tmp_path_factory.mktemp("bundle") / "b", ignore=shutil.ignore_patterns("scenarios", "*.json")
    )


@pytest.mark.parametrize("name", FILES)
def test_each_invisible_character_is_refused_at_its_place(folder: Path, name: str) -> None:
    read, template = FILES[name]
    path = folder / name
    before = path.read_bytes() if path.exists() else None
    try:
        for character in INVISIBLE:
            with pytest.raises(DiagnosticError) as refused:
                read(folder, name, template.replace("@", character))
            diagnostics = [d for d in refused.value.diagnostics if d.code == "invisible-character"]
            assert [(d.span.line, d.span.column) for d in diagnostics] == places(template, "@"), repr(character)
            assert {d.problem.split()[0] for d in diagnostics} == {f"U+{ord(character):04X}"}
            assert all(d.source.isprintable() for d in diagnostics)
            assert [d.span.path for d in refused.value.diagnostics] == [str(path)] * len(diagnostics)
    finally:
        path.unlink()
        if before is not None:
            path.write_bytes(before)


def test_the_characters_that_hide_text_are_among_those_tried() -> None:
    assert [f"U+{ord(character):04X}" for character in NAMED if character not in INVISIBLE] == []


@pytest.mark.parametrize("text", ["", "a\n", "a\r\nb\r\n", "a\tb", "# José, 学校, 🏫, a b\n", "é\r\n\r\n"], ids=repr)
def test_visible_text_is_read_whatever_its_script(tmp_path: Path, text: str) -> None:
    path = tmp_path / "f"
    path.write_text(text, encoding="utf-8", newline="")
    assert read_policy_text(path, "f") == text


def test_no_visible_character_is_refused() -> None:
    visible = ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po")
    symbols = ("Sm", "Sc", "Sk", "So", "Zs", "Mc")
    for character in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.category(character) in (*visible, *symbols) and character not in IGNORABLE_LETTERS_AND_MARKS:
            assert invisible_characters(character, "f") == [], repr(character)


def test_ten_invisible_characters_are_reported_at_most() -> None:
    assert len(invisible_characters("\0" * 1000, "f")) == 10


def test_a_rule_hidden_behind_a_lone_carriage_return_is_refused(folder: Path) -> None:
    path = folder / "request.polar"
    sound = path.read_bytes()
    start = sound.rindex(b"#", 0, sound.index(b"\nstale("))
    end = sound.index(b";\n", start)
    try:
        path.write_bytes(sound[:start] + sound[start:end].replace(b"\n", b"\r") + sound[end:])
        with pytest.raises(DiagnosticError) as refused:
            load_bundle(folder)
        assert {d.code for d in refused.value.diagnostics} == {"invisible-character"}
    finally:
        path.write_bytes(sound)


def test_a_scenario_may_hold_an_invisible_character_as_an_escape(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"scenarios": [{"id": "a\u200bb"}]}))
    assert read_scenario_file(path).text(0, "id") == "a\u200bb"

"""The pages for users, run: every command they show says what they show."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sybil import Document, Example
from sybil.parsers.markdown import CodeBlockParser

from authz.verify import oso as reference
from tests.support.paths import ROOT
from tests.support.project import copy_policies, project

ELSEWHERE = re.compile(r"(policy|facts) \.\.\.")


def place(example: Example) -> tuple[str, str]:
    """What the comment over a block says to do with it, and to which file."""
    comments = re.findall(r"<!-- (\w+)(?: to)? (\S+) -->\s*$", example.document.text[: example.start])
    return comments[-1] if comments else ("", "")


class Reader:
    """Does what a page says, in a copy of the project's policies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        copy_policies(folder)
        command = folder / "bin" / "authz"
        command.parent.mkdir()
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m authz "$@"\n')
        command.chmod(0o755)

    def write(self, example: Example) -> None:
        """Write to, append to, or edit a file of the author's."""
        deed, name = place(example)
        file, text = self.folder / name, str(example.parsed)
        if deed == "write":
            file.write_text(text)
        elif deed == "append":
            file.write_text(file.read_text() + text)
        else:
            assert deed == "edit", f"what is to be done with {name or 'this block'}?"
            lines = text.splitlines(keepends=True)
            old, new = ("".join(line[1:] for line in lines if line[0] == sign) for sign in "-+")
            assert old in file.read_text()
            file.write_text(file.read_text().replace(old, new))

    def run(self, example: Example) -> None:
        """Run each command, and compare what it says with what stands under it."""
        shown = re.split(r"^\$ ", str(example.parsed), flags=re.MULTILINE)[1:]
        script = "\n".join(f"{block.partition(chr(10))[0]}\nstatus=$?; echo '<end>'; (exit $status)" for block in shown)
        environment = {"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "LC_ALL": "C"}
        done = subprocess.run(
            ["sh"], input=script, capture_output=True, text=True, cwd=self.folder, env=environment, check=False
        )
        # A fault goes to standard error; the page shows both as a terminal does.
        said = done.stdout.split("<end>\n")[:-1]
        expected = [block.partition("\n")[2] for block in shown]
        if done.stderr:
            said[-1] += done.stderr
        assert [ELSEWHERE.sub("", text) for text in expected] == [hidden(text) for text in said]


def hidden(text: str) -> str:
    """What was said, without the digests that a page leaves out."""
    return re.sub(r"(policy|facts) [0-9a-f]{8}\b", "", text)


def examples(page: str, reader: Reader) -> list[Example]:
    parsers = [CodeBlockParser("console", reader.run)]
    parsers += [CodeBlockParser(language, reader.write) for language in ("toml", "polar", "yaml", "diff", "json")]
    document = Document.parse(str(ROOT / page), *parsers)
    return list(document.examples())


@pytest.mark.skipif(not reference.available(), reason="the page shows the comparison with oso")
@pytest.mark.parametrize("page", ["docs/policy-authors.md"])
def test_a_page_says_what_happens(page: str, tmp_path: Path) -> None:
    found = examples(page, Reader(tmp_path))
    assert len(found) > 5
    for example in found:
        example.evaluate()


def test_the_readmes_program_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project())
    names: dict[str, Any] = {}
    found = Document.parse(
        str(ROOT / "README.md"), CodeBlockParser("python", lambda example: exec(example.parsed, names))
    )
    for example in found.examples():
        example.evaluate()
    assert names["decision"].effect == "allow"

"""Run a page for users: write its files, run its commands, and compare each output with the page.

`python -m tests.support.pages docs/tutorial.md` writes the real output of each command into the page.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from sybil import Document, Example
from sybil.parsers.markdown import CodeBlockParser

from tests.support.paths import ROOT
from tests.support.project import copy_policies

FILE_LANGUAGES = ("toml", "polar", "yaml", "diff", "json")
OMITTED = {
    re.compile(r"\b(policy|facts) (\.\.\.|[0-9a-f]{8}\b)"): r"\1 ...",
    re.compile(r"\b\d+ scenarios and \d+ generated worlds\b"): "... scenarios and ... generated worlds",
    re.compile(r"^  read: bundle\.toml, .*$", re.MULTILINE): "  read: bundle.toml, ...",
}
"""Digests, counts and lists of files that change with the student bundle; a page writes `...` for them."""
END = "<end of output>"


def omit_details(text: str) -> str:
    for pattern, replacement in OMITTED.items():
        text = pattern.sub(replacement, text)
    return text


def directive(example: Example) -> tuple[str, str]:
    """What the comment above a block says to do with it, and with which file: `<!-- write to FILE -->`."""
    comments = re.findall(r"<!-- (\w+)(?: to)? (\S+) -->\s*$", example.document.text[: example.start])
    return comments[-1] if comments else ("", "")


def split_commands(block: str) -> list[tuple[str, str]]:
    """Each command of a console block, with the output that the page shows."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    commands = [(command, output) for command, _, output in (part.partition("\n") for part in parts)]
    # Another test runs these against a service.
    return [(command, output) for command, output in commands if not command.startswith("curl ")]


class Project:
    """A reader's folder with a copy of the student bundle, in which a page's blocks are carried out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        copy_policies(folder)
        command = folder / "bin" / "authz"
        command.parent.mkdir()
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m authz "$@"\n')
        command.chmod(0o755)

    def change_file(self, example: Example) -> None:
        """Write, append to or edit a file."""
        verb, name = directive(example)
        file, text = self.folder / name, str(example.parsed)
        if verb == "write":
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        elif verb == "append":
            file.write_text(file.read_text() + text)
        else:
            assert verb == "edit", f"no comment says what to do with the block in line {example.line}"
            lines = text.splitlines(keepends=True)
            old, new = ("".join(line[1:] for line in lines if line[0] == sign) for sign in "-+")
            assert old in file.read_text()
            file.write_text(file.read_text().replace(old, new))

    def outputs(self, commands: list[str]) -> list[str]:
        """The output of each command, both streams, as a terminal shows it."""
        script = "\n".join(f"{command}\nstatus=$?; echo '{END}'; (exit $status)" for command in commands)
        environment = {"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "PYTHONPATH": f"{ROOT}:{ROOT / 'api'}"}
        done = subprocess.run(
            ["sh"],
            input=f"exec 2>&1\n{script}",
            stdout=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env={**environment, "LC_ALL": "C.UTF-8"},
            check=False,
        )
        return [omit_details(text) for text in done.stdout.split(f"{END}\n")[:-1]]

    def check_commands(self, example: Example) -> None:
        """Run each command and compare its output with the page's."""
        shown = split_commands(str(example.parsed))
        assert [omit_details(output) for _, output in shown] == self.outputs([command for command, _ in shown])


def examples(page: str, project: Project) -> list[Example]:
    """The blocks of a page that can be carried out, in order."""
    parsers = [CodeBlockParser("console", project.check_commands)]
    parsers += [CodeBlockParser(language, project.change_file) for language in FILE_LANGUAGES]
    return list(Document.parse(str(ROOT / page), *parsers).examples())


def update(page: str) -> None:
    """Write the real output of each command into a page."""
    path = ROOT / page
    text = path.read_text()
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder))
        for example in examples(page, project):
            block = str(example.parsed)
            if not block.startswith("$ "):
                project.change_file(example)
                continue
            if not split_commands(block):
                continue
            commands = [command for command, _ in split_commands(block)]
            pairs = zip(commands, project.outputs(commands), strict=True)
            text = text.replace(block, "".join(f"$ {command}\n{output}" for command, output in pairs))
    path.write_text(text)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        update(name)

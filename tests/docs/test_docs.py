"""The pages for users, run: every command that they show prints what they show."""

from pathlib import Path
from typing import Any

import pytest
from sybil import Document
from sybil.parsers.markdown import CodeBlockParser

from authz.verify import oso
from tests.support.pages import Project, examples
from tests.support.paths import ROOT
from tests.support.project import project

PAGES = {"docs/tutorial.md": 15, "docs/reference/explanations.md": 9, "docs/your-own-bundle.md": 9}
"""Each page that is run, with the least number of blocks that it must have."""


@pytest.mark.skipif(not oso.available(), reason="the pages show the comparison with oso")
@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_what_its_commands_print(page: str, tmp_path: Path) -> None:
    blocks = examples(page, Project(tmp_path))
    assert len(blocks) >= PAGES[page]
    for block in blocks:
        block.evaluate()


def test_the_readmes_program_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project())
    names: dict[str, Any] = {}
    readme = Document.parse(
        str(ROOT / "README.md"), CodeBlockParser("python", lambda example: exec(example.parsed, names))
    )
    for example in readme.examples():
        example.evaluate()
    assert names["decision"].effect == "allow"

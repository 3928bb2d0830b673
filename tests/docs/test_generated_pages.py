"""The generated pages of `docs/reference/` are what `make docs` writes."""

import importlib.util
from types import ModuleType

import pytest

from tests.support.paths import ROOT


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = _generator()


@pytest.mark.parametrize("page", GENERATOR.PAGES)
def test_a_generated_page_is_current(page: str) -> None:
    assert (GENERATOR.REFERENCE / page).read_text(encoding="utf-8") == GENERATOR.PAGES[page](), "run `make docs`"


def test_each_code_has_one_entry_in_all_catalogues() -> None:
    codes = [entry.code for topics, _ in GENERATOR.CATALOGUES for entries in topics.values() for entry in entries]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("entry", "check"),
    [
        pytest.param(entry, check, id=entry.code)
        for topics, check in GENERATOR.CATALOGUES
        for entries in topics.values()
        for entry in entries
    ],
)
def test_the_example_of_an_entry_yields_its_code_and_no_other(entry, check) -> None:  # type: ignore[no-untyped-def]
    assert {diagnostic.code for diagnostic in check(entry)} == {entry.code}

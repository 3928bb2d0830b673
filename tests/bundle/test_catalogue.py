"""The catalogue of bundle diagnostics: each code has one entry, a raise site, and an example that yields it alone."""

import re

import pytest

from authz.bundle.catalogue import TOPICS
from authz.bundle.catalogue.example import check_example, example_file
from authz.language.catalogue.entry import CatalogueEntry

ENTRIES = [entry for entries in TOPICS.values() for entry in entries]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_an_example_yields_the_code_of_its_entry_and_no_other(entry: CatalogueEntry) -> None:
    assert {diagnostic.code for diagnostic in check_example(entry)} == {entry.code}


def test_the_bundle_of_the_examples_is_sound() -> None:
    sound = CatalogueEntry(code="none", says="", why="", example="", repair="", file="bundle.toml")
    assert check_example(sound) == ()
    assert example_file("reasons.toml").count("[[reason]]") == 1


def test_the_texts_are_sentences() -> None:
    for entry in ENTRIES:
        for text in (entry.says, entry.why, entry.repair):
            assert re.fullmatch(r"[A-Z`].*\.", text), entry.code

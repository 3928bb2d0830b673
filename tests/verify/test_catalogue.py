"""The catalogue of warnings: an example gives the warning of its entry, and a code has one entry everywhere."""

import re

import pytest

from authz.bundle.catalogue import TOPICS as BUNDLE
from authz.documents.catalogue import TOPICS as DOCUMENTS
from authz.language.catalogue import TOPICS as LANGUAGE
from authz.language.catalogue.entry import CatalogueEntry
from authz.verify.catalogue import TOPICS
from authz.verify.example import check_example

ENTRIES = [entry for entries in TOPICS.values() for entry in entries]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_an_example_gives_the_warning_of_its_entry(entry: CatalogueEntry) -> None:
    assert {diagnostic.code for diagnostic in check_example(entry)} == {entry.code}


def test_no_code_of_a_warning_is_that_of_another_diagnostic() -> None:
    others = {
        entry.code for topics in (BUNDLE, DOCUMENTS, LANGUAGE) for entries in topics.values() for entry in entries
    }
    codes = [entry.code for entry in ENTRIES]
    assert len(set(codes)) == len(codes)
    assert not others & set(codes)


def test_the_texts_are_sentences() -> None:
    for entry in ENTRIES:
        for text in (entry.says, entry.why, entry.repair):
            assert re.fullmatch(r"[A-Z`].*\.", text), entry.code

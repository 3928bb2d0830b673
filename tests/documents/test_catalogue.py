"""The catalogue of documents: an example yields the code of its entry, and a code has one entry in all catalogues."""

from collections import Counter

import pytest

from authz.bundle.catalogue import TOPICS as BUNDLE
from authz.documents.catalogue import TOPICS
from authz.documents.example import check_example
from authz.language.catalogue import TOPICS as LANGUAGE
from authz.language.catalogue.entry import CatalogueEntry

ENTRIES = [entry for entries in TOPICS.values() for entry in entries]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_an_example_yields_the_code_of_its_entry_and_no_other(entry: CatalogueEntry) -> None:
    assert {diagnostic.code for diagnostic in check_example(entry)} == {entry.code}


def test_a_code_has_one_entry_in_all_catalogues() -> None:
    topics = [*TOPICS.values(), *BUNDLE.values(), *LANGUAGE.values()]
    counted = Counter(entry.code for entries in topics for entry in entries)
    assert [code for code, count in counted.items() if count > 1] == []

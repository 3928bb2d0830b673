"""The place of a value in a text of TOML: that of the key which states it, or of the nearest table around it."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from authz.bundle.catalogue import TOPICS
from authz.bundle.catalogue.example import check_example
from authz.documents.places import Loc
from authz.documents.toml import load_toml, named_loc, place_in_toml
from authz.language.catalogue.entry import CatalogueEntry
from authz.language.diagnostics import DiagnosticError
from tests.support.paths import AUTHZEN, STUDENT

TEXT = """\
# a comment with name = 1
name = "doors"
actions = [
  "open",  # the first
  "close",
]

[request.fields]
"quoted key" = { from = "context.x", type = "String?" }
a.b.c = 1

[[reason]]
code = "LOCKED"
en = \"\"\"
more = 1
\"\"\"

[[reason]]
code = "SHUT"
layer = "door"

[reason.inside]
deep = true
"""
PLACES: dict[Loc, tuple[int, int, str]] = {
    ("name",): (2, 1, "name"),
    ("actions",): (3, 1, "actions"),
    ("actions", 1): (5, 3, '"close"'),
    ("request",): (8, 2, "request"),
    ("request", "fields"): (8, 10, "fields"),
    ("request", "fields", "quoted key"): (9, 1, '"quoted key"'),
    ("request", "fields", "quoted key", "type"): (9, 38, "type"),
    ("request", "fields", "quoted key", "missing"): (9, 1, '"quoted key"'),
    ("request", "fields", "a", "b", "c"): (10, 5, "c"),
    ("request", "missing", "more"): (8, 2, "request"),
    ("reason",): (12, 3, "reason"),
    ("reason", 0, "code"): (13, 1, "code"),
    ("reason", 0, "en"): (14, 1, "en"),
    ("reason", 0, "more"): (12, 3, "reason"),
    ("reason", 1): (18, 3, "reason"),
    ("reason", 1, "layer"): (20, 1, "layer"),
    ("reason", 1, "inside"): (22, 9, "inside"),
    ("reason", 1, "inside", "deep"): (23, 1, "deep"),
    ("reason", 2): (12, 3, "reason"),
    ("missing",): (0, 0, ""),
}


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("loc", PLACES, ids=str)
def test_a_value_is_placed_at_its_key(loc: Loc, ends: str) -> None:
    span, source = place_in_toml(TEXT.replace("\n", ends), loc, "f")
    assert (span.line, span.column, source[max(span.column - 1, 0) : span.end_column - 1]) == PLACES[loc]
    assert span.path == "f"


def locs(value: Any, loc: Loc = ()) -> Iterator[Loc]:
    """Every place in a value."""
    if loc:
        yield loc
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, inside in parts:
        yield from locs(inside, (*loc, part))


@pytest.mark.parametrize("name", ["bundle.toml", "vocabulary.toml", "reasons.toml"])
@pytest.mark.parametrize("bundle", [AUTHZEN, STUDENT], ids=["authzen", "student"])
def test_every_value_of_a_bundle_is_placed_at_its_own_key(bundle: Path, name: str) -> None:
    text = (bundle / name).read_text(encoding="utf-8")
    lines = text.split("\n")
    for loc in list(locs(tomllib.loads(text)))[::7]:
        span, source = place_in_toml(text, loc, name)
        assert source == lines[span.line - 1]
        keys = [part for part in loc if isinstance(part, str)]
        word = source[span.column - 1 : span.end_column - 1].strip("\"'")
        assert word == keys[-1] or isinstance(loc[-1], int)


def test_a_place_names_the_code_of_a_reason() -> None:
    assert named_loc(TEXT, ("reason", 1, "layer")) == ("reason", "[SHUT]", "layer")
    assert named_loc(TEXT, ("actions", 1)) == ("actions", 1)


@pytest.mark.parametrize(
    "entry",
    [entry for entries in TOPICS.values() for entry in entries if entry.file.endswith(".toml")],
    ids=lambda entry: entry.code,
)
def test_every_fault_of_a_bundles_toml_has_a_line_and_quotes_it(entry: CatalogueEntry) -> None:
    for diagnostic in check_example(entry):
        assert (diagnostic.span.line, diagnostic.span.column) > (0, 0)
        assert diagnostic.source


DUPLICATES = {
    "a = 1\nbcd = 2\nbcd = 3": (3, 1, "bcd"),
    "[a]\n[a]": (2, 2, "a"),
    "[a.b]\nc = 1\n[a.b]": (3, 2, "a.b"),
    "a.b = 1\n a.b = 2": (2, 2, "a.b"),
    "[[a]]\n[a.b]\n[a.b]": (3, 2, "a.b"),
    "a = 1\n[a]": (2, 2, "a"),
}


@pytest.mark.parametrize("text", DUPLICATES)
def test_a_key_that_is_stated_twice_is_named_with_its_place(text: str) -> None:
    line, column, key = DUPLICATES[text]
    with pytest.raises(DiagnosticError) as refused:
        load_toml(text, "f")
    (diagnostic,) = refused.value.diagnostics
    assert (diagnostic.span.line, diagnostic.span.column) == (line, column)
    assert diagnostic.problem == f"not TOML: the key `{key}` is stated twice"

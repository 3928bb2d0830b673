"""The catalogue of diagnostics: each code has one entry, a raise site and an example; examples that fail open do so."""

import ast
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import authz.language
from authz.language.catalogue import TOPICS
from authz.language.catalogue.entry import CatalogueEntry
from authz.language.examples import EXAMPLE_SCHEMA, check_example

ENTRIES = [entry for entries in TOPICS.values() for entry in entries]
LANGUAGE = Path(authz.language.__path__[0])
MODULES = [path for path in LANGUAGE.rglob("*.py") if path.parent.name != "catalogue"]


def names_used(path: Path) -> Counter[str]:
    """How often a module mentions each name, its imports left out."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    loaded = [node.id for node in nodes if isinstance(node, ast.Name)]
    return Counter(loaded + [node.attr for node in nodes if isinstance(node, ast.Attribute)])


def test_each_code_has_one_entry() -> None:
    assert [code for code, count in Counter(entry.code for entry in ENTRIES).items() if count > 1] == []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_an_example_yields_the_code_of_its_entry_and_no_other(entry: CatalogueEntry) -> None:
    assert {diagnostic.code for diagnostic in check_example(entry.example)} == {entry.code}


def test_each_entry_has_a_raise_site() -> None:
    used = sum((names_used(path) for path in MODULES), Counter[str]())
    constants = [entry.code.upper().replace("-", "_") for entry in ENTRIES]
    assert [name for name in constants if not used[name]] == []


def test_no_diagnostic_is_made_but_from_an_entry() -> None:
    makers = [
        path.relative_to(LANGUAGE).as_posix()
        for path in LANGUAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Diagnostic"
    ]
    assert makers == ["catalogue/entry.py"]


@pytest.mark.parametrize("code", ["", "Unknown", "unknown_field", "unknown-", "-field", "E101", "unknown--field"])
def test_a_code_is_lower_case_words_with_hyphens(code: str) -> None:
    with pytest.raises(ValueError, match="not a diagnostic code"):
        CatalogueEntry(code=code, says="", why="", example="", repair="")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_messages_are_phrases_and_entries_are_sentences(entry: CatalogueEntry) -> None:
    for diagnostic in check_example(entry.example):
        assert re.match(r"[a-z`]", diagnostic.problem) and not diagnostic.problem.endswith(".")
        assert re.match(r"[a-z`]|$", diagnostic.help) and not re.search(r"[^.]\.$", diagnostic.help)
    assert entry.says.endswith(".") and entry.why.endswith(".") and entry.repair.endswith(".")


# What fails open in oso.


@dataclass
class Reader:
    """A record of the example vocabulary."""

    id: str = "ann"


@dataclass
class Card:
    """A record of the example vocabulary."""

    number: str = "1"
    blocked: bool = True


@dataclass
class Request:
    """A request that each example was to refuse."""

    reader: Reader = field(default_factory=Reader)
    book: str = "emma"
    state: str = "returned"
    renewals: int = 1
    suspended: bool = True
    guest: bool = False
    staff: bool = False
    card: Card | None = None
    loans: tuple[()] = ()
    holds: tuple[()] = ()


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry.fails_open], ids=lambda entry: entry.code)
def test_an_example_that_fails_open_permits_in_oso(entry: CatalogueEntry) -> None:
    polar: Any = pytest.importorskip("polar", reason="oso has no wheels after CPython 3.12")
    engine = polar.Polar()
    for record in (Reader, Card, Request):
        engine.register_class(record)
    engine.load_str(f"{entry.example}\nallow(_: Reader, _, request: Request) if rule(request);")
    assert list(engine.query_rule("rule", Request()))


def test_the_request_of_the_examples_follows_their_vocabulary() -> None:
    assert vars(Request()).keys() <= EXAMPLE_SCHEMA.records["Request"].fields.keys()

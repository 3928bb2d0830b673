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
from authz.language.diagnostics import Diagnostic, DiagnosticError, Span
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


# Diagnostics as values.


def test_a_diagnostic_as_data_has_its_place_and_its_code() -> None:
    (diagnostic,) = check_example("rule(request: Request) if\n    not request.suspendd;")
    assert diagnostic.as_data() == {
        "path": "rules.polar",
        "line": 2,
        "column": 17,
        "end_line": 2,
        "end_column": 25,
        "code": "unknown-field",
        "problem": "`Request` has no field `suspendd`",
        "help": "did you mean `suspended`?",
    }


def test_a_diagnostic_of_a_whole_bundle_has_no_line() -> None:
    (diagnostic,) = check_example("# allow(...) is missing")
    assert diagnostic.as_data().keys() == {"path", "code", "problem", "help"}


def test_a_span_over_several_lines_is_underlined_to_the_end_of_its_first() -> None:
    (diagnostic,) = check_example("rule(request: Request) if request.renewals =\n    request.book;")
    assert (diagnostic.span.line, diagnostic.span.end_line, diagnostic.span.end_column) == (1, 2, 17)
    assert str(diagnostic).split("\n")[2] == f"      | {' ' * 26}{'^' * len('request.renewals =')}"


@pytest.mark.parametrize(
    ("span", "carets"),
    [
        (Span("f", 1, 3), "  ^"),
        (Span("f", 1, 1, 1, 4), "^^^"),
        (Span("f", 1, 3, 1, 9), "  ^^"),
        (Span("f", 1, 5), "    ^"),
        (Span("f", 1, 2, 3, 1), " ^^^"),
    ],
    ids=["no end", "an end", "an end behind the line", "a place behind the line", "an end on a later line"],
)
def test_the_carets_stand_under_the_span(span: Span, carets: str) -> None:
    assert str(Diagnostic(span, "p", source="abcd")) == f"{span}: p\n    1 | abcd\n      | {carets}"


def test_equal_diagnostics_are_reported_once_in_order_of_place() -> None:
    first, second = Diagnostic(Span("f", 1, 1), "z"), Diagnostic(Span("f", 2, 1), "a")
    assert DiagnosticError([second, first, second]).diagnostics == (first, second)

"""Diagnostics as values and as text: spans with an end, carets, data for programs, suggestions."""

import pytest

from authz.language.diagnostics import MAX_WORD_LENGTH, Diagnostic, DiagnosticError, Span, did_you_mean
from authz.language.examples import check_example


def test_a_span_that_is_given_no_end_covers_one_character() -> None:
    assert Span("f", 2, 3) == Span("f", 2, 3, 2, 4)
    assert (Span("f").end_line, Span("f").end_column) == (0, 0)


def test_a_span_reaches_to_the_end_of_another() -> None:
    assert Span("f", 1, 3, 1, 5).to(Span("f", 2, 1, 2, 8)) == Span("f", 1, 3, 2, 8)


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


def test_control_characters_do_not_reach_a_terminal() -> None:
    text = str(Diagnostic(Span("f\x1b"), "a\x07", "b\x9b", code="c"))
    assert text == "f\ufffd: a\ufffd\ncode: c\nhelp: b\ufffd"


@pytest.mark.parametrize(
    ("word", "known", "help"),
    [
        ("opne", ["open", "closed"], "did you mean `open`?"),
        ("open", ["shut"], ""),
        ("x" * MAX_WORD_LENGTH, ["x" * (MAX_WORD_LENGTH - 1)], f"did you mean `{'x' * (MAX_WORD_LENGTH - 1)}`?"),
        ("x" * (MAX_WORD_LENGTH + 1), ["x" * MAX_WORD_LENGTH], ""),
    ],
    ids=["close", "far", "as long as a name may be", "longer than a name may be"],
)
def test_the_closest_known_word_is_suggested(word: str, known: list[str], help: str) -> None:
    assert did_you_mean(word, known) == help

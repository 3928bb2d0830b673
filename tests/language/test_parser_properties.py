"""Laws of the parser and the type checker over any text: nothing but diagnostics, each inside the text."""

from hypothesis import given, settings
from hypothesis import strategies as st

from authz.language.diagnostics import Diagnostic, DiagnosticError
from authz.language.parser import parse
from authz.language.typecheck.program import check_program
from tests.support.accepted_conditions import ACCEPTED
from tests.support.small_schema import SCHEMA, condition

TOKENS = (
    *("rule", "request", "x", "grants", "open", "Request", "allow", "reason", "_", "nil", "true", "True"),
    *("if", "and", "or", "not", "in", "type", "forall", "cut", "matches", "resource"),
    *("(", ")", "[", "]", "{", "}", ",", ";", ":", ".", ":=", "=", "!=", "<", "?=", "|", "-", "+", "/", "!"),
    *('"a"', '"', "'", "1", "1.5", "99999999999999999999", "# no", "é", "\n", "\r\n", "\t", "\f"),
)
TOKEN_LISTS = st.lists(st.sampled_from(TOKENS), max_size=30).map(" ".join)
TEXTS = st.one_of(st.text(max_size=60), TOKEN_LISTS, TOKEN_LISTS.map(condition))


def diagnostics_of(text: str) -> tuple[Diagnostic, ...]:
    file, diagnostics = parse("f.polar", text)
    try:
        check_program("bundle", [file], SCHEMA)
    except DiagnosticError as error:
        return (*diagnostics, *error.diagnostics)
    return diagnostics


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_any_text_is_checked_and_each_diagnostic_lies_inside_it(text: str) -> None:
    lines = text.split("\n")
    for diagnostic in diagnostics_of(text):
        assert diagnostic.code and str(diagnostic) and diagnostic.as_data()
        span = diagnostic.span
        if span.line:
            assert (span.line, span.column) < (span.end_line, span.end_column)
            assert span.end_line <= len(lines)
            assert 1 <= span.column <= len(lines[span.line - 1])
            assert span.end_column <= len(lines[span.end_line - 1]) + 1
            assert diagnostic.source == lines[span.line - 1].rstrip("\r")


# An open brace reads on: a block of roles may contain `;`.
@given(st.sampled_from(sorted(ACCEPTED.values())), TOKEN_LISTS.filter(lambda text: "{" not in text))
@settings(max_examples=200, deadline=None)
def test_a_malformed_statement_hides_no_diagnostic_of_the_next(body: str, malformed: str) -> None:
    after = condition("request.opne")
    codes = [diagnostic.code for diagnostic in diagnostics_of(f"{malformed} ;\n{condition(body)}\n{after}")]
    assert "unknown-field" in codes

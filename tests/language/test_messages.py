"""Messages for authors: whole texts, all diagnostics at once, in order, none that only follows from another."""

from pathlib import Path

import pytest

from authz import PolicyError, load_bundle
from authz.language.diagnostics import DiagnosticError
from authz.language.parser import parse
from authz.language.typecheck.program import check_program
from tests.support.paths import STUDENT
from tests.support.small_schema import ALLOW, SCHEMA, checked, checker_output, condition


def codes_and_columns(text: str, reasons: tuple[str, ...] = ()) -> list[tuple[str, int]]:
    with pytest.raises(DiagnosticError) as raised:
        checked(text, reasons)
    return [(diagnostic.code, diagnostic.span.column) for diagnostic in raised.value.diagnostics]


def test_all_diagnostics_are_reported_at_once_in_order_of_place() -> None:
    text = """\
g(r: Request) if r.opne and r.consnt;
h(r: Requst) if r.open;
i(r: Request) if r.name = "né" and r.level + 1 = 2;
j(r: Request) if r.open and not f(r);
"""
    assert (
        checker_output(text)
        == """\
rules.polar:1:20: `Request` has no field `opne`
    1 | g(r: Request) if r.opne and r.consnt;
      |                    ^^^^
code: unknown-field
help: did you mean `open`?
rules.polar:1:31: `Request` has no field `consnt`
    1 | g(r: Request) if r.opne and r.consnt;
      |                               ^^^^^^
code: unknown-field
help: did you mean `consent`?
rules.polar:2:6: unknown type `Requst`
    2 | h(r: Requst) if r.open;
      |      ^^^^^^
code: unknown-type
help: did you mean `Request`?
rules.polar:3:29: `é` is outside ASCII
    3 | i(r: Request) if r.name = "né" and r.level + 1 = 2;
      |                             ^
code: non-ascii
help: keep such characters to comments
rules.polar:3:44: arithmetic is not in the profile
    3 | i(r: Request) if r.name = "né" and r.level + 1 = 2;
      |                                            ^
code: unsupported-arithmetic
help: declare a derived field in the vocabulary, or a parameter
rules.polar:4:33: unknown rule `f`
    4 | j(r: Request) if r.open and not f(r);
      |                                 ^
code: unknown-rule"""
    )


def test_the_diagnostics_of_several_files_are_ordered_by_file() -> None:
    files = [parse(path, text) for path, text in (("b.polar", "f(r: Request) if r.opne;"), ("a.polar", ALLOW + "\n;"))]
    with pytest.raises(DiagnosticError) as raised:
        check_program("bundle", [file for file, _ in files], SCHEMA)
    error = DiagnosticError(
        [*raised.value.diagnostics, *(diagnostic for _, diagnostics in files for diagnostic in diagnostics)]
    )
    assert [(d.span.path, d.span.line) for d in error.diagnostics] == [("a.polar", 2), ("b.polar", 1)]


@pytest.mark.parametrize(
    "fault", ["r.open +", 'r.name = "a', "r.open and", "r.open)", "r.open and forall(a, b)"], ids=lambda text: text
)
def test_a_rule_that_cannot_be_parsed_is_not_reported_as_missing(fault: str) -> None:
    text = f'f(r: Request) if {fault};\ng(r: Request) if f(r) and h(r);\nh(r: Request) if f(r);\n{ALLOW}\n#";'
    assert [line for line in checker_output(text).split("\n") if line.startswith("rules")] == [
        line for line in checker_output(text).split("\n") if line.startswith("rules.polar:1:")
    ]


def test_a_missing_end_causes_no_report_of_missing_reasons_or_allow() -> None:
    text = 'f(r: Request) if r.open\nreason(r: Request, "A") if f(r);\ng(r: Request) if r.open\n' + ALLOW
    assert checker_output(text, codes=("A",)).count("the rule does not end here") == 2
    assert checker_output(text, codes=("A",)).count("rules.polar") == 2
    assert "bundle" not in checker_output(text, codes=("A",))


def test_missing_rules_are_reported_for_the_bundle() -> None:
    text = 'reason(r: Request, "B") if r.open;'
    file, _ = parse("rules.polar", text)
    schema = SCHEMA.__class__(SCHEMA.records, SCHEMA.enumerations, SCHEMA.subject, SCHEMA.request, ("A", "CLOSED"))
    with pytest.raises(DiagnosticError) as raised:
        check_program("bundle", [file], schema)
    assert (
        str(raised.value)
        == """\
bundle: no rule `allow(_subject: Reader, action: String, request: Request) if ...;`
code: missing-allow
bundle: reason code `A` has no rule `reason(request: Request, "A")`
code: missing-reason
bundle: reason code `CLOSED` has no rule `reason(request: Request, "CLOSED")`
code: missing-reason
rules.polar:1:20: unknown reason code `B`
    1 | reason(r: Request, "B") if r.open;
      |                    ^^^
code: unknown-reason-code"""
    )


def test_the_code_of_a_reason_is_a_constant() -> None:
    text = 'reason(r: Request, code: String) if r.open and code = "A";\nreason(r: Request, "A") if r.open;'
    assert (
        checker_output(text, codes=("A",))
        == """\
rules.polar:1:20: the reason code must be a constant
    1 | reason(r: Request, code: String) if r.open and code = "A";
      |                    ^^^^
code: reason-code-not-constant
help: write `reason(request: Request, "CODE") if ...`"""
    )


def test_no_rule_can_call_a_reason() -> None:
    text = 'reason(r: Request, "A") if r.open;\nf(r: Request) if not reason(r, "A");'
    assert (
        checker_output(text, codes=("A",))
        == """\
rules.polar:2:22: `reason` is evaluated by the engine, and no rule can call it
    2 | f(r: Request) if not reason(r, "A");
      |                      ^^^^^^
code: entry-point-called
help: give the condition a rule of its own"""
    )


def test_a_reason_code_is_a_string() -> None:
    text = 'reason(r: Request, 1) if r.open;\nreason(r: Request, "A") if r.open;'
    assert codes_and_columns(text, ("A",)) == [("reason-code-not-constant", 20), ("inconsistent-parameter-type", 20)]


def test_both_sides_of_a_comparison_are_checked() -> None:
    assert codes_and_columns(condition("request.limit > request.levle")) == [
        ("possibly-nil", 27),
        ("unknown-field", 51),
    ]


def test_all_arguments_of_a_call_are_checked() -> None:
    text = condition("f(request.opne, request.limit)") + "\nf(b: Boolean, n: Integer) if b and n = 1;"
    assert codes_and_columns(text) == [("unknown-field", 37), ("possibly-nil", 43)]


def test_a_block_of_roles_ends_with_its_brace() -> None:
    block = "resource Grant { roles = { a: b; }; relations = c; }\n"
    assert codes_and_columns(block + "f(r: Request) if r.opne;") == [("unsupported-block", 1), ("unknown-field", 20)]


def test_a_call_is_checked_against_the_rules_that_can_be_parsed() -> None:
    text = condition("f(request, request)") + "\nf(r: Request) if r.open;\nf(r: Request) if forall(a, b);"
    assert codes_and_columns(text) == [("wrong-argument-count", 27), ("unsupported-forall", 18)]


def test_a_constant_may_belong_to_a_rule_that_cannot_be_parsed() -> None:
    text = condition('request.open and f("b")') + '\nf("a");\nf("b") if forall(a, b);'
    assert codes_and_columns(text) == [("unsupported-forall", 11)]


def test_a_declaration_may_belong_to_a_rule_that_cannot_be_parsed() -> None:
    text = "type f(r: Request);\nf(r: Request) if forall(a, b);"
    assert codes_and_columns(text) == [("unsupported-forall", 18)]


def test_a_tab_stays_a_tab_before_the_caret() -> None:
    assert "      | \t             ^^^^" in checker_output("f(r: Request) if\n\tr.open and r.opne;")


def test_a_line_that_ends_in_cr_lf_is_quoted_without_its_end() -> None:
    assert (
        checker_output("f(r: Request) if\r\n    r.opne;\r\n")
        == """\
rules.polar:2:7: `Request` has no field `opne`
    2 |     r.opne;
      |       ^^^^
code: unknown-field
help: did you mean `open`?"""
    )


def test_places_count_code_points() -> None:
    message = checker_output("# 🏫\nf(r: Request) if r.open; # 🏫🏫 é\ng(r: Request) if # 学校\n r.opne; # 🏫")
    assert message.startswith("rules.polar:4:4: `Request` has no field `opne`\n    4 |  r.opne; # 🏫\n      |    ^^^^")


def test_the_text_of_a_file_is_kept_as_the_author_wrote_it() -> None:
    text = 'f(r: R) if # "é" ;\r\n    r.x = "# no"; # 🏫'
    assert parse("f", text)[0].text == text


def test_a_diagnostic_of_a_bundle_names_its_file(tmp_path: Path) -> None:
    for path in STUDENT.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    school = tmp_path / "school.polar"
    school.write_text(school.read_text().replace("link in request.links and", "link in request.lnks and", 1))
    with pytest.raises(PolicyError) as raised:
        load_bundle(tmp_path)
    (diagnostic,) = raised.value.diagnostics
    assert (diagnostic.span.path, diagnostic.problem) == (str(school), "`Request` has no field `lnks`")
    assert diagnostic.help == "did you mean `links`?"


@pytest.mark.parametrize("text", ["", "\n", "# nothing", "\r\n", " \t"], ids=repr)
def test_a_file_may_be_empty(text: str) -> None:
    assert checked(text).rules.keys() == {"allow"}


@pytest.mark.parametrize("text", [";", "}", "{", ")", "#\n;;", '"', "\x00", "\\", "f", "f(", "type", "type;", ":= ;"])
def test_debris_is_refused_with_a_diagnostic(text: str) -> None:
    assert checker_output(f"{text}\n").startswith("rules.polar:")
    assert checker_output(condition(text)).startswith("rules.polar:")

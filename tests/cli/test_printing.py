"""No text from a document can forge a line of the command's output, steer a terminal, or break a report."""

import io
import json
import sys
import unicodedata
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from authz import Facts, Policy, load_facts
from authz.cli.output import print_diagnostics, print_error, print_json, print_lines, print_text
from authz.cli.render import as_data, as_text
from authz.cli.test import _print_failure
from authz.language.diagnostics import Diagnostic, Span
from authz.language.printable import single_line
from authz.verify.reports import as_junit
from authz.verify.scenarios import Result
from tests.support.cli import authz
from tests.support.paths import STUDENT

HOSTILE = [
    "a\nallow  X",
    "a\rallow  X",
    "a\u2028allow",
    "a\x85allow",
    "a\x1b[2Jb",
    "\u202eyned",
    "\u2066a",
    "a\u200bb",
    "a\x00\x7f\x9b",
    "\udcff",
    "\U000e0041",
    "\ufffe",
]
FORGED = "107 passed, 0 failed"
ANY_TEXT = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=())),
    st.lists(st.sampled_from([*HOSTILE, FORGED, "\n", "\t", "help: ", "é", "漢"]), max_size=5).map("".join),
)
SAFE = {"\t"}


def printed(*calls: Any) -> list[str]:
    """The lines that calls print on both streams, without the last line end."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        for call in calls:
            call()
    assert out.getvalue().endswith("\n")
    return out.getvalue()[:-1].split("\n")


def assert_safe(lines: list[str]) -> None:
    for line in lines:
        for character in line:
            assert character in SAFE or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(ANY_TEXT)
@example("".join(map(chr, range(sys.maxunicode + 1))))
def test_a_text_prints_on_one_line_and_keeps_its_length(text: str) -> None:
    for lines in (printed(lambda: print_text(text)), printed(lambda: print_error(text))):
        assert len(lines) == 1 and len(lines[0]) == len(text)
        assert_safe(lines)
    assert single_line(single_line(text)) == single_line(text)


@given(st.recursive(ANY_TEXT, lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner)))
def test_json_holds_the_same_data_and_no_unsafe_character(data: Any) -> None:
    lines = printed(lambda: print_json(data))
    assert_safe(lines)
    assert json.loads("\n".join(lines)) == json.loads(json.dumps(data))


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT, st.integers(0, 3))
def test_a_diagnostic_has_as_many_lines_as_it_says_and_continues_under_an_indent(
    path: str, problem: str, help: str, source: str, line: int
) -> None:
    diagnostic = Diagnostic(Span(path, line, 1), problem, help, source, "code")
    lines = printed(lambda: print_diagnostics([diagnostic]))
    assert_safe(lines)
    first, *more = [line for line in lines if not line.startswith("  ")]
    assert first.startswith(single_line(path))
    assert [line.partition(":")[0] for line in more] == ["code", *(["help"] if help else [])]


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, st.lists(ANY_TEXT, min_size=1))
def test_a_failed_scenario_has_one_line_and_its_problems_under_it(
    path: str, id: str, title: str, problems: list[str]
) -> None:
    lines = printed(lambda: _print_failure(Result(path, id, title, tuple(problems))))
    assert_safe(lines)
    assert lines[0].startswith("FAILED ") and all(line.startswith("    ") for line in lines[1:])


@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT, ANY_TEXT, st.lists(ANY_TEXT, max_size=2)), max_size=3), ANY_TEXT)
def test_a_junit_report_is_sound_xml_whatever_a_scenario_or_a_path_holds(
    policy: Policy, rows: list[tuple[str, str, str, list[str]]], folder: str
) -> None:
    named = replace(policy, bundle=replace(policy.bundle, path=folder))
    results = [Result(path, id, title, tuple(problems)) for path, id, title, problems in rows]
    suite = ElementTree.fromstring(as_junit(named, results).encode())
    assert len(suite.findall("testcase")) == int(suite.get("tests", "")) == len(results)
    assert len(suite.findall("testcase/failure")) == sum(not result.passed for result in results)


@pytest.fixture(scope="module")
def facts(policy: Policy) -> Facts:
    return load_facts(STUDENT / "facts.json", policy)


REQUEST = {"supplier": "X", "institute": "A", "school": "S1", "student": "tim", "action": "read_grades"}


@pytest.mark.parametrize("member", [member for member in REQUEST if member != "action"])
@given(
    text=st.text(st.characters(exclude_categories=("Cs",)), min_size=1)
    | st.sampled_from([text for text in HOSTILE if text != "\udcff"])
)
def test_a_decision_has_as_many_lines_as_with_a_plain_request(
    policy: Policy, facts: Facts, member: str, text: str
) -> None:
    at = datetime(2025, 3, 10, 12, tzinfo=UTC)
    plain, hostile = (policy.decide({**REQUEST, member: value}, facts, at=at) for value in ("nobody", text))
    if hostile.reasons == plain.reasons:
        lines = [printed(lambda d=d: print_lines(as_text(d, policy.bundle))) for d in (plain, hostile)]
        assert_safe(lines[1])
        assert len(lines[0]) == len(lines[1])
    assert_safe(printed(lambda: print_json(as_data(hostile, policy.bundle))))


@pytest.mark.parametrize("text", [text for text in HOSTILE if text != "\udcff"])
def test_the_command_prints_no_line_that_a_request_forges(text: str) -> None:
    result = authz("decide", "-", "--at", "2025-03-10T12:00:00Z", stdin=json.dumps({**REQUEST, "supplier": text}))
    assert result.code == 2
    assert_safe(result.out[:-1].split("\n"))
    assert [line for line in result.out.split("\n") if line.startswith("allow")] == []


@pytest.mark.parametrize("name", [b"a\x01b", b"c\xffd", b"e\nf"])
def test_a_junit_report_is_sound_for_every_name_of_a_folder(tmp_path: Path, name: bytes) -> None:
    folder = tmp_path / name.decode(errors="surrogateescape")
    folder.mkdir()
    scenario = {"id": "A", "request": {**REQUEST, "at": "2025-03-10T12:00:00Z"}, "expect": {"decision": "deny"}}
    (folder / "s.json").write_text(json.dumps({"scenarios": [scenario]}))
    report = tmp_path / "report.xml"
    result = authz("test", folder, "--policy", STUDENT, "--junit", report)
    assert "Traceback" not in result.err
    assert ElementTree.parse(report).getroot().get("tests") == "1"

"""The command `authz` in a process of its own: exit codes, streams, pipes, errors."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from authz import __version__
from authz.verify import oso as reference
from tests.support.cli import authz
from tests.support.paths import ROOT, STUDENT
from tests.support.project import project

EXAMPLES = STUDENT / "examples"
PERMITTED = EXAMPLES / "everything-in-place.json"
REFUSED = EXAMPLES / "consent-withdrawn-a-second-ago.json"


def test_a_permit_exits_0_and_says_allow() -> None:
    result = authz("decide", PERMITTED)
    assert (result.code, result.err, result.out.split()[0]) == (0, "", "allow")


def test_a_refusal_exits_2_and_names_its_reason() -> None:
    result = authz("decide", REFUSED)
    assert (result.code, result.err) == (2, "")
    assert result.out.splitlines()[1] == "  CONSENT_WITHDRAWN  consent has been withdrawn"


def test_a_request_comes_from_standard_input_too() -> None:
    assert authz("decide", "-", stdin=PERMITTED.read_text()).code == 0


def test_a_request_may_be_authzens() -> None:
    request = {
        "subject": {"type": "supplier", "id": "X", "properties": {"institute": "A"}},
        "action": {"name": "read_grades"},
        "resource": {"type": "student", "id": "tim", "properties": {"school": "S1"}},
    }
    assert authz("decide", "-", "--at", "2025-03-10T12:00:00Z", stdin=json.dumps(request)).code == 0


def test_another_instant_decides_otherwise() -> None:
    result = authz("decide", PERMITTED, "--at", "2025-05-11T22:00:00Z", "--json")
    assert (result.code, json.loads(result.out)["reasons"]) == (2, ["CONSENT_LAPSED_MAJORITY"])


def test_without_an_instant_it_is_now() -> None:
    request = {key: value for key, value in json.loads(PERMITTED.read_text()).items() if key != "at"}
    result = authz("decide", "-", "--json", stdin=json.dumps(request))
    assert (result.code, json.loads(result.out)["reason"]) == (2, "CONSENT_LAPSED_MAJORITY")


def test_data_for_programs_is_stable() -> None:
    data = json.loads(authz("decide", REFUSED, "--json").out)
    assert {**data, "policy": "", "facts": ""} == {
        "bundle": "student_data",
        "decision": "deny",
        "reason": "CONSENT_WITHDRAWN",
        "reasons": ["CONSENT_WITHDRAWN"],
        "texts": {"CONSENT_WITHDRAWN": {"en": "consent has been withdrawn", "nl": "de toestemming is ingetrokken"}},
        "error": None,
        "at": "2025-03-10T12:00:00Z",
        "expires_at": None,
        "policy": "",
        "facts": "",
    }


BAD_REQUESTS = {
    "not JSON": ('{"supplier": "X"', "standard input:1:17: not JSON: expecting ',' delimiter"),
    "not an object": ("[]", "standard input: is not an object"),
    "an unknown key": (
        '{"supplier": "X", "student": "tim", "action": "read_name", "scool": "S1"}',
        "standard input: scool: is not known here",
    ),
    "a missing key": ('{"student": "tim", "action": "read_name"}', "standard input: supplier: is missing"),
    "another type": (
        '{"supplier": 7, "student": "tim", "action": "read_name"}',
        "standard input: supplier: is not a string",
    ),
    "a duplicate key": (
        '{"supplier": "X", "supplier": "Y", "student": "tim", "action": "a"}',
        "standard input: supplier: this key stands here twice",
    ),
    "a naive time": (
        '{"supplier": "X", "student": "tim", "action": "a", "at": "2025-03-10T12:00:00"}',
        "standard input: at: `2025-03-10T12:00:00` has no offset: write `Z` or `+01:00` behind it",
    ),
}


@pytest.mark.parametrize("fault", BAD_REQUESTS)
def test_a_malformed_request_decides_nothing(fault: str) -> None:
    text, problem = BAD_REQUESTS[fault]
    result = authz("decide", "-", stdin=text)
    assert (result.code, result.out, result.err.splitlines()[0]) == (1, "", problem)
    assert "Traceback" not in result.err


def test_a_faulty_facts_document_decides_nothing(tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text('{"schools": [{"id": "S1"}, {"id": "S1"}], "scools": []}')
    result = authz("decide", PERMITTED, "--facts", facts)
    assert (result.code, result.out) == (1, "")
    assert result.err == f"{facts}: scools: is not known here\nhelp: did you mean `schools`?\n"


USAGE = {
    "an unknown option": (["decide", "--bogus"], "authz: No such option: --bogus\nhelp: see `authz decide --help`\n"),
    "an unknown command": (["decideth"], "authz: No such command 'decideth'"),
    "a missing argument": (["decide"], "authz: Missing argument 'REQUEST'\nhelp: see `authz decide --help`\n"),
    "a bad instant": (
        ["decide", str(PERMITTED), "--at", "soon"],
        "authz: Invalid value for --at: `soon` is not an instant",
    ),
    "a bad evaluator": (["test", "--evaluator", "opa"], "authz: Invalid value for '--evaluator': 'opa' is not one of"),
    "no such file": (["decide", "nowhere.json"], "nowhere.json: no such file or directory\n"),
    "no such bundle": (["check", "nowhere"], "nowhere: there is no such folder\n"),
    "no such scenario": (["test", "-k", "zork"], "no scenario has the words `zork`\n"),
}


@pytest.mark.parametrize("fault", USAGE)
def test_a_usage_error_exits_1_and_says_what_to_do(fault: str) -> None:
    words, problem = USAGE[fault]
    result = authz(*words)
    assert result.code == 1
    assert result.err.startswith(problem)
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    "words", [[], ["--help"], ["decide", "--help"], ["test", "--help"], ["check", "--help"]], ids=" ".join
)
def test_help_is_printed_for_every_command(words: list[str]) -> None:
    result = authz(*words, COLUMNS="40")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Usage: authz")


def test_test_prints_the_bundle_first_and_the_counts_last() -> None:
    result = authz("test", "policies/student_data/scenarios", "-k", "sibling")
    bundle, summary = result.out.splitlines()
    assert (result.code, summary) == (0, "2 passed, 0 failed")
    assert re.fullmatch(r"bundle student_data 1\.0\.0 in policies/student_data   policy [0-9a-f]{8}", bundle)


def test_test_reports_for_programs_and_for_ci(tmp_path: Path) -> None:
    scenarios = tmp_path / "s.json"
    request = json.loads(PERMITTED.read_text())
    scenarios.write_text(
        json.dumps({"scenarios": [{"id": "a\u0001<", "request": request, "expect": {"decision": "allow"}}]})
    )
    result = authz("test", scenarios, "--json", "--junit", tmp_path / "report.xml")
    data = json.loads(result.out)
    assert (result.code, data["passed"], data["failed"], data["scenarios"][0]["decision"]) == (1, 0, 1, "deny")
    assert (data["bundle"], len(data["policy"])) == ("student_data", 64)
    assert 'failures="1"' in (tmp_path / "report.xml").read_text()


def test_check_prints_what_it_compared() -> None:
    result = authz("check")
    compared = r"compared with oso: \d+ scenarios" if reference.available() else "not compared with oso"
    assert result.code == 0
    assert (result.err == "") is reference.available()
    assert re.search(compared, result.out)


def test_compile_prints_python() -> None:
    result = authz("compile")
    assert result.code == 0
    compile(result.out, "printed", "exec")


def test_vocabulary_lists_what_a_rule_may_use() -> None:
    assert "of_age_at" in authz("vocabulary").out
    assert (
        json.loads(authz("vocabulary", "--json").out)["records"]["Student"]["fields"]["birth_date"]["type"] == "Date?"
    )


def test_a_reader_of_a_pipe_may_leave() -> None:
    script = f"{sys.executable} -m authz compile | head -1"
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, cwd=project(), check=False, timeout=60
    )
    assert done.stderr == ""


def test_a_locale_without_unicode_still_prints() -> None:
    assert authz("vocabulary", LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0").code == 0


ENGINE = {"lark", "pydantic"}
EXTRAS = {"oso", "polar", "ruamel", "rich", "fastapi", "hypothesis", "authz_api"}


@pytest.mark.parametrize(
    ("words", "unwanted"),
    [(["--help"], ENGINE | EXTRAS), (["--version"], ENGINE | EXTRAS), (["decide", str(PERMITTED)], EXTRAS)],
)
def test_a_command_loads_only_what_it_needs(words: list[str], unwanted: set[str]) -> None:
    code = (
        "import sys; from authz.cli.main import main\n"
        f"sys.argv = ['authz', *{words!r}]\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print(sorted({{name.partition('.')[0] for name in sys.modules}} & {unwanted!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=project(), check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]"


# The schema of facts documents is of the bundle in policies/, whose owner runs `make test-policies`.
@pytest.mark.parametrize("document", ["manifest", "vocabulary", "reasons", "scenarios"])
def test_the_published_schemas_are_those_of_the_code(document: str) -> None:
    published = (ROOT / "docs" / "schemas" / f"{document}.schema.json").read_text()
    assert authz("vocabulary", "--json-schema", document).out == published


def test_a_closed_standard_output_is_no_error() -> None:
    command = f"{sys.executable} -m authz decide {PERMITTED} >&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=project(), check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_an_error_with_a_message() -> None:
    command = f"{sys.executable} -m authz vocabulary > /dev/full"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=project(), check=False, timeout=60)
    assert (done.returncode, done.stderr) == (1, "authz: no space left on device\n")


def test_the_version_is_that_of_the_package() -> None:
    assert authz("--version").out == f"authz {__version__}\n"


@pytest.mark.parametrize("width", ["20", "40", "200"])
@pytest.mark.parametrize("command", ["decide", "serve", "callers add"])
def test_help_fits_terminals_of_every_width(command: str, width: str) -> None:
    result = authz(*command.split(), "--help", COLUMNS=width)
    assert (result.code, result.err) == (0, "")
    assert f"authz {command}" in " ".join(result.out.split())

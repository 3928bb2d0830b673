"""Every command uses the bundle that it should, and names it with the digest that the library gives."""

import io
import json
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from xml.etree import ElementTree

import pytest

import authz.cli
from authz import load_bundle, load_facts
from authz.cli.main import main
from authz.verify import oso
from tests.support.paths import STUDENT
from tests.support.server import serving
from tests.support.service_cases import digest

STARTER = Path(authz.cli.__file__).parent / "starter"
REQUEST = {"user": "ann", "action": "read", "document": "plan", "at": "2025-03-10T12:00:00Z"}
FOLDERS = {"mine": "mine", "other": "other", "default": "policies/student_data"}

# How a command names a bundle by an option or argument, how by a path in it, and how not at all.
COMMANDS = {
    "decide": (["decide", "request.json", "--policy", "{}"], ["decide", "{}/request.json"], ["decide", "{outside}"]),
    "decide --json": (
        ["decide", "request.json", "--json", "--policy", "{}"],
        ["decide", "--json", "{outside}", "--facts", "{}/facts.json"],
        ["decide", "--json", "{outside}"],
    ),
    "decide --scenario": (
        ["decide", "{}/scenarios/owner.json", "--scenario", "owner-reads", "--policy", "{}"],
        ["decide", "{}/scenarios/owner.json", "--scenario", "owner-reads"],
        None,
    ),
    "test": (["test", "--policy", "{}"], ["test", "{}/scenarios"], ["test"]),
    "test --json": (["test", "--json", "--policy", "{}"], ["test", "--json", "{}/scenarios/owner.json"], None),
    "check": (["check", "{}"], ["check", "{}/scenarios"], ["check"]),
    "check --json": (["check", "--json", "{}"], ["check", "--json", "{}/scenarios"], ["check", "--json"]),
    "fuzz": (
        ["fuzz", "{}", "--seconds", "0.1"],
        ["fuzz", "{}/scenarios", "--seconds", "0.1"],
        ["fuzz", "--seconds", "0.1"],
    ),
    "compile": (["compile", "{}"], ["compile", "{}/scenarios"], ["compile"]),
    "vocabulary": (["vocabulary", "{}"], ["vocabulary", "{}/scenarios"], ["vocabulary"]),
    "vocabulary --json": (["vocabulary", "--json", "{}"], ["vocabulary", "--json", "{}/scenarios"], None),
}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three bundles with different names, the current folder above them, and a request outside of all."""
    for name, folder in FOLDERS.items():
        shutil.copytree(STARTER, tmp_path / "work" / folder)
        manifest = tmp_path / "work" / folder / "bundle.toml"
        manifest.write_text(manifest.read_text().replace('name = "documents"', f'name = "{name}"'))
        (manifest.parent / "request.json").write_text(json.dumps(REQUEST))
    (tmp_path / "outside").mkdir()
    for folder in ("work", "outside"):
        (tmp_path / folder / "request.json").write_text(json.dumps(REQUEST))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def run(words: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[object, str, str]:
    """The exit code of a command run in this process, and its streams."""
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "argv", ["authz", *words])
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code, out.getvalue(), err.getvalue()


def assert_names(tree: Path, name: str, out: str, as_json: bool) -> None:
    digest = load_bundle(tree / "work" / FOLDERS[name]).digest
    if as_json:
        data = json.loads(out)
        assert (data.get("bundle", data.get("name")), data["policy"]) == (name, digest)
    else:
        words = out.replace(":", " ").split()
        assert name in words and digest[:8] in words
        assert words[words.index("policy") + 1] == digest[:8]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_uses_the_bundle_that_it_should_and_names_it(
    tree: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_json = "--json" in command
    named, in_it, plain = (
        [word.replace("{outside}", str(tree / "outside" / "request.json")) for word in words] if words else None
        for words in COMMANDS[command]
    )
    situations: list[tuple[list[str] | None, str, str]] = [
        (named, "work", "mine"),
        (named, "work/other", "mine"),
        (in_it, "work", "mine"),
        (in_it, "work/other", "mine"),
        (plain, "work/other", "other"),
        (plain, "work/other/scenarios", "other"),
        (plain, "work", "default"),
    ]
    for words, folder, name in situations:
        if words is not None:
            monkeypatch.chdir(tree / folder)
            code, out, err = run([word.replace("{}", str(tree / "work" / "mine")) for word in words], monkeypatch)
            unexpected = "" if "not-compared" in err and not oso.available() else err
            assert (code, unexpected) == (0, ""), (words, out, err)
            assert_names(tree, name, out, as_json)


def test_the_junit_report_names_the_bundle(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(["test", "mine/scenarios", "--junit", "report.xml"], monkeypatch)[0] == 0
    properties = ElementTree.parse("report.xml").findall("properties/property")
    expected = {"bundle": "mine", "path": "mine", "policy": load_bundle(Path("mine")).digest}
    assert {item.get("name"): item.get("value") for item in properties} == expected


def test_a_decision_of_the_library_has_the_same_digest(tree: Path) -> None:
    policy = load_bundle(Path("mine"))
    decision = policy.decide(REQUEST, load_facts(Path("mine/facts.json"), policy))
    assert decision.policy_digest == policy.digest == policy.bundle.digest


def test_paths_in_two_bundles_are_no_choice(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (["test", "mine/scenarios", "other"], ["decide", "mine/request.json", "--facts", "other/facts.json"]):
        code, out, err = run(words, monkeypatch)
        assert (code, out) == (1, "") and "choose one" in err


def test_the_command_that_fuzz_suggests_fails_on_the_bundle_that_was_fuzzed(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = tree / "work" / "mine" / "access.polar"
    text = rules.read_text()
    assert 'reason(request: Request, "NOT_THE_OWNER") if not owner_reads(request);' in text
    rules.write_text(
        text.replace("if not owner_reads(request)", 'if not owner_reads(request) and request.user_id = "bob"')
    )
    code, out, _ = run(["fuzz", "mine", "--seconds", "20"], monkeypatch)
    assert code == 1, out
    suggested = out.split("run `authz ")[1].split("`")[0].split()
    code, out, _ = run(suggested, monkeypatch)
    assert code == 1 and out.startswith("bundle mine ")


def test_a_scenario_file_given_as_a_request_gets_a_hint(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = run(["decide", "mine/scenarios/owner.json"], monkeypatch)
    problem = "`mine/scenarios/owner.json` is a scenario file: choose its scenario with --scenario ID"
    assert (code, out) == (1, "")
    assert err == f"authz: Invalid value for REQUEST: {problem}\nhelp: see `authz decide --help`\n"


@pytest.mark.parametrize("command", [[], ["decide"], ["check"], ["callers"], ["callers", "add"]], ids=" ".join)
def test_h_is_help(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = run([*command, "-h"], monkeypatch)
    assert (code, err) == (0, "") and out.startswith(f"Usage: {' '.join(['authz', *command])}")


@pytest.mark.parametrize(("typed", "offered"), [("authz dec", "decide"), ("authz check --str", "--strict")])
def test_a_shell_completes_commands_and_options(typed: str, offered: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "_AUTHZ_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": f"{typed.count(' ')}",
    }.items():
        monkeypatch.setenv(name, value)
    assert offered in run([], monkeypatch)[1].split()


def test_the_service_answers_with_the_digest_of_the_library(tmp_path: Path) -> None:
    with serving(tmp_path, STUDENT) as served:
        assert digest(served) == load_bundle(STUDENT).digest

"""The warnings of `authz check`: one edit of a bundle without warnings gives one warning, with its place."""

import shutil
from pathlib import Path

import pytest

from authz import load_bundle
from authz.verify import oso
from authz.verify.lint import lint
from authz.verify.warnings import files_read, warnings_of
from tests.support.cli import authz
from tests.support.paths import AUTHZEN, STUDENT

REASON = '\nreason(request: Request, "CATEGORY_UNKNOWN") if '
CASES: dict[str, tuple[str, str, str, str, str]] = {
    "a type that no subject has": (
        "request.polar",
        'request.subject_type = "supplier"',
        'request.subject_type = "suplier"',
        "impossible-constant",
        'request.subject_type = "suplier"',
    ),
    "a type that no resource has": (
        "request.polar",
        'request.resource_type = "student"',
        'request.resource_type = "Student"',
        "impossible-constant",
        'request.resource_type = "Student"',
    ),
    "a verb that no action has": (
        "request.polar",
        'request.verb = "read"',
        'request.verb = "raed"',
        "impossible-constant",
        'request.verb = "raed"',
    ),
    "an action that is none": (
        "access.polar",
        "",
        f'{REASON}request.action != "read_grade";\n',
        "impossible-constant",
        'request.action != "read_grade"',
    ),
    "an action among some": (
        "access.polar",
        "",
        f'{REASON}not request.action in ["read_name", "read_grade"];\n',
        "impossible-constant",
        'request.action in ["read_name", "read_grade"]',
    ),
    "an action that is handed on": (
        "access.polar",
        "",
        f'{REASON}rare(request.action);\nrare(action: String) if action = "read_grade";\n',
        "impossible-constant",
        'action = "read_grade"',
    ),
    "an action in a head": (
        "access.polar",
        "",
        f'{REASON}rare(request.action);\nrare("read_grade");\n',
        "impossible-constant",
        'rare("read_grade")',
    ),
    "two categories at once": (
        "access.polar",
        "",
        f'{REASON}request.category != nil and request.category = "name" and request.category = "grades";\n',
        "contradiction",
        'reason(request: Request, "CATEGORY_UNKNOWN")',
    ),
    "a condition and its negation": (
        "access.polar",
        "",
        f"{REASON}in_scope(request) and request.school = nil and not in_scope(request);\n",
        "contradiction",
        'reason(request: Request, "CATEGORY_UNKNOWN")',
    ),
    "a rule that nothing calls": (
        "access.polar",
        "",
        "\nlonely(request: Request) if request.school != nil;\n",
        "unused-rule",
        "lonely(request: Request)",
    ),
    "two equals signs": (
        "request.polar",
        'request.verb = "read"',
        'request.verb == "read"',
        "double-equals",
        'request.verb == "read"',
    ),
    "two equals signs under a not": (
        "access.polar",
        "",
        f'{REASON}request.verb != nil and not (request.verb == "read" or in_scope(request));\n',
        "double-equals",
        'request.verb == "read"',
    ),
    "a parameter": (
        "bundle.toml",
        "[parameters]\n",
        '[parameters]\nspare = { type = "Integer", default = 1 }\n',
        "unused-parameter",
        "spare",
    ),
    "an enumeration": (
        "vocabulary.toml",
        "[enumerations]\n",
        '[enumerations]\nColour = ["red"]\n',
        "unused-enumeration",
        "Colour",
    ),
    "a layer": (
        "reasons.toml",
        'code = "STUDENT_CLOSED"\nlayer = "student"',
        'code = "STUDENT_CLOSED"\nlayer = "studnet"',
        "misspelt-layer",
        "layer",
    ),
}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A copy of the student bundle, for a test to edit."""
    return shutil.copytree(STUDENT, tmp_path / "bundle", ignore=shutil.ignore_patterns("scenarios"))


@pytest.mark.parametrize("name", CASES)
def test_what_is_suspect_is_a_warning_with_its_place(bundle: Path, name: str) -> None:
    file, old, new, code, quoted = CASES[name]
    path = bundle / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1) if old else text + new, encoding="utf-8")
    (warning,) = lint(load_bundle(bundle).bundle)
    assert (warning.code, warning.span.path) == (code, str(path))
    assert warning.source == path.read_text(encoding="utf-8").split("\n")[warning.span.line - 1]
    assert warning.source[warning.span.column - 1 :].startswith(quoted)


def test_values_that_rules_do_not_tell_apart_are_warnings(bundle: Path) -> None:
    path = bundle / "vocabulary.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"given", "withdrawn"', '"given", "withdrawn", "paused", "moved"'), encoding="utf-8")
    warnings = lint(load_bundle(bundle).bundle)
    assert [(each.code, each.problem.split("`")[-2]) for each in warnings] == [
        ("unused-value", "paused"),
        ("unused-value", "moved"),
    ]


@pytest.mark.parametrize("folder", [STUDENT, AUTHZEN], ids=["student", "authzen"])
def test_a_bundle_in_use_has_no_warning(folder: Path) -> None:
    assert lint(load_bundle(folder).bundle) == ()


def test_a_bundle_without_a_scenario_that_is_permitted_is_a_warning(tmp_path: Path) -> None:
    folder = shutil.copytree(AUTHZEN, tmp_path / "bundle")
    policy = load_bundle(folder)
    without_oso = set() if oso.available() else {"not-compared"}
    assert {warning.code for warning in warnings_of(policy, files_read(policy), 0)} == without_oso
    rules = folder / "access.polar"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("    permitted(request) and\n", NEVER, 1), encoding="utf-8")
    policy = load_bundle(folder)
    codes = {warning.code for warning in warnings_of(policy, files_read(policy), 0)}
    assert codes == {"no-permit", "contradiction"} | without_oso


NEVER = '    permitted(request) and\n    request.action = "read" and\n    request.action = "write" and\n'


def test_strict_makes_warnings_faults(tmp_path: Path) -> None:
    folder = shutil.copytree(AUTHZEN, tmp_path / "bundle")
    (folder / "access.polar").write_text(
        (folder / "access.polar").read_text() + "lonely(request: Request) if request.user != nil;\n"
    )
    plain, strict = authz("check", folder), authz("check", folder, "--strict")
    assert (plain.code, strict.code) == (0, 1)
    assert "`lonely`" in plain.err
    assert "code: unused-rule" in strict.err

"""Loading a bundle: every problem of every file at once, no code of the bundle runs, every file is in the digest."""

import re
from collections import Counter
from pathlib import Path

import pytest

from authz import PolicyError, load_bundle
from authz.engine.loading import read_facts
from tests.support.bundle_edits import Edit, refusal
from tests.support.paths import STUDENT

USER = 'code = "{}"\nlayer = "student"\naudience = "user"'
HEAD = "[request.ignored]"
FIELD = 'kind = "HoldKind" }'


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refused:
        load_bundle(tmp_path / "none")
    wanted = f"{tmp_path / 'none'}: there is no such folder\ncode: no-bundle-folder\n"
    assert str(refused.value) == f"{wanted}help: name a bundle's folder: one with a `bundle.toml`"


def test_a_file_is_no_folder(bundle: Path) -> None:
    with pytest.raises(PolicyError, match="is a file, not a folder"):
        load_bundle(bundle / "bundle.toml")


def test_an_empty_folder_lacks_three_files(tmp_path: Path) -> None:
    missing = [f"{name}: no such file or directory" for name in ("bundle.toml", "vocabulary.toml", "reasons.toml")]
    assert refusal(tmp_path).split("\n") == missing


@pytest.mark.parametrize("name", ["bundle.toml", "reasons.toml", "vocabulary.toml"])
def test_a_missing_file_is_reported(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    assert refusal(bundle) == f"{name}: no such file or directory"


def test_a_bundle_without_rules_permits_nothing_and_is_refused(bundle: Path) -> None:
    for path in bundle.glob("*.polar"):
        path.unlink()
    with pytest.raises(PolicyError) as refused:
        load_bundle(bundle)
    counted = Counter(diagnostic.code for diagnostic in refused.value.diagnostics)
    assert counted == {"missing-allow": 1, "missing-reason": len(load_bundle(STUDENT).bundle.reasons)}
    assert "bundle: no rule `allow(_subject: Supplier, action: String, request: Request) if ...;`" in refusal(bundle)


def test_a_folder_named_like_a_polar_file_is_reported(bundle: Path) -> None:
    (bundle / "more.polar").mkdir()
    assert refusal(bundle) == "more.polar: is a directory"


def test_problems_of_all_files_are_reported_at_once(bundle: Path, edit: Edit) -> None:
    edit("bundle.toml", 'version = "1.0.0"', "version = 1.0.0")
    edit("vocabulary.toml", "[enumerations]", "[enumerations")
    edit("reasons.toml", "[substitute]", "[substitute]\nx")
    edit("access.polar", "", "foo(")
    places = re.findall(r"^(\S+?:\d+:\d+): ", refusal(bundle), re.MULTILINE)
    line = (bundle / "access.polar").read_text(encoding="utf-8").count("\n") + 1
    assert places == ["bundle.toml:4:14", "vocabulary.toml:6:14", "reasons.toml:8:2", f"access.polar:{line}:4"]


def test_problems_of_one_file_are_reported_at_once(bundle: Path, edit: Edit) -> None:
    edit("bundle.toml", 'name = "student_data"', "nam = 1")
    edit("bundle.toml", 'version = "1.0.0"', "version = 1")
    edit("bundle.toml", 'record = "Student"', "record = 1")
    assert refusal(bundle).split("\n") == [
        "bundle.toml: name: is missing",
        "bundle.toml: nam: is not known here",
        "help: did you mean `name`?",
        "bundle.toml: version: is not a string",
        "bundle.toml: request.resource.record: is not a string",
    ]


def test_problems_of_vocabulary_and_reasons_are_reported_at_once(bundle: Path, edit: Edit) -> None:
    edit("bundle.toml", HEAD, f'x = {{ from = "context.x", type = "Strin?" }}\n{HEAD}')
    edit("vocabulary.toml", FIELD, 'kind = "HoldKin" }')
    edit("reasons.toml", 'code = "CATEGORY_UNKNOWN"', 'code = "ACTION_NOT_SUPPORTED"')
    assert refusal(bundle).split("\n") == [
        "vocabulary.toml: records.Hold.fields.kind: unknown type `HoldKin`",
        "help: did you mean `HoldKind`?",
        "reasons.toml: reason[ACTION_NOT_SUPPORTED].code: `ACTION_NOT_SUPPORTED` stands here twice",
    ]


def test_faults_of_stages_that_do_not_rest_on_each_other_are_reported_at_once(bundle: Path, edit: Edit) -> None:
    edit("bundle.toml", "default = 16", "default = 1000")
    edit("bundle.toml", 'never_grants = "suspensions"', 'never_grants = "suspension"')
    edit("reasons.toml", 'code = "CATEGORY_UNKNOWN"', 'code = "ACTION_NOT_SUPPORTED"')
    with pytest.raises(PolicyError) as refused:
        load_bundle(bundle)
    codes = {diagnostic.code for diagnostic in refused.value.diagnostics}
    assert codes >= {"parameter-out-of-bounds", "duplicate-reason", "unknown-reason-code"}


@pytest.mark.parametrize("code", ["UNKNOWN_STUDENT", "STUDENT_CLOSED", "NO_AGREEMENT", "CONSENT_WITHDRAWN"])
def test_a_reason_that_holds_through_facts_of_the_data_subject_alone_is_for_no_user(
    bundle: Path, edit: Edit, code: str
) -> None:
    edit("reasons.toml", f'code = "{code}"\nlayer = "student"\naudience = "admin"', USER.format(code))
    assert refusal(bundle) == (
        f"reasons.toml: reason[{code}].audience: "
        f"`{code}` holds through facts of the student alone: callers may not see it\n"
        'help: write `audience = "admin"`'
    )


def test_every_reason_is_about_the_data_subject_alone_or_for_users(bundle: Path) -> None:
    path = bundle / "reasons.toml"
    before = load_bundle(STUDENT).bundle.reasons
    path.write_text(path.read_text(encoding="utf-8").replace('audience = "admin"', 'audience = "user"'))
    with pytest.raises(PolicyError) as refused:
        load_bundle(bundle)
    reported = {diagnostic.problem.split("`")[1] for diagnostic in refused.value.diagnostics}
    assert reported == {code for code, reason in before.items() if reason.audience == "admin"}


@pytest.mark.parametrize("name", ["class", "from", "lambda", "None", "def", "self", "model_config"])
def test_words_of_python_name_anything(bundle: Path, edit: Edit, name: str) -> None:
    edit("vocabulary.toml", FIELD, f'kind = "HoldKind", {name} = "String?" }}')
    edit("vocabulary.toml", "[values]\n", f'[values]\n{name} = "Integer?"\n')
    edit("vocabulary.toml", 'facts = "suspensions"', 'facts = "yield"')
    edit("vocabulary.toml", "suspensions = { en", '"yield" = { en')
    edit("bundle.toml", 'never_grants = "suspensions"', 'never_grants = "yield"')
    edit("bundle.toml", "", f'{name} = {{ type = "Integer?" }}\n')
    facts = read_facts({name: 3, "yield": [], "holds": [], "students": []}, load_bundle(bundle))
    assert facts.values[name] == 3


def test_loading_runs_no_code(bundle: Path) -> None:
    for name in ("__init__.py", "bundle.py", "conftest.py", "sitecustomize.py", "access.py"):
        (bundle / name).write_text("raise SystemExit('code of the bundle ran')")
    digest = load_bundle(bundle).digest
    assert digest == load_bundle(STUDENT).digest
    assert not list(bundle.rglob("__pycache__"))


@pytest.mark.parametrize("name", ["bundle.toml", "vocabulary.toml", "reasons.toml", "access.polar"])
def test_every_file_of_the_policy_counts_in_its_digest(bundle: Path, edit: Edit, name: str) -> None:
    edit(name, "", "\n# another comment\n")
    assert load_bundle(bundle).digest != load_bundle(STUDENT).digest


def test_a_collection_keyed_by_what_a_caller_may_leave_out_needs_a_guard(bundle: Path, edit: Edit) -> None:
    head = '\nallow(_s: Supplier, "read_grades", request: Request) if '
    edit("access.polar", "", f"{head}not (l in request.links and l.valid_from < request.at);\n")
    with pytest.raises(PolicyError) as raised:
        load_bundle(bundle)
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "permit-by-omission"
    assert "`request.links` is empty too where `request.school` is nil" in diagnostic.problem


def test_a_collection_keyed_by_the_subject_needs_no_guard(bundle: Path, edit: Edit) -> None:
    edit("access.polar", "", '\nallow(_s: Supplier, "read_grades", r: Request) if not _ in r.suspensions;\n')
    assert load_bundle(bundle).bundle.program.rules


def test_rules_that_call_each_other_too_deep_are_refused_at_the_first(bundle: Path, edit: Edit) -> None:
    rules = "".join(f"r{n}(request: Request) if not r{n + 1}(request);\n" for n in range(3000))
    edit("access.polar", "", f"\nr3000(request: Request) if request.school = nil;\n{rules}")
    edit("access.polar", "in_scope(request) and", "in_scope(request) and r0(request) and")
    with pytest.raises(PolicyError) as raised:
        load_bundle(bundle)
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "nesting-too-deep" and diagnostic.span.path.endswith("access.polar")
    assert diagnostic.problem == "the rules that `allow` calls nest 3002 deep, which is too deep to compile"


def test_a_path_through_an_id_is_told_which_record_it_names(bundle: Path, edit: Edit) -> None:
    edit(
        "access.polar",
        "",
        '\nf(c: Consent) if c.student.birth_date != nil;\ng(p: Guardianship) if p.person.id = "x";\n',
    )
    with pytest.raises(PolicyError) as raised:
        load_bundle(bundle)
    id_of, no_id = raised.value.diagnostics
    assert id_of.problem == "`c.student` has no fields: it is the id of a `Student`"
    assert id_of.help == "the request has the record as `student`"
    assert no_id.problem == "`p.person` has no fields: it is a `String`"

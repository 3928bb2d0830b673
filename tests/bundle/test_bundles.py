"""Bundles: what is not admitted, with every fault and its place; and what a policy author adds by editing one alone."""

import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from authz import Policy, PolicyError, load_bundle
from authz.engine.loading import read_facts
from tests.support.messages import message_of
from tests.support.paths import STUDENT
from tests.support.student import consent, permitting

Edit = Callable[[str, str, str], None]
HEAD = "[request.ignored]"
CHOOSE = "\nhelp: choose another name"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A copy of the student bundle, for a test to edit."""
    return shutil.copytree(STUDENT, tmp_path / "bundle", ignore=shutil.ignore_patterns("scenarios"))


@pytest.fixture
def edit(bundle: Path) -> Edit:
    """Replaces one text in one file of the copy; an empty one stands for its end."""

    def replace(name: str, old: str, new: str) -> None:
        path = bundle / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1) if old else text + new, encoding="utf-8")

    return replace


def refusal(folder: Path) -> str:
    """The message of a refused bundle, without the folder's own name; codes are tested with their catalogue."""
    with pytest.raises(PolicyError) as refused:
        load_bundle(folder)
    return message_of(refused.value).replace(f"{folder}/", "").replace(f"{folder}:", "bundle:")


# Folders and files.


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refused:
        load_bundle(tmp_path / "none")
    wanted = f"{tmp_path / 'none'}: there is no such folder\ncode: no-bundle-folder\n"
    assert str(refused.value) == f"{wanted}help: name a bundle's folder: one with a `bundle.toml`"


def test_a_file_is_no_folder(bundle: Path) -> None:
    with pytest.raises(PolicyError, match="is a file, not a folder"):
        load_bundle(bundle / "bundle.toml")


def test_an_empty_folder_lacks_three_files(tmp_path: Path) -> None:
    missing = [f"{name}: no such file or directory" for name in ("bundle.toml", "reasons.toml", "vocabulary.toml")]
    assert refusal(tmp_path).split("\n") == missing


@pytest.mark.parametrize("name", ["bundle.toml", "reasons.toml", "vocabulary.toml"])
def test_a_missing_file_is_told(bundle: Path, name: str) -> None:
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


def test_a_folder_named_like_a_polar_file_is_told(bundle: Path) -> None:
    (bundle / "more.polar").mkdir()
    assert refusal(bundle) == "more.polar: is a directory"


def test_faults_of_all_files_are_told_at_once(bundle: Path, edit: Edit) -> None:
    edit("bundle.toml", 'version = "1.0.0"', "version = 1.0.0")
    edit("vocabulary.toml", "[enumerations]", "[enumerations")
    edit("reasons.toml", "[substitute]", "[substitute]\nx")
    edit("access.polar", "", "foo(")
    places = re.findall(r"^(\S+?:\d+:\d+): ", refusal(bundle), re.MULTILINE)
    line = (bundle / "access.polar").read_text(encoding="utf-8").count("\n") + 1
    assert places == [f"access.polar:{line}:4", "bundle.toml:4:14", "reasons.toml:8:2", "vocabulary.toml:6:14"]


def test_faults_of_one_file_are_told_at_once(bundle: Path, edit: Edit) -> None:
    edit("bundle.toml", 'name = "student_data"', "nam = 1")
    edit("bundle.toml", 'version = "1.0.0"', "version = 1")
    edit("bundle.toml", 'record = "Student"', "record = 1")
    assert refusal(bundle).split("\n") == [
        "bundle.toml: nam: is not known here",
        "bundle.toml: name: is missing",
        "bundle.toml: request.resource.record: is not a string",
        "bundle.toml: version: is not a string",
    ]


def test_faults_of_manifest_vocabulary_and_catalogue_are_told_at_once(bundle: Path, edit: Edit) -> None:
    edit("bundle.toml", HEAD, f'x = {{ from = "context.x", type = "Strin?" }}\n{HEAD}')
    edit("vocabulary.toml", FIELD, 'kind = "HoldKin" }')
    edit("reasons.toml", 'code = "CATEGORY_UNKNOWN"', 'code = "ACTION_NOT_SUPPORTED"')
    assert refusal(bundle).split("\n") == [
        "reasons.toml: reason[2].code: `ACTION_NOT_SUPPORTED` stands here twice",
        "vocabulary.toml: records.Hold.fields.kind: unknown type `HoldKin`",
        "help: did you mean `HoldKind`?",
    ]


# One fault, one message.

MANIFEST: dict[str, tuple[str, str, str]] = {
    "a TOML fault": (
        'version = "1.0.0"',
        "version = 1.0.0",
        "bundle.toml:4:14: not TOML: expected newline or end of document after a statement\n"
        "    4 | version = 1.0.0\n      |              ^",
    ),
    "an unknown key": ("[parameters]", "[parametrs]\n[parameters]", "bundle.toml: parametrs: is not known here"),
    "a name with a space": (
        '"student_data"',
        '"Student data"',
        "bundle.toml: name: `Student data` is not of the form `[a-z][a-z0-9_]*`",
    ),
    "no action": ('["read_{Category}"]', "[]", "bundle.toml: actions: is empty"),
    "a string of actions": ('["read_{Category}"]', '"read"', "bundle.toml: actions: is not a list"),
    "actions of no enumeration": (
        "read_{Category}",
        "read_{Categry}",
        "bundle.toml: actions[0]: `Categry` is no enumeration\nhelp: did you mean `Category`?",
    ),
    "an unended brace": (
        "read_{Category}",
        "read_{Category",
        "bundle.toml: actions[0]: `read_{Category` is no action\nhelp: write `verb_{Enumeration}`",
    ),
    "an unknown record": (
        'record = "Student"',
        'record = "Studnt"',
        "bundle.toml: request.resource.record: `Studnt` is no record type with a key\nhelp: did you mean `Student`?",
    ),
    "a party named by Polar": (
        'type = "supplier"',
        'type = "in"',
        f"bundle.toml: request.subject.type: `in` is a word of Polar's own{CHOOSE}",
    ),
    "a party named by AuthZEN": (
        'type = "supplier"',
        'type = "subject"',
        f"bundle.toml: request.subject.type: `subject` is a word of AuthZEN's own{CHOOSE}",
    ),
    "an ignored member of no type": (
        'claimed_time = "Instant"',
        'claimed_time = "Instan"',
        "bundle.toml: request.ignored.claimed_time: unknown type `Instan`\nhelp: did you mean `Instant`?",
    ),
}

PROPERTIES: dict[str, tuple[str, str]] = {
    "an unknown key": ('from = "context.x", type = "String?", defalt = 1', "defalt: is not known here"),
    "neither type nor record": (
        'from = "context.x", default = "a"',
        "either `type` or `record` says what it is",
    ),
    "both type and record": (
        'from = "context.x", type = "String?", record = "School"',
        "either `type` or `record` says what it is",
    ),
    "no place": (
        'from = "subject.id", type = "String?"',
        "from: `subject.id` is no place in a request\nhelp: write `subject.properties.name` or `context.name`",
    ),
    "an unknown type": (
        'from = "context.x", type = "Strin?"',
        "type: unknown type `Strin`\nhelp: did you mean `String`?",
    ),
    "neither optional nor default": (
        'from = "context.x", type = "String"',
        "a property that callers may leave out is optional or has a default\nhelp: add `?` to its type, or a `default`",
    ),
    "a Boolean's default in words": (
        'from = "context.x", type = "Boolean", default = "no"',
        "default: is not true or false",
    ),
    "a Boolean's default of 1.0": (
        'from = "context.x", type = "Boolean", default = 1.0',
        "default: is not true or false",
    ),
    "an Integer's default of true": (
        'from = "context.x", type = "Integer", default = true',
        "default: is not an integer",
    ),
    "an Instant's default in words": (
        'from = "context.x", type = "Instant", default = "noon"',
        "default: `noon` is not an instant: write `2025-03-10T12:00:00Z`, or a date",
    ),
    "an enumeration's default outside it": (
        'from = "context.x", type = "Purpose", default = "identificaton"',
        "default: `identificaton` is not in `Purpose`: `homework_guidance`, `identification`"
        " (did you mean `identification`?)",
    ),
    "a record's default": ('from = "context.x", record = "School", default = "S1"', "default: a record has no default"),
    "nil outside no enumeration": (
        'from = "context.x", type = "String?", unknown = "nil"',
        "unknown: only an enumeration has values outside it",
    ),
    "stored nowhere": (
        'from = "context.x", type = "String?", stored = "student.rol"',
        "stored: `student.rol`: `Student` has no field `rol`",
    ),
    "stored in nothing": (
        'from = "context.x", type = "String?", stored = "studnt.id"',
        "stored: `studnt.id`: `Request` has no field `studnt`\nhelp: did you mean `student`?",
    ),
    "stored too deep": (
        'from = "context.x", type = "Instant?", stored = "at"',
        "stored: `at` is no field of a record\nhelp: write `record.field`",
    ),
    "stored as another type": (
        'from = "context.x", type = "Boolean?", stored = "student.id"',
        "stored: `student.id` is a `String`, and a `Boolean` is needed",
    ),
    "stored and a default": (
        'from = "context.x", type = "String", default = "a", stored = "student.id"',
        "stored: stands beside neither `record`, `default` nor `unknown`",
    ),
}

PARAMETERS: dict[str, tuple[str, str]] = {
    "a fraction": ('type = "Integer", default = 1.5', "x.default: is not an integer"),
    "a true Integer": ('type = "Integer", default = true', "x.default: is not an integer"),
    "a Boolean of 1": ('type = "Boolean", default = 1', "x.default: is not true or false"),
    "a time of TOML's": (
        'type = "Instant", default = 2020-01-01T00:00:00Z',
        "x.default: is not an instant, as a string",
    ),
    "a mixed list": ('type = "[Integer]", default = [1, "a"]', "x.default: is not an integer"),
    "no default": (
        'type = "Integer"',
        'x: a parameter without a default is optional\nhelp: write `type = "Integer?"`',
    ),
    "too small": ('type = "Integer", default = 1, minimum = 5', "x.default: `1` is less than 5"),
    "too large": ('type = "Integer", default = 9, maximum = 5', "x.default: `9` is more than 5"),
    "past 63 bits": (
        'type = "Integer", default = 9223372036854775807',
        "x.default: `9223372036854775807` does not fit 63 bits",
    ),
    "a record": ('type = "Student?"', "x.type: unknown type `Student`"),
    "an optional list": (
        'type = "[String]?", default = []',
        "x.type: `[String]?`: a list is empty rather than absent\nhelp: write `[String]`",
    ),
}

FIELD = 'kind = "HoldKind" }'
DATED = "[records.Dated]\n"
VOCABULARY: dict[str, tuple[str, str, str]] = {
    "a TOML fault": (
        "[enumerations]",
        "[enumerations",
        "vocabulary.toml:6:14: not TOML: expected ']' at the end of a table declaration\n"
        "    6 | [enumerations\n      |              ^",
    ),
    "a key twice": (
        "[values]\n",
        '[values]\nx = "String?"\nx = "String?"\n',
        "not TOML: cannot overwrite a value",
    ),
    "an unknown table key": ('facts = "holds"', 'fact = "holds"', "records.Hold.fact: is not known here"),
    "an unknown type": (
        FIELD,
        'kind = "HoldKin" }',
        "records.Hold.fields.kind: unknown type `HoldKin`\nhelp: did you mean `HoldKind`?",
    ),
    "a number for a type": (FIELD, 'kind = "HoldKind", x = 5 }', "records.Hold.fields.x: is not an object"),
    "an unknown key of a field": (
        FIELD,
        'kind = "HoldKind", x = { type = "String?", abut = "x" } }',
        "records.Hold.fields.x.abut: is not known here",
    ),
    "an id of no key": (
        FIELD,
        'kind = "HoldKind", x = "id of Hold" }',
        "records.Hold.fields.x: `Hold` is no record type with a key",
    ),
    "a field named by Polar": (
        FIELD,
        'kind = "HoldKind", in = "String" }',
        f"records.Hold.fields.in: `in` is a word of Polar's own{CHOOSE}",
    ),
    "a field that ends in _": (
        FIELD,
        'kind = "HoldKind", class_ = "String" }',
        f"records.Hold.fields.class_: `class_` ends in `_`{CHOOSE}",
    ),
    "a field with a space": (
        FIELD,
        'kind = "HoldKind", "a b" = "String" }',
        "records.Hold.fields.a b: `a b` is not of the form `[A-Za-z][A-Za-z0-9_]*`",
    ),
    "an inherited field again": (
        FIELD,
        'kind = "HoldKind", valid_from = "Instant" }',
        "records.Hold.fields.valid_from: `valid_from` is inherited already",
    ),
    "a type that extends itself": (
        DATED,
        f'{DATED}extends = "Dated"\n',
        "records.Dated.extends: `Dated` extends itself",
    ),
    "types that extend each other": (
        DATED,
        f'{DATED}extends = "Hold"\n',
        "records.Dated.extends: `Dated` extends itself",
    ),
    "an unknown base": (
        'extends = "Dated"',
        'extends = "Datd"',
        "records.Enrolment.extends: unknown record `Datd`\nhelp: did you mean `Dated`?",
    ),
    "an interval of one bound": (
        '["valid_from", "valid_until"]',
        '["valid_from", "valid_from"]',
        "records.Dated.interval: the two bounds are two new fields",
    ),
    "an interval on another": (
        'facts = "holds"',
        'facts = "holds"\ninterval = ["a", "b"]',
        "records.Hold.interval: `Dated` has an interval already",
    ),
    "a list of two types": (
        'facts = "holds"',
        'facts = "links"',
        "records.Link.facts: `links` lists `Hold` already",
    ),
    "a key that is no field": (
        'key = "id"',
        'key = "idd"',
        "records.School.key: `idd` is no `String` field of `School`",
    ),
    "a key that may be absent": (
        'fields = { id = "String"',
        'fields = { id = "String?"',
        "records.School.key: `id` is no `String` field of `School`",
    ),
    "needs of no field": (
        'needs.closed_as = ["closed_at"]',
        'needs.closed_as = ["closed"]',
        "records.Student.needs.closed: `Student` has no field `closed`\nhelp: did you mean `closed_at`?",
    ),
    "needs of a field that is always there": (
        'needs.closed_as = ["closed_at"]',
        'needs.id = ["closed_at"]',
        "records.Student.needs.id: `id` is always there\nhelp: make it optional: `?`",
    ),
    "a form of a date": (
        "refuses.id",
        "refuses.birth_date",
        "records.Student.refuses.birth_date: `birth_date` is no `String`",
    ),
    "an unknown form": (
        '"dutch_citizen_number"',
        '"bsn"',
        "records.Student.refuses.id: `bsn` is not one of `dutch_citizen_number`",
    ),
    "a variant of no value": (
        "withdrawn = {",
        "withdrwan = {",
        "records.Consent.when.event.withdrwan: `withdrwan` is not a value of `event`",
    ),
    "a collection of no list": (
        'of = "Hold"',
        'of = "Dated"',
        "collections.holds.of: `Dated` is no record type that facts list",
    ),
    "a collection by no id": (
        'of = "Hold", by = ["student"]',
        'of = "Hold", by = ["kind"]',
        "collections.holds.by: `kind` is no `id of` field of `Hold`",
    ),
    "a collection by nothing": (
        'of = "Hold", by = ["student"]',
        'of = "Hold", by = []',
        "collections.holds.by: is empty",
    ),
    "an enumeration of nothing": ('["given", "withdrawn"]', "[]", "enumerations.ConsentEvent: is empty"),
    "a value twice": (
        '["given", "withdrawn"]',
        '["given", "given"]',
        "enumerations.ConsentEvent[1]: `given` stands here twice",
    ),
    "a value outside ASCII": (
        '["given", "withdrawn"]',
        '["given", "withdrawn", "gegevén"]',
        "enumerations.ConsentEvent[2]: a value is printable ASCII, so that rules can name it",
    ),
    "two types of one name": (
        "[enumerations]\n",
        '[enumerations]\nStudent = ["a"]\n',
        "records.Student: `Student` is the name of another type",
    ),
    "a type named by the engine": (
        "[enumerations]\n",
        '[enumerations]\nRequest = ["a"]\n',
        "enumerations.Request: `Request` is the name of another type",
    ),
    "an unknown zone": (
        "[enumerations]\n",
        'bare_date_zone = "Mars"\n[enumerations]\n',
        "bare_date_zone: `Mars` is not a time zone",
    ),
    "a value that is an id": (
        "[values]\n",
        '[values]\nx = "id of School"\n',
        "values.x: a value is no id: list it in rows",
    ),
    "a value named as a list": (
        "[values]\n",
        '[values]\nlinks = "String?"\n',
        "records.Link.facts: `links` is the name of a value",
    ),
    "a value named as a party": (
        "[values]\n",
        '[values]\nat = "String?"\n',
        f"values.at: a request has two fields `at`{CHOOSE}",
    ),
    "a derived field of nothing": (
        "[derived]\n",
        '[derived]\nx = { part = "after_underscore", of = "acton" }\n',
        "derived.x.of: `acton`: `Request` has no field `acton`\nhelp: did you mean `action`?",
    ),
    "a derived field of no kind": (
        "[derived]\n",
        '[derived]\nx = { days_after = "at" }\n',
        "derived.x: is no derived field: one has `part`, `midnight_of_age` or `hours_after`",
    ),
    "an age of a string": (
        'midnight_of_age = "student.birth_date"',
        'midnight_of_age = "student.id"',
        "derived.of_age_at.midnight_of_age: `student.id` is a `String`, and a `Date` is needed",
    ),
}

CATALOGUE: dict[str, tuple[str, str, str]] = {
    "a TOML fault": (
        "[substitute]",
        "[substitute]\nx",
        "reasons.toml:8:2: not TOML: expected '=' after a key in a key/value pair\n    8 | x\n      |  ^",
    ),
    "an unknown key": (
        'layer = "request"',
        'layr = "request"\nlayer = "request"',
        "reasons.toml: reason[0].layr: is not known here",
    ),
    "a code in small letters": (
        '"ACTION_NOT_SUPPORTED"',
        '"action"',
        "reasons.toml: reason[0].code: `action` is not of the form `[A-Z][A-Z0-9_]*`",
    ),
    "an unknown audience": (
        'audience = "user"',
        'audience = "all"',
        "reasons.toml: reason[0].audience: `all` is not one of `user`, `admin`",
    ),
    "a text left out": (
        'nl = "er is geen toestemming om dit te lezen"',
        "",
        "reasons.toml: substitute.nl: is missing",
    ),
    "a substitute that is a reason": (
        '"NO_PERMISSION"',
        '"NO_CONSENT"',
        "reasons.toml: substitute.code: `NO_CONSENT` is a reason itself",
    ),
    "a code without a rule": (
        "",
        '\n[[reason]]\ncode = "X_Y"\nlayer = "x"\naudience = "user"\nen = "x"\nnl = "x"\n',
        'bundle: reason code `X_Y` has no rule `reason(request: Request, "X_Y")`',
    ),
}


@pytest.mark.parametrize("name", MANIFEST)
def test_a_faulty_manifest_is_refused(bundle: Path, edit: Edit, name: str) -> None:
    old, new, message = MANIFEST[name]
    edit("bundle.toml", old, new)
    assert message in refusal(bundle)


@pytest.mark.parametrize("name", PROPERTIES)
def test_a_faulty_property_is_refused(bundle: Path, edit: Edit, name: str) -> None:
    table, message = PROPERTIES[name]
    edit("bundle.toml", HEAD, f"x = {{ {table} }}\n{HEAD}")
    place = "bundle.toml: request.fields.x"
    joined = f"{place}.{message}" if re.match(r"\w+: ", message) else f"{place}: {message}"
    assert refusal(bundle) == joined


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_faulty_parameter_is_refused(bundle: Path, edit: Edit, name: str) -> None:
    table, message = PARAMETERS[name]
    edit("bundle.toml", "", f"x = {{ {table} }}\n")
    assert refusal(bundle) == f"bundle.toml: parameters.{message}"


@pytest.mark.parametrize("name", VOCABULARY)
def test_a_faulty_vocabulary_is_refused(bundle: Path, edit: Edit, name: str) -> None:
    old, new, message = VOCABULARY[name]
    edit("vocabulary.toml", old, new)
    assert message in refusal(bundle)


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_faulty_catalogue_is_refused(bundle: Path, edit: Edit, name: str) -> None:
    old, new, message = CATALOGUE[name]
    edit("reasons.toml", old, new)
    assert refusal(bundle) == message


def test_a_rule_whose_code_is_in_no_catalogue_is_refused(bundle: Path, edit: Edit) -> None:
    edit("school.polar", '"NOT_ENROLLED"', '"NOT_ENROLED"')
    told = refusal(bundle)
    assert "unknown reason code `NOT_ENROLED`" in told
    assert "help: did you mean `NOT_ENROLLED`?" in told
    assert 'bundle: reason code `NOT_ENROLLED` has no rule `reason(request: Request, "NOT_ENROLLED")`' in told


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


# What a policy author adds, by editing the bundle alone.

REASON = '\n[[reason]]\ncode = "{}"\nlayer = "student"\naudience = "admin"\nen = "no"\nnl = "nee"\n'
PILLAR = "enrolled(request) and               # pillar"


def codes(policy: Policy, facts: dict[str, Any] | None = None, **asked: Any) -> tuple[str, ...]:
    """The reasons that a permitting world gets with some facts and members of the request set otherwise."""
    world = permitting(consent("g1"))
    decision = policy.decide({**world.request, **asked}, read_facts({**world.facts, **(facts or {})}, policy))
    assert decision.error == ""
    assert bool(decision) == (decision.reasons == ())
    return decision.reasons


def test_an_author_adds_a_category(bundle: Path, edit: Edit) -> None:
    edit("vocabulary.toml", '"homework", "grades"]', '"homework", "grades", "absence"]')
    policy = load_bundle(bundle)
    absence = {"accreditations": [{"supplier": "X", "categories": ["absence"]}]}
    absence["consents"] = [consent("g1", categories=["absence"])]
    assert "read_absence" in policy.bundle.vocabulary.actions
    assert codes(policy, absence, action="read_absence") == ()
    assert codes(policy, action="read_absence") == ("CATEGORY_NOT_ACCREDITED", "CATEGORY_NOT_CONSENTED")


def test_an_author_adds_a_purpose(bundle: Path, edit: Edit) -> None:
    edit("vocabulary.toml", '"identification"]', '"identification", "remedial"]')
    edit(
        "request.polar",
        "",
        '\npurpose_allowed(request: Request) if request.purpose != nil and request.purpose = "remedial";\n',
    )
    policy = load_bundle(bundle)
    assert codes(policy, {"consents": [consent("g1", purposes=["remedial"])]}, purpose="remedial") == ()
    assert codes(policy, purpose="remedial") == ("PURPOSE_NOT_CONSENTED",)
    assert codes(policy, purpose="marketing") == ("PURPOSE_NOT_ALLOWED",)


def test_an_author_adds_a_parameter(bundle: Path, edit: Edit) -> None:
    edit(
        "bundle.toml",
        "",
        'paused_suppliers = { type = "[String]", default = [], about = "who reads nothing now" }\n',
    )
    edit("access.polar", PILLAR, f"not paused(request) and\n    {PILLAR}")
    edit(
        "access.polar",
        "",
        "\npaused(request: Request) if request.supplier_id in request.parameters.paused_suppliers;\n",
    )
    edit("access.polar", "", '\nreason(request: Request, "PAUSED") if paused(request);\n')
    edit("reasons.toml", "", REASON.format("PAUSED"))
    policy = load_bundle(bundle)
    assert codes(policy) == ()
    assert codes(policy.with_parameters({"paused_suppliers": ["Y"]})) == ()
    assert codes(policy.with_parameters({"paused_suppliers": ["Y", "X"]})) == ("PAUSED",)


def test_an_author_adds_a_reason(bundle: Path, edit: Edit) -> None:
    rule = '\nreason(request: Request, "ONLY_GUARDIANS_KNOWN") if request.student != nil and not has_given(request);\n'
    edit(
        "consent.polar", "", '\nhas_given(request: Request) if\n    c in request.consents and\n    c.event = "given";\n'
    )
    edit("consent.polar", "", rule)
    edit("reasons.toml", "", REASON.format("ONLY_GUARDIANS_KNOWN"))
    policy = load_bundle(bundle)
    assert codes(policy) == ()
    assert codes(policy, {"consents": []}) == ("NO_CONSENT", "ONLY_GUARDIANS_KNOWN")


def test_an_author_adds_a_pillar(bundle: Path, edit: Edit) -> None:
    edit(
        "vocabulary.toml",
        'closed_as = "StudentClosure?"',
        'closed_as = "StudentClosure?"\nidentity_checked = "Boolean?"',
    )
    edit("access.polar", PILLAR, f"checked(request) and\n    {PILLAR}")
    edit(
        "student.polar",
        "",
        "\nchecked(request: Request) if\n    request.student != nil and\n"
        "    request.student.identity_checked != nil and\n    request.student.identity_checked = true;\n"
        '\nreason(request: Request, "IDENTITY_NOT_CHECKED") if\n    request.student != nil and\n'
        "    not checked(request);\n",
    )
    edit("reasons.toml", "", REASON.format("IDENTITY_NOT_CHECKED"))
    policy = load_bundle(bundle)
    tim = {"id": "tim", "birth_date": "2009-05-12"}
    assert codes(policy, {"students": [{**tim, "identity_checked": True}]}) == ()
    for student in (tim, {**tim, "identity_checked": False}, {**tim, "identity_checked": None}):
        assert codes(policy, {"students": [student]}) == ("IDENTITY_NOT_CHECKED",)


NOTE = """
[records.SchoolNote]
extends = "Dated"
facts = "school_notes"
fields = { student = "id of Student", school = "id of School" }

[values]"""
NOTE_RULES = """
# A child under thirteen: the school has a note of its own on file.
noted(request: Request) if
    request.thirteen_at != nil and
    request.thirteen_at <= request.at;

noted(request: Request) if
    note in request.school_notes and
    in_force(note, request.at);

reason(request: Request, "NO_SCHOOL_NOTE") if
    request.student != nil and
    request.school != nil and
    not noted(request);
"""
THIRTEEN = 'thirteen_at = { midnight_of_age = "student.birth_date", years = "parameters.note_age", zone = "UTC" }\n'


def test_an_author_adds_a_kind_of_fact(bundle: Path, edit: Edit) -> None:
    edit("vocabulary.toml", "\n[values]", NOTE)
    edit(
        "vocabulary.toml",
        "[collections]\n",
        '[collections]\nschool_notes = { of = "SchoolNote", by = ["student", "school"] }\n',
    )
    edit("vocabulary.toml", "[derived]\n", f"[derived]\n{THIRTEEN}")
    edit("bundle.toml", "", 'note_age = { type = "Integer", default = 13, minimum = 0, maximum = 150 }\n')
    edit("access.polar", PILLAR, f"noted(request) and\n    {PILLAR}")
    edit("school.polar", "", NOTE_RULES)
    edit("reasons.toml", "", REASON.format("NO_SCHOOL_NOTE"))
    policy = load_bundle(bundle)
    child = {"students": [{"id": "tim", "birth_date": "2014-05-12"}]}
    note = {"student": "tim", "school": "S1"}
    assert codes(policy) == ()
    assert codes(policy, child) == ("NO_SCHOOL_NOTE",)
    assert codes(policy, {**child, "school_notes": [note]}) == ()
    assert codes(policy, {**child, "school_notes": [{**note, "school": "S2"}]}) == ("NO_SCHOOL_NOTE",)
    assert codes(policy, {**child, "school_notes": [{**note, "valid_until": "2025-03-10"}]}) == ("NO_SCHOOL_NOTE",)
    assert codes(policy.with_parameters({"note_age": 10}), child) == ()

"""Messages about `bundle.toml`: one problem, one message."""

import re
from pathlib import Path

import pytest

from authz import load_bundle
from tests.support.bundle_edits import Edit, refusal

HEAD = "[request.ignored]"
CHOOSE = "\nhelp: choose another name"

MANIFEST: dict[str, tuple[str, str, str]] = {
    "a TOML fault": (
        'version = "1.0.0"',
        "version = 1.0.0",
        "bundle.toml:4:14: not TOML: expected newline or end of document after a statement\n"
        "    4 | version = 1.0.0\n      |              ^",
    ),
    "an unknown key": (
        "[parameters]",
        "[parametrs]\n[parameters]",
        "bundle.toml: parametrs: is not known here\nhelp: did you mean `parameters`?",
    ),
    "an unknown zone": (
        'bare_date_zone = "Europe/Amsterdam"',
        'bare_date_zone = "Mars"',
        "bundle.toml: bare_date_zone: `Mars` is not a time zone",
    ),
    "a zone in the vocabulary's place": (
        'bare_date_zone = "Europe/Amsterdam"',
        "bare_date_zone = 1",
        "bundle.toml: bare_date_zone: is not a string",
    ),
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
    "an unknown key": (
        'from = "context.x", type = "String?", defalt = 1',
        "defalt: is not known here\nhelp: did you mean `default`?",
    ),
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
    "searched in the context": (
        'from = "context.x", record = "School", searched = true',
        "searched: only the subject or the resource of a request is searched for",
    ),
    "a value that is searched": (
        'from = "context.x", type = "String?", searched = true',
        "searched: only the id of a record is searched for",
    ),
    "a list": (
        'from = "context.x", type = "[String]", default = []',
        "type: a property of a request is one value",
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
        'x.default: is not an instant, as a string\nhelp: write `"2020-01-01T00:00:00+00:00"`, in quotes',
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
    "a record": (
        'type = "Student?"',
        "x.type: unknown type `Student`\nhelp: write `id of Student` for the id of a record",
    ),
    "an optional list": (
        'type = "[String]?", default = []',
        "x.type: `[String]?`: a list that is left out is empty, and never `nil`\nhelp: write `[String]`",
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


@pytest.mark.parametrize(
    ("first", "second"), [("context.a", "context.a"), ("context.a", "context.a.b"), ("context.a.b", "context.a")]
)
def test_each_property_has_a_place_of_its_own(bundle: Path, edit: Edit, first: str, second: str) -> None:
    lines = [f'{name} = {{ from = "{place}", type = "Integer?" }}' for name, place in (("x", first), ("y", second))]
    edit("bundle.toml", HEAD, "\n".join([*lines, HEAD]))
    place = "bundle.toml: request.fields.y.from"
    help = "help: give each property a place of its own"
    assert refusal(bundle) == f"{place}: `{second}` is not apart from the place of `x`\n{help}"


def test_places_beside_each_other_are_apart(bundle: Path, edit: Edit) -> None:
    lines = [f'{name} = {{ from = "context.{name}.z", type = "Integer?" }}' for name in ("x", "xx")]
    edit("bundle.toml", HEAD, "\n".join([*lines, HEAD]))
    assert {"x", "xx"} <= set(load_bundle(bundle).bundle.vocabulary.properties)


def test_a_parameter_may_be_at_its_bounds(bundle: Path, edit: Edit) -> None:
    edit("bundle.toml", "", 'x = { type = "Integer", default = 5, minimum = 5, maximum = 5 }\n')
    policy = load_bundle(bundle)
    assert policy.bundle.parameters.x == 5
    assert policy.with_parameters({"x": 5}).parameters.x == 5


LAWS: dict[str, tuple[str, bool]] = {
    "over the request and the row": ("holding(_request: Request, _hold: Hold);", True),
    "over the row": ("holding(_hold: Hold);", True),
    "over a base of the row": ("holding(_dated: Dated);", True),
    "over the row and the request": ("holding(_hold: Hold, _request: Request);", False),
    "over another row": ("holding(_link: Link);", False),
    "over the request alone": ("holding(_request: Request);", False),
    "over nothing": ("holding();", False),
    "over three": ("holding(_request: Request, _hold: Hold, _other: Hold);", False),
}


@pytest.mark.parametrize("name", LAWS)
def test_a_law_is_over_a_row_or_the_request_and_a_row(bundle: Path, edit: Edit, name: str) -> None:
    rule, accepted = LAWS[name]
    edit("access.polar", "", f"\n{rule}\n")
    edit("bundle.toml", "[[laws]]", '[[laws]]\nnever_grants = "holds"\nwhen = "holding"\n\n[[laws]]')
    if accepted:
        load_bundle(bundle)
    else:
        assert "laws[0].when: `holding` is no rule over a request and a row of `holds`" in refusal(bundle)

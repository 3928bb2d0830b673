"""Slips that authors make in TOML: the message names the likely repair."""

from pathlib import Path

import pytest

from authz import load_bundle
from authz.bundle.known_keys import known_keys
from authz.bundle.toml_schema import ManifestTable, ReasonsTable, VocabularyTable
from tests.support.bundle_edits import Edit, refusal

HEAD = "[parameters]\n"
SLIPS: dict[str, tuple[str, str]] = {
    "an integer in quotes": (
        'x = { type = "Integer", default = "16" }',
        "parameters.x.default: is not an integer\nhelp: write `16`, without quotes",
    ),
    "a boolean in quotes": (
        'x = { type = "Boolean", default = "true" }',
        "parameters.x.default: is not true or false\nhelp: write `true`, without quotes",
    ),
    "a text without quotes": (
        'x = { type = "String", default = 16 }',
        'parameters.x.default: is not a string\nhelp: write `"16"`, in quotes',
    ),
    "a date without quotes": (
        'x = { type = "Date", default = 2018-12-18 }',
        'parameters.x.default: is not a date, as a string\nhelp: write `"2018-12-18"`, in quotes',
    ),
    "an instant without quotes": (
        'x = { type = "Instant", default = 2018-12-17T23:00:00Z }',
        'parameters.x.default: is not an instant, as a string\nhelp: write `"2018-12-17T23:00:00+00:00"`, in quotes',
    ),
    "a text in words": ('x = { type = "Integer", default = "many" }', "parameters.x.default: is not an integer"),
    "another name of a type": (
        'x = { type = "Int", default = 1 }',
        "parameters.x.type: unknown type `Int`\nhelp: did you mean `Integer`?",
    ),
    "a type in small letters": (
        'x = { type = "string?" }',
        "parameters.x.type: unknown type `string`\nhelp: did you mean `String`?",
    ),
    "a timestamp": (
        'x = { type = "DateTime?" }',
        "parameters.x.type: unknown type `DateTime`\nhelp: did you mean `Instant`?",
    ),
    "a misspelt key": (
        'x = { type = "Integer", default = 1, maximun = 2 }',
        "parameters.x.maximun: is not known here\nhelp: did you mean `maximum`?",
    ),
    "a key of another table": (
        'x = { type = "Integer", default = 1, echoed = true }',
        "parameters.x.echoed: is not known here",
    ),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_reported_with_its_repair(bundle: Path, edit: Edit, name: str) -> None:
    line, message = SLIPS[name]
    edit("bundle.toml", HEAD, f"{HEAD}{line}\n")
    assert refusal(bundle) == f"bundle.toml: {message}"


def test_an_unknown_type_without_a_likely_one_lists_all(bundle: Path, edit: Edit) -> None:
    edit("bundle.toml", HEAD, f'{HEAD}x = {{ type = "Colour?" }}\n')
    message = refusal(bundle)
    assert "help: types are `String`, `Integer`, `Boolean`, `Instant`, `Date`, `Category`" in message


def test_a_key_that_is_stated_twice_is_named(bundle: Path, edit: Edit) -> None:
    edit("bundle.toml", 'name = "student_data"\n', 'name = "student_data"\nname = "other"\n')
    lines = (bundle / "bundle.toml").read_text(encoding="utf-8").split("\n")
    line = lines.index('name = "other"') + 1
    assert refusal(bundle) == (
        f"bundle.toml:{line}:1: not TOML: the key `name` is stated twice\n"
        f'{line:>5} | name = "other"\n      | ^^^^\nhelp: remove one of the two'
    )


KEYS = {
    (ManifestTable, ("parameters", "x")): {"type", "default", "minimum", "maximum", "about"},
    (ManifestTable, ("request", "fields", "x")): {
        "from", "type", "record", "default", "unknown", "stored", "searched", "echoed", "about",
    },
    (ManifestTable, ("laws", 0)): {"never_grants", "when", "about"},
    (ReasonsTable, ("reason", 3)): {"code", "layer", "audience", "en", "nl"},
    (VocabularyTable, ("records", "X", "fields", "x")): {"type", "about"},
    (VocabularyTable, ("records", "X", "when", "x", "v")): {"needs", "without"},
    (VocabularyTable, ("collections", "x")): {"of", "by", "about"},
    (VocabularyTable, ("nothing", "x")): set(),
}  # fmt: skip


@pytest.mark.parametrize("place", KEYS, ids=lambda place: ".".join(map(str, place[1])))
def test_the_keys_of_a_table_come_from_its_schema(place: tuple[type, tuple[str | int, ...]]) -> None:
    assert set(known_keys(*place)) == KEYS[place]


@pytest.mark.parametrize(
    "condition", ['request.at > "2025-01-01"', '"2025-01-01" <= request.at', 'request.at = "2025-01-01"']
)
def test_a_constant_instant_is_a_parameter(bundle: Path, edit: Edit, condition: str) -> None:
    edit("access.polar", "", f'\nreason(request: Request, "CATEGORY_UNKNOWN") if {condition};\n')
    message = refusal(bundle)
    assert message.endswith(
        "help: rules have no constant of type `Instant`: declare a parameter of it, and read `request.parameters`"
    )


@pytest.mark.parametrize(
    ("kind", "constant", "other"),
    [("Instant", "2025-01-01T00:00:00Z", "at"), ("Date", "2009-01-01", "student.birth_date")],
)
def test_a_parameter_stands_for_a_constant_wherever_a_rule_compares(
    bundle: Path, edit: Edit, kind: str, constant: str, other: str
) -> None:
    edit(
        "bundle.toml",
        HEAD,
        f'{HEAD}x = {{ type = "{kind}", default = "{constant}" }}\n'
        f'xs = {{ type = "[{kind}]", default = ["{constant}"] }}\n',
    )
    guard = "request.student != nil and request.student.birth_date != nil and " if "." in other else ""
    for number, test in enumerate(("< request.parameters.x", "= request.parameters.x", "in request.parameters.xs")):
        edit("access.polar", "", f"\nrule_{number}(request: Request) if {guard}request.{other} {test};\n")
    assert load_bundle(bundle).bundle.parameters.x is not None

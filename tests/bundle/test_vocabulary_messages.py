"""Messages about `vocabulary.toml`: one problem, one message."""

from pathlib import Path

import pytest

from tests.support.bundle_edits import Edit, refusal

CHOOSE = "\nhelp: choose another name"
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
        "not TOML: the key `x` is stated twice",
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
    "an interval of an inherited field": (
        'facts = "holds"',
        'facts = "holds"\ninterval = ["valid_from", "b"]',
        "records.Hold.interval: the two bounds are two new fields",
    ),
    "a variant without what is no field": (
        "withdrawn = { without = [",
        'withdrawn = { without = ["catgories", ',
        "records.Consent.when.event.withdrawn.catgories: `Consent` has no field `catgories`\n"
        "help: did you mean `categories`?",
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


CHANGES: dict[str, tuple[str, str, str]] = {
    "a change of nothing": (
        "schools = {",
        "scools = {",
        "changes.scools: facts have no `scools`\nhelp: did you mean `schools`?",
    ),
    "an unknown writer": (
        'add = ["administration"]',
        'add = ["adminstration"]',
        "changes.schools.add: unknown writer `adminstration`\nhelp: did you mean `administration`?",
    ),
    "rows that are set": (
        'school", add =',
        'school", set = ["sis"], add =',
        "changes.schools.set: rows are added, ended or filled: only a value is set",
    ),
    "rows without an interval that end": (
        'school", add =',
        'school", end = ["sis"], add =',
        "changes.schools.end: `School` has no interval that could end",
    ),
    "a field to fill that is none": (
        "fill.birth_date",
        "fill.birthdate",
        "changes.students.fill.birthdate: `Student` has no field `birthdate`\nhelp: did you mean `birth_date`?",
    ),
    "a field to fill that is always there": (
        "fill.birth_date",
        "fill.id",
        "changes.students.fill.id: `id` is always there\nhelp: make it optional: `?`",
    ),
    "a value that is added to": (
        "enrolments_as_of = { en",
        'enrolments_as_of = { add = ["sis"], en',
        "changes.enrolments_as_of: a value is `set`, and nothing else",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_faulty_change_is_refused(bundle: Path, edit: Edit, name: str) -> None:
    old, new, message = CHANGES[name]
    edit("vocabulary.toml", old, new)
    assert refusal(bundle) == f"vocabulary.toml: {message}"


@pytest.mark.parametrize("name", VOCABULARY)
def test_a_faulty_vocabulary_is_refused(bundle: Path, edit: Edit, name: str) -> None:
    old, new, message = VOCABULARY[name]
    edit("vocabulary.toml", old, new)
    assert message in refusal(bundle)

"""Facts documents: what a valid one says, every fault with its place, and that no fault in a document ever permits."""

import json
from pathlib import Path
from typing import Any

import pytest

from authz import DiagnosticError, Policy, load_facts
from authz.engine.loading import read_facts
from authz.instants import BEGIN, END
from tests.support.messages import message_of
from tests.support.paths import ROOT, STUDENT
from tests.support.student import MAGISTER, consent, withdrawal

PARTIES = {
    "schools": [{"id": "S1"}],
    "suppliers": [{"id": "X"}],
    "institutes": [{"id": "A"}],
    "students": [{"id": "tim", "birth_date": "2009-05-12"}],
}
EXAMPLES = ROOT / "policies" / "student_data" / "examples"
LINK = {"school": "S1", "supplier": "X"}
ACCREDITATION = {"supplier": "X", "categories": ["name"]}
GIVEN = consent("g1")
WITHDRAWN = withdrawal("g1")
BSN = "this is a citizen service or education number (BSN, PGN): use a pseudonym"
NO_INTERVAL = "the interval is empty: `valid_until` is not after `valid_from`"
CATEGORIES = "`name`, `schedule`, `homework`, `grades`"


def refusal(policy: Policy, document: object) -> str:
    with pytest.raises(DiagnosticError) as refused:
        read_facts(document, policy)
    return str(refused.value)


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


# One fault, one place.

DOCUMENTS: dict[str, tuple[object, str]] = {
    "null": (None, "facts: is not an object"),
    "a list": ([], "facts: is not an object"),
    "a string": ("", "facts: is not an object"),
    "an unknown key": ({"schols": []}, "facts: schols: is not known here\nhelp: did you mean `schools`?"),
    "a null list": ({"schools": None}, "facts: schools: is not a list"),
    "an object for a list": ({"schools": {"id": "S1"}}, "facts: schools: is not a list"),
    "a string for a list": ({"schools": "S1"}, "facts: schools: is not a list"),
    "a string for a row": ({"schools": ["S1"]}, "facts: schools[0]: is not an object"),
    "null for a row": ({"schools": [None]}, "facts: schools[0]: is not an object"),
    "a number for an instant": ({"enrolments_as_of": 1}, "facts: enrolments_as_of: is not an instant, as a string"),
}

ROWS: dict[str, tuple[str, dict[str, Any], str]] = {
    "no id": ("schools", {}, "id: is missing"),
    "a null id": ("schools", {"id": None}, "id: is not a string"),
    "a number as id": ("schools", {"id": 1}, "id: is not a string"),
    "an empty id": ("schools", {"id": ""}, "id: is empty"),
    "an unknown field": ("schools", {"id": "S", "nam": "x"}, "nam: is not known here\nhelp: did you mean `name`?"),
    "a number as name": ("schools", {"id": "S", "name": 1}, "name: is not a string"),
    "no such day": (
        "students",
        {"id": "t", "birth_date": "2009-02-30"},
        "birth_date: `2009-02-30` is not a date: no such day",
    ),
    "an instant for a date": (
        "students",
        {"id": "t", "birth_date": "2009-02-03T00:00:00Z"},
        "birth_date: `2009-02-03T00:00:00Z` is not a date: write `2009-05-12`",
    ),
    "a number for a date": ("students", {"id": "t", "birth_date": 20090203}, "birth_date: is not a date, as a string"),
    "closed as, and not at": (
        "students",
        {"id": "t", "closed_as": "erased"},
        "closed_as: stands only beside `closed_at`",
    ),
    "closed as, and null at": (
        "students",
        {"id": "t", "closed_as": "erased", "closed_at": None},
        "closed_as: stands only beside `closed_at`",
    ),
    "closed as something else": (
        "students",
        {"id": "t", "closed_at": "2025-01-01", "closed_as": "Erased"},
        "closed_as: `Erased` is not one of `erased`, `deceased`",
    ),
    "a citizen number": ("students", {"id": "111222333"}, f"id: {BSN}"),
    "an education number": ("students", {"id": "101222331"}, f"id: {BSN}"),
    "ended as, and not until": (
        "accreditations",
        {**ACCREDITATION, "ended_as": "expired"},
        "ended_as: stands only beside `valid_until`",
    ),
    "ended as, and null until": (
        "accreditations",
        {**ACCREDITATION, "ended_as": "expired", "valid_until": None},
        "ended_as: stands only beside `valid_until`",
    ),
    "ended as something else": (
        "accreditations",
        {**ACCREDITATION, "valid_until": "2025-01-01", "ended_as": "over"},
        "ended_as: `over` is not one of `expired`, `revoked`",
    ),
    "a string of categories": ("accreditations", {"supplier": "X", "categories": "name"}, "categories: is not a list"),
    "an object of categories": (
        "accreditations",
        {"supplier": "X", "categories": {"name": 1}},
        "categories: is not a list",
    ),
    "an unknown category": (
        "accreditations",
        {"supplier": "X", "categories": ["name", "marks"]},
        f"categories[1]: `marks` is not one of {CATEGORIES}",
    ),
    "a null category": ("accreditations", {"supplier": "X", "categories": [None]}, "categories[0]: is not a string"),
    "a true category": ("accreditations", {"supplier": "X", "categories": [True]}, "categories[0]: is not a string"),
    "an unknown school": ("links", {**LINK, "school": "s1"}, "school: there is no School `s1`"),
    "an unknown supplier": ("links", {**LINK, "supplier": "X "}, "supplier: there is no Supplier `X `"),
    "an empty school": ("links", {**LINK, "school": ""}, "school: there is no School ``"),
    "a null school": ("links", {**LINK, "school": None}, "school: is not a string"),
    "a list of schools": ("links", {**LINK, "school": ["S1"]}, "school: is not a string"),
    "an empty interval": (
        "links",
        {**LINK, "valid_from": "2025-01-01", "valid_until": "2025-01-01"},
        f"valid_until: {NO_INTERVAL}",
    ),
    "an inverted interval": (
        "links",
        {**LINK, "valid_from": "2025-01-02", "valid_until": "2025-01-01"},
        f"valid_until: {NO_INTERVAL}",
    ),
    "an interval that offsets invert": (
        "links",
        {**LINK, "valid_from": "2025-01-01T00:00:00Z", "valid_until": "2025-01-01"},
        f"valid_until: {NO_INTERVAL}",
    ),
    "a naive time": (
        "links",
        {**LINK, "valid_from": "2025-01-01T00:00:00"},
        "valid_from: `2025-01-01T00:00:00` has no offset: write `Z` or `+01:00` behind it",
    ),
    "an empty time": (
        "links",
        {**LINK, "valid_from": ""},
        "valid_from: `` is not an instant: write `2025-03-10T12:00:00Z`, or a date",
    ),
    "false for a time": ("links", {**LINK, "valid_until": False}, "valid_until: is not an instant, as a string"),
    "zero for a time": ("links", {**LINK, "valid_from": 0}, "valid_from: is not an instant, as a string"),
    "no mode": ("agreements", {"student": "tim", "institute": "A"}, "mode: is missing"),
    "another mode": (
        "agreements",
        {"student": "tim", "institute": "A", "mode": "Private"},
        "mode: `Private` is not one of `private`, `commissioned`",
    ),
    "another hold": (
        "holds",
        {"student": "tim", "kind": "x"},
        "kind: `x` is not one of `restriction`, `objection`, `dispute`",
    ),
    "a student's own guardian": (
        "guardianships",
        {"person": "tim", "student": "tim"},
        "person: `tim` is the id of a Student",
    ),
    "a null guardian": ("guardianships", {"person": None, "student": "tim"}, "person: is not a string"),
    "given without categories": (
        "consents",
        without(GIVEN, "categories"),
        "categories: is missing: a row with event `given` needs it",
    ),
    "given without purposes": (
        "consents",
        without(GIVEN, "purposes"),
        "purposes: is missing: a row with event `given` needs it",
    ),
    "given without issuer": (
        "consents",
        without(GIVEN, "issuer"),
        "issuer: is missing: a row with event `given` needs it",
    ),
    "given with null issuer": (
        "consents",
        {**GIVEN, "issuer": None},
        "issuer: is missing: a row with event `given` needs it",
    ),
    "given, naively": (
        "consents",
        {**GIVEN, "at": "2024-09-02T10:00:00"},
        "at: `2024-09-02T10:00:00` has no offset: write `Z` or `+01:00` behind it",
    ),
    "given, at no time": ("consents", without(GIVEN, "at"), "at: is missing"),
    "an unknown event": (
        "consents",
        {**GIVEN, "event": "withdrwan"},
        "event: `withdrwan` is not one of `given`, `withdrawn`",
    ),
    "an unknown purpose": (
        "consents",
        {**GIVEN, "purposes": ["marketing"]},
        "purposes[0]: `marketing` is not one of `homework_guidance`, `identification`",
    ),
    "a string of purposes": ("consents", {**GIVEN, "purposes": "identification"}, "purposes: is not a list"),
    **{
        f"withdrawn with {name}": (
            "consents",
            {**WITHDRAWN, name: value},
            f"{name}: a row with event `withdrawn` carries none",
        )
        for name, value in {
            "categories": ["name"],
            "purposes": [],
            "issuer": MAGISTER,
            "valid_from": "2024-01-01",
            "valid_until": "2030-01-01",
        }.items()
    },
    "a request of another status": (
        "link_requests",
        {"person": "g1", **LINK, "status": "lost"},
        "status: `lost` is not one of `open`, `granted`, `declined`",
    ),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_of_another_shape_is_refused(policy: Policy, name: str) -> None:
    document, message = DOCUMENTS[name]
    assert refusal(policy, document) == message


@pytest.mark.parametrize("name", ROWS)
def test_a_faulty_row_is_refused_at_its_place(policy: Policy, name: str) -> None:
    kind, row, message = ROWS[name]
    before: list[Any] = PARTIES.get(kind, [])
    assert refusal(policy, {**PARTIES, kind: [*before, row]}) == f"facts: {kind}[{len(before)}].{message}"


def test_an_id_stands_in_a_list_once(policy: Policy) -> None:
    twice = {"schools": [{"id": "S1"}, {"id": "S2"}, {"id": "S1", "name": "another"}]}
    assert refusal(policy, twice) == "facts: schools[2].id: `S1` stands here twice"


def test_ids_that_differ_at_all_are_two(policy: Policy) -> None:
    ids = ["S1", "s1", "S1 ", " S1", "é", "e\u0301", "01", "1", "0"]
    assert list(read_facts({"schools": [{"id": id} for id in ids]}, policy).ids("School")) == ids


@pytest.mark.parametrize("id", ["123456789", "000000000", "12345678", "111222333x", "²" * 9], ids=repr)
def test_nine_digits_that_fail_the_check_are_a_pseudonym(policy: Policy, id: str) -> None:
    assert list(read_facts({"students": [{"id": id}]}, policy).ids("Student")) == [id]


def test_all_faults_of_shape_are_told_at_once(policy: Policy) -> None:
    document = {
        "foo": 1,
        "links": 7,
        "students": [{"id": "t", "birth_date": "2009-02-30", "closed_at": 5, "x": 1}, {"id": 5}],
    }
    assert refusal(policy, document).split("\n") == [
        "facts: foo: is not known here",
        "facts: links: is not a list",
        "facts: students[0].birth_date: `2009-02-30` is not a date: no such day",
        "facts: students[0].closed_at: is not an instant, as a string",
        "facts: students[0].x: is not known here",
        "facts: students[1].id: is not a string",
    ]


def test_all_faults_between_rows_are_told_at_once(policy: Policy) -> None:
    document = {
        **PARTIES,
        "guardianships": [{"person": "tim", "student": "bo", "valid_from": "2025-01-01", "valid_until": "2025-01-01"}],
        "consents": [{**without(GIVEN, "issuer"), "school": "S9"}, {**WITHDRAWN, "issuer": MAGISTER}],
    }
    assert refusal(policy, document).split("\n") == [
        "facts: consents[0].issuer: is missing: a row with event `given` needs it",
        "facts: consents[0].school: there is no School `S9`",
        "facts: consents[1].issuer: a row with event `withdrawn` carries none",
        "facts: guardianships[0].person: `tim` is the id of a Student",
        "facts: guardianships[0].student: there is no Student `bo`",
        f"facts: guardianships[0].valid_until: {NO_INTERVAL}",
    ]


def test_a_fault_is_placed_under_the_document_that_holds_the_facts(policy: Policy) -> None:
    with pytest.raises(DiagnosticError) as refused:
        read_facts({"schools": [{}]}, policy, "consent_given.json", ("scenarios", 3, "facts"))
    assert str(refused.value) == "consent_given.json: scenarios[3].facts.schools[0].id: is missing"


# Valid documents.


def test_an_empty_document_says_nothing(policy: Policy) -> None:
    facts = read_facts({}, policy)
    assert set(map(len, facts.records.values())) == {0}
    assert set(map(len, facts.rows.values())) == {0}
    assert facts.values == {"enrolments_as_of": None}


@pytest.mark.parametrize("row", [LINK, {**LINK, "valid_from": None, "valid_until": None}], ids=["absent", "null"])
def test_absent_bounds_are_the_ends_of_time(policy: Policy, row: dict[str, Any]) -> None:
    (link,) = read_facts({**PARTIES, "links": [row]}, policy).rows["links"][("S1", "X")]
    assert (link.valid_from, link.valid_until) == (BEGIN, END)


def test_null_is_absent_where_a_field_is_optional(policy: Policy) -> None:
    row = {"id": "t", "birth_date": None, "closed_at": None, "closed_as": None}
    nulls = read_facts({"students": [row], "enrolments_as_of": None}, policy)
    assert nulls.records == read_facts({"students": [{"id": "t"}]}, policy).records


ABSENT: tuple[dict[str, Any], ...] = ({}, {"categories": None}, {"categories": []})


def test_a_list_that_a_row_leaves_out_is_empty(policy: Policy) -> None:
    documents = [{**PARTIES, "accreditations": [{**without(ACCREDITATION, "categories"), **row}]} for row in ABSENT]
    rows = [read_facts(document, policy).lists["accreditations"] for document in documents]
    assert rows[0] == rows[1] == rows[2]
    assert rows[0][0].categories == ()


@pytest.mark.parametrize("row", ABSENT[:2], ids=["left out", "null"])
def test_a_list_that_another_field_requires_is_not_left_out(policy: Policy, row: dict[str, Any]) -> None:
    given = {**without(GIVEN, "categories"), **row}
    assert "categories: is missing: a row with event `given` needs it" in refusal(
        policy, {**PARTIES, "consents": [given]}
    )


@pytest.mark.parametrize("row", ABSENT, ids=["left out", "null", "empty"])
def test_an_accreditation_for_no_category_permits_nothing(policy: Policy, row: dict[str, Any]) -> None:
    document = json.loads((STUDENT / "facts.json").read_text(encoding="utf-8"))
    rows = [{**without(each, "categories"), **row} for each in document["accreditations"]]
    request = json.loads((EXAMPLES / "everything-in-place.json").read_text(encoding="utf-8"))
    assert policy.decide(request, read_facts(document, policy))
    decision = policy.decide(request, read_facts({**document, "accreditations": rows}, policy))
    assert decision.reasons == ("CATEGORY_NOT_ACCREDITED",)


def test_rows_are_frozen_and_hold_tuples(policy: Policy) -> None:
    (row,) = read_facts({**PARTIES, "accreditations": [ACCREDITATION]}, policy).rows["accreditations"][("X",)]
    assert row.categories == ("name",)
    with pytest.raises(AttributeError):
        row.categories = ()


def test_the_revision_tells_documents_apart_and_not_the_order_of_keys(policy: Policy) -> None:
    other = {**PARTIES, "schools": [{"id": "S2"}]}
    revisions = [read_facts(one, policy).revision for one in (PARTIES, dict(reversed(PARTIES.items())), other)]
    assert revisions[0] == revisions[1] != revisions[2]


# Files.


def test_a_file_that_is_not_there_is_told(policy: Policy, tmp_path: Path) -> None:
    for path, problem in ((tmp_path / "none.json", "no such file or directory"), (tmp_path, "is a directory")):
        with pytest.raises(DiagnosticError) as refused:
            load_facts(path, policy)
        assert message_of(refused.value) == f"{path}: {problem}"


def test_facts_in_yaml_are_those_in_json(policy: Policy, tmp_path: Path) -> None:
    text = "schools: [{id: no}]\nsuppliers: [{id: 2025-01-01}]\nlinks:\n- {school: no, supplier: 2025-01-01}\n"
    yaml, plain = tmp_path / "facts.yaml", tmp_path / "facts.json"
    yaml.write_text(text)
    rows = {"schools": [{"id": "no"}], "suppliers": [{"id": "2025-01-01"}]}
    plain.write_text(json.dumps({**rows, "links": [{"school": "no", "supplier": "2025-01-01"}]}))
    assert load_facts(yaml, policy) == load_facts(plain, policy)

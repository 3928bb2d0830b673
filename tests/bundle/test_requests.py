"""Requests: the flat form and AuthZEN's, what each makes of what it does not know, and ids compared exactly."""

import copy
from typing import Any

import pytest

from authz import EvaluationRequest, MalformedRequestError, Policy
from authz.engine.loading import read_facts
from authz.instants import parse_instant
from tests.support.student import consent, permitting

AT = "2025-03-10T12:00:00Z"
FLAT = {"supplier": "X", "student": "tim", "action": "read_grades", "at": AT}
FULL = {**FLAT, "institute": "A", "school": "S1", "purpose": "identification", "engagement": "commissioned"}
AUTHZEN: dict[str, Any] = {
    "subject": {"type": "supplier", "id": "X", "properties": {"institute": "A"}},
    "action": {"name": "read_grades", "properties": {"purpose": "identification"}},
    "resource": {"type": "student", "id": "tim", "properties": {"school": "S1"}},
    "context": {"engagement": "commissioned"},
    "at": AT,
}
NO_STRING, NO_OBJECT = "is not a string", "is not an object"
LEAST = {"institute": None, "school": None, "purpose": "homework_guidance", "engagement": "private"}


def request(at: str | None = AT, **properties: Any) -> EvaluationRequest:
    instant = parse_instant(at, "Europe/Amsterdam") if at else None
    return EvaluationRequest("supplier", "X", "read_grades", "student", "tim", {**LEAST, **properties}, instant)


ALL = request(institute="A", school="S1", purpose="identification", engagement="commissioned")


def changed(path: str, value: object) -> dict[str, Any]:
    """The AuthZEN request with one member set, or left out if the value is `...`."""
    body = copy.deepcopy(AUTHZEN)
    *steps, last = path.split(".")
    holder = body
    for step in steps:
        holder = holder[step]
    holder[last] = value
    if value is ...:
        del holder[last]
    return body


def malformed(policy: Policy, given: object) -> list[str]:
    with pytest.raises(MalformedRequestError) as refused:
        policy.bundle.requests.read(given)
    return str(refused.value).split("\n")


# What is read.


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (FLAT, request()),
        (FULL, ALL),
        (AUTHZEN, ALL),
        ({**FLAT, "institute": None, "school": None}, request()),
        ({**FLAT, "institute": "", "school": ""}, request(institute="", school="")),
        ({**FLAT, "purpose": "marketing"}, request(purpose=None)),
        ({**FLAT, "purpose": ""}, request(purpose=None)),
        ({**FLAT, "purpose": "Identification"}, request(purpose=None)),
        ({**FLAT, "claimed_time": "2020-01-01"}, request()),
        ({name: value for name, value in FLAT.items() if name != "at"}, request(at=None)),
        ({**FLAT, "at": "2025-03-10"}, request(at="2025-03-09T23:00:00Z")),
        (changed("subject.properties", ...), request(school="S1", purpose="identification", engagement="commissioned")),
        (changed("context", ...), request(institute="A", school="S1", purpose="identification")),
        (changed("action.properties", {}), request(institute="A", school="S1", engagement="commissioned")),
        (
            changed("resource.properties.school", None),
            request(institute="A", purpose="identification", engagement="commissioned"),
        ),
        (
            changed("at", ...),
            request(None, institute="A", school="S1", purpose="identification", engagement="commissioned"),
        ),
    ],
    ids=[
        "flat",
        "flat-full",
        "authzen",
        "null-is-not-named",
        "empty-is-an-id",
        "unknown-purpose-is-nil",
        "empty-purpose-is-nil",
        "purpose-of-another-case-is-nil",
        "claimed-time-is-ignored",
        "without-instant",
        "bare-date",
        "no-properties",
        "no-context",
        "default-purpose",
        "authzen-null-school",
        "authzen-without-instant",
    ],
)
def test_a_request_is_read(policy: Policy, given: object, expected: EvaluationRequest) -> None:
    assert policy.bundle.requests.read(given) == expected


def test_members_that_nobody_knows_are_ignored_in_authzen_at_every_level(policy: Policy) -> None:
    body = copy.deepcopy(AUTHZEN) | {"foo": 1, "supplier": 5, "school": []}
    for holder in (body["subject"], body["action"], body["resource"], body["context"]):
        holder |= {"foo": {"x": [None]}, "school": 3}
    for side in ("subject", "action", "resource"):
        body[side]["properties"] |= {"foo": None, "engagement": "private"}
    assert policy.bundle.requests.read(body) == ALL


def test_types_that_the_bundle_does_not_know_are_no_malformation(policy: Policy) -> None:
    read = policy.bundle.requests.read(changed("subject.type", "spaceship"))
    assert (read.subject_type, read.subject_id) == ("spaceship", "X")


# What is malformed.


FLAT_FAULTS: dict[str, tuple[object, list[str]]] = {
    "null": (None, ["request: is not an object"]),
    "a list": ([FLAT], ["request: is not an object"]),
    "a string": ("supplier", ["request: is not an object"]),
    "nothing": ({}, ["request: action: is missing", "request: student: is missing", "request: supplier: is missing"]),
    "a misspelt member": (
        {**FLAT, "scool": "S1"},
        ["request: scool: is not known here", "help: did you mean `school`?"],
    ),
    "a context": ({**FLAT, "context": {}}, ["request: context: is not known here"]),
    "a name that is no string": ({**FLAT, 1: 2}, ["request: [1]: is not known here"]),
    "an unknown engagement": (
        {**FLAT, "engagement": "x"},
        ["request: engagement: `x` is not in `Engagement`: `private`, `commissioned`"],
    ),
    "a null engagement": ({**FLAT, "engagement": None}, ["request: engagement: is not a string"]),
    "a null purpose": ({**FLAT, "purpose": None}, ["request: purpose: is not a string"]),
    "a naive time": (
        {**FLAT, "at": "2025-03-10T12:00:00"},
        ["request: at: `2025-03-10T12:00:00` has no offset: write `Z` or `+01:00` behind it"],
    ),
    "a null time": ({**FLAT, "at": None}, ["request: at: is not an instant, as a string"]),
    "a claimed time that is none": (
        {**FLAT, "claimed_time": "noon"},
        ["request: claimed_time: `noon` is not an instant: write `2025-03-10T12:00:00Z`, or a date"],
    ),
    "two forms at once": (
        {**FLAT, "subject": "X"},
        [f"request: action: {NO_OBJECT}", "request: resource: is missing", f"request: subject: {NO_OBJECT}"],
    ),
}


@pytest.mark.parametrize("name", FLAT_FAULTS)
def test_a_flat_request_with_a_fault_is_malformed(policy: Policy, name: str) -> None:
    given, messages = FLAT_FAULTS[name]
    assert malformed(policy, given) == messages


@pytest.mark.parametrize("value", [None, 1, True, 1.5, [], ["X"], {}], ids=repr)
@pytest.mark.parametrize("name", ["supplier", "student", "action", "institute", "school", "purpose"])
def test_a_flat_member_is_a_string(policy: Policy, name: str, value: object) -> None:
    if value is None and name in ("institute", "school"):
        return
    assert malformed(policy, {**FLAT, name: value}) == [f"request: {name}: is not a string"]


@pytest.mark.parametrize("path", ["subject.type", "subject.id", "action.name", "resource.type", "resource.id"])
def test_a_member_that_authzen_asks_for_is_there_and_a_string(policy: Policy, path: str) -> None:
    assert malformed(policy, changed(path, ...)) == [f"request: {path}: is missing"]
    for value in (None, 1, True, [], {}):
        assert malformed(policy, changed(path, value)) == [f"request: {path}: is not a string"]


@pytest.mark.parametrize("path", ["subject", "action", "resource"])
def test_an_entity_is_there_and_an_object(policy: Policy, path: str) -> None:
    assert malformed(policy, changed(path, ...)) == [f"request: {path}: is missing"]
    for value in (None, "alice", 1, []):
        assert malformed(policy, changed(path, value)) == [f"request: {path}: is not an object"]


@pytest.mark.parametrize("path", ["context", "subject.properties", "action.properties", "resource.properties"])
def test_what_holds_properties_is_an_object_if_it_is_there(policy: Policy, path: str) -> None:
    for value in (None, "x", 1, True, []):
        assert malformed(policy, changed(path, value)) == [f"request: {path}: is not an object"]


@pytest.mark.parametrize(
    "path", ["subject.properties.institute", "resource.properties.school", "action.properties.purpose"]
)
def test_a_property_that_counts_is_a_string(policy: Policy, path: str) -> None:
    for value in (1, True, [], {}):
        assert malformed(policy, changed(path, value)) == [f"request: {path}: is not a string"]


def test_an_unknown_engagement_is_malformed_in_authzen_too(policy: Policy) -> None:
    message = "request: context.engagement: `x` is not in `Engagement`: `private`, `commissioned`"
    assert malformed(policy, changed("context.engagement", "x")) == [message]


def test_all_problems_are_reported_at_once(policy: Policy) -> None:
    body = {"subject": {"type": 1}, "action": {}, "resource": "tim", "context": 3, "at": "now"}
    assert malformed(policy, body) == [
        "request: action.name: is missing",
        "request: at: `now` is not an instant: write `2025-03-10T12:00:00Z`, or a date",
        "request: context: is not an object",
        "request: resource: is not an object",
        "request: subject.id: is missing",
        "request: subject.type: is not a string",
    ]


def test_a_fault_is_placed_under_the_document_that_holds_the_request(policy: Policy) -> None:
    with pytest.raises(MalformedRequestError) as refused:
        policy.bundle.requests.read({**FLAT, "action": 1}, "consent_given.json", ("scenarios", 7, "request"))
    assert str(refused.value) == "consent_given.json: scenarios[7].request.action: is not a string"


# Ids are exact.

ID = "\u00e91 "  # as composed as it gets, with a space behind it
OTHERS = ("\u00e91", "\u00c91 ", "e\u03011 ", "\u00e91  ", " \u00e91 ", "\u00e901 ", "")
CODES = {
    "supplier": "UNKNOWN_SUPPLIER",
    "school": "UNKNOWN_SCHOOL",
    "institute": "UNKNOWN_INSTITUTE",
    "student": "UNKNOWN_STUDENT",
}


def with_id(value: Any, old: str, new: str) -> Any:
    """The document with an id replaced wherever it stands."""
    if isinstance(value, dict):
        return {name: with_id(part, old, new) for name, part in value.items()}
    if isinstance(value, list):
        return [with_id(part, old, new) for part in value]
    return new if value == old else value


@pytest.mark.parametrize(("name", "old"), [("supplier", "X"), ("school", "S1"), ("institute", "A"), ("student", "tim")])
def test_ids_are_compared_exactly(policy: Policy, name: str, old: str) -> None:
    world = permitting(consent("g1"))
    facts = read_facts(with_id(world.facts, old, ID), policy)
    asked = with_id(world.request, old, ID)
    assert policy.decide(asked, facts)
    for other in OTHERS:
        assert CODES[name] in policy.decide({**asked, name: other}, facts).reasons


def test_an_action_and_a_purpose_are_compared_exactly(policy: Policy) -> None:
    world = permitting(consent("g1"))
    facts = read_facts(world.facts, policy)
    for action in ("Read_grades", "read_Grades", "read_grades ", "read__grades", "read-grades", "readgrades", ""):
        assert not policy.decide({**world.request, "action": action}, facts)
    for purpose in ("Homework_guidance", "homework_guidance ", ""):
        assert policy.decide({**world.request, "purpose": purpose}, facts).reasons == ("PURPOSE_NOT_ALLOWED",)


def test_both_forms_of_one_request_get_one_decision(policy: Policy) -> None:
    facts = read_facts(permitting(consent("g1")).facts, policy)
    assert policy.decide(FULL, facts) == policy.decide(AUTHZEN, facts)

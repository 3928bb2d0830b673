"""Laws of the request reader, over mutated AuthZEN bodies and a bundle that has every type of property."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz import EvaluationRequest, MalformedRequestError, Policy, load_bundle
from authz.bundle.request_schema import request_schema
from tests.support.effort import effort
from tests.support.paths import AUTHZEN, STUDENT

POLICIES = {name: load_bundle(folder) for name, folder in {"student": STUDENT, "authzen": AUTHZEN}.items()}
SEARCHES = ("", "subject", "action", "resource")
SCHEMAS = {
    (name, searched): jsonschema.Draft202012Validator(request_schema(policy.bundle.vocabulary, searched))
    for name, policy in POLICIES.items()
    for searched in SEARCHES
}
BODY: dict[str, Any] = {
    "subject": {"type": "supplier", "id": "X", "properties": {"institute": "A", "role": "admin"}},
    "action": {"name": "read_grades", "properties": {"purpose": "homework_guidance", "soft": True}},
    "resource": {"type": "student", "id": "tim", "properties": {"school": "S1", "status": "done"}},
    "context": {"engagement": "private"},
}
PATHS = [
    ("subject",),
    ("action",),
    ("resource",),
    ("context",),
    *((entity, name) for entity in ("subject", "resource") for name in ("type", "id", "properties")),
    ("action", "name"),
    ("action", "properties"),
    ("subject", "properties", "institute"),
    ("subject", "properties", "role"),
    ("action", "properties", "purpose"),
    ("action", "properties", "soft"),
    ("resource", "properties", "school"),
    ("resource", "properties", "status"),
    ("context", "engagement"),
    ("at",),
    ("unknown",),
]
GONE = object()
VALUES = st.sampled_from(
    [GONE, None, "", "private", "commissioned", "identification", "x", 0, 1, True, 2.5, [], ["a"], {}, {"id": "X"}]
)
EDITS = st.lists(st.tuples(st.sampled_from(PATHS), VALUES), max_size=3)
NAMES = st.sampled_from(sorted(POLICIES))
SEARCHED = st.sampled_from(SEARCHES)


def edited(edits: list[tuple[tuple[str, ...], Any]]) -> Any:
    body = json.loads(json.dumps(BODY))
    for path, value in edits:
        holder = body
        for name in path[:-1]:
            holder = holder.get(name) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            if value is GONE:
                holder.pop(path[-1], None)
            else:
                holder[path[-1]] = value
    return body


def read(policy: Policy, body: Any, searched: str = "") -> EvaluationRequest | None:
    try:
        return policy.bundle.requests.live[searched](body)
    except MalformedRequestError:
        return None


def member(body: Any, *path: str, absent: Any = None) -> Any:
    for name in path:
        if name not in body:
            return absent
        body = body[name]
    return body


@settings(max_examples=effort(1_000), deadline=None)
@given(name=NAMES, edits=EDITS, searched=SEARCHED)
def test_the_published_schema_accepts_exactly_what_the_reader_accepts(name: str, edits: Any, searched: str) -> None:
    body = edited(edits)
    accepted = SCHEMAS[name, searched].is_valid(body)
    assert accepted is (read(POLICIES[name], body, searched) is not None)


@settings(max_examples=effort(500), deadline=None)
@given(name=NAMES, edits=EDITS, searched=SEARCHED)
def test_an_accepted_request_holds_what_the_body_says(name: str, edits: Any, searched: str) -> None:
    policy, body = POLICIES[name], edited(edits)
    request = read(policy, body, searched)
    if request is None:
        return
    assert request.subject_type == body["subject"]["type"]
    assert request.resource_type == body["resource"]["type"]
    assert request.subject_id == ("" if searched == "subject" else body["subject"]["id"])
    assert request.resource_id == ("" if searched == "resource" else body["resource"]["id"])
    assert request.action == ("" if searched == "action" else body["action"]["name"])
    assert request.at is None
    for property, kind in policy.bundle.vocabulary.properties.items():
        stated = member(body, *kind.source, absent=kind.default)
        known = property != "purpose" or stated in ("homework_guidance", "identification")
        assert request.properties[property] == (stated if known else None)


@settings(max_examples=effort(500), deadline=None)
@given(name=NAMES, path=st.sampled_from(PATHS), value=VALUES)
def test_every_problem_lies_where_the_body_was_changed(name: str, path: tuple[str, ...], value: Any) -> None:
    body = edited([(path, value)])
    try:
        POLICIES[name].bundle.requests.live[""](body, "body", ("evaluations", 3))
    except MalformedRequestError as malformed:
        places = [diagnostic.problem.partition(": ")[0] for diagnostic in malformed.diagnostics]
        assert all(place.startswith(".".join(("evaluations[3]", *path))) for place in places)


def test_the_edits_reach_accepted_and_malformed_bodies() -> None:
    for policy in POLICIES.values():
        assert read(policy, BODY) is not None
        assert read(policy, edited([(("context",), GONE)])) is not None
        assert read(policy, edited([(("subject", "id"), 1)])) is None


@pytest.mark.parametrize("searched", SEARCHES)
@pytest.mark.parametrize("name", sorted(POLICIES))
def test_the_example_of_a_schema_is_accepted(name: str, searched: str) -> None:
    schema = request_schema(POLICIES[name].bundle.vocabulary, searched)
    assert [read(POLICIES[name], example, searched) is not None for example in schema["examples"]] == [True]
    assert "$ref" not in json.dumps(schema)


@pytest.mark.parametrize("name", sorted(POLICIES))
@pytest.mark.parametrize("searched", ["subject", "action", "resource"])
def test_a_search_ignores_the_id_or_name_that_it_searches(name: str, searched: str) -> None:
    policy, ignored = POLICIES[name], "name" if searched == "action" else "id"
    requests = [
        read(policy, edited([((searched, ignored), value)]), searched) for value in (GONE, None, 1, "x", ["y"], {})
    ]
    assert requests[0] is not None
    assert all(request == requests[0] for request in requests)


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_only_an_action_search_may_leave_out_what_it_searches(name: str) -> None:
    policy = POLICIES[name]
    assert read(policy, edited([(("action",), GONE)]), "action") is not None
    for searched in ("subject", "resource"):
        assert read(policy, edited([((searched,), GONE)]), searched) is None
    for searched in SEARCHES:
        assert read(policy, edited([(("action",), None)]), searched) is None


# A bundle with a property of every type.

MANIFEST = """
name = "kinds"
version = "0.1.0"
actions = ["open"]

[request]
subject = { type = "holder", record = "Holder" }
resource = { type = "door", record = "Door" }

[request.fields]
count = { from = "context.count", type = "Integer", default = 1 }
level = { from = "context.deep.er.level", type = "Integer?" }
alarm = { from = "context.alarm", type = "Boolean", default = false }
shade = { from = "action.properties.shade", type = "Colour?" }
tint = { from = "action.properties.tint", type = "Colour", unknown = "nil", default = "blue" }
since = { from = "resource.properties.since", type = "Instant?" }
born = { from = "resource.properties.born", type = "Date?" }
"""
VOCABULARY = """
enumerations = { Colour = ["red", "green", "blue"] }
records.Holder = { facts = "holders", key = "id", fields = { id = "String" } }
records.Door = { facts = "doors", key = "id", fields = { id = "String" } }
"""
REASONS = """
substitute = { code = "NO", en = "no", nl = "nee" }
reason = [{ code = "TOO_MANY", layer = "door", audience = "user", en = "too many", nl = "te veel" }]
"""
RULES = """
allow(_subject: Holder, "open", request: Request) if request.count < 3;
reason(request: Request, "TOO_MANY") if request.count >= 3;
"""


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    folder: Path = tmp_path_factory.mktemp("kinds")
    for name, text in (("bundle", MANIFEST), ("vocabulary", VOCABULARY), ("reasons", REASONS)):
        (folder / f"{name}.toml").write_text(text)
    (folder / "rules.polar").write_text(RULES)
    return load_bundle(folder)


KINDS = {
    "count": [(1, ""), (2**62 - 1, ""), (-(2**62), ""), (2**62, "`4611686018427387904` does not fit 63 bits")],
    "level": [(None, ""), (4, ""), (True, "is not an integer"), (1.0, "is not an integer"), ("1", "is not an integer")],
    "alarm": [(True, ""), (None, "is not true or false"), (1, "is not true or false")],
    "shade": [
        (None, ""),
        ("red", ""),
        ("Red", "`Red` is not in `Colour`: `red`, `green`, `blue`"),
        ("gren", "`gren` is not in `Colour`: `red`, `green`, `blue` (did you mean `green`?)"),
        (1, "is not a string"),
    ],
    "tint": [("red", ""), ("Red", ""), (None, "is not a string")],
    "since": [
        ("2025-03-10T12:00:00+01:00", ""),
        ("2025-03-10", ""),
        ("2025-02-30", "`2025-02-30` is not a date: no such day"),
        ("2025-03-10T12:00:00", "`2025-03-10T12:00:00` has no offset: write `Z` or `+01:00` behind it"),
        (0, "is not an instant, as a string"),
    ],
    "born": [("2009-05-12", ""), ("12-5-2009", "`12-5-2009` is not a date: write `2009-05-12`")],
}


@pytest.mark.parametrize("form", ["flat", "authzen"])
@pytest.mark.parametrize("name", KINDS)
def test_a_value_of_each_type_is_read_and_a_faulty_one_is_explained(kinds: Policy, name: str, form: str) -> None:
    source = kinds.bundle.vocabulary.properties[name].source
    for value, problem in KINDS[name]:
        body: dict[str, Any] = {"holder": "ann", "action": "open", "door": "1", name: value}
        if form == "authzen":
            subject, resource = {"type": "holder", "id": "ann"}, {"type": "door", "id": "1"}
            body = {"subject": subject, "action": {"name": "open"}, "resource": resource}
            holder = body
            for step in source[:-1]:
                holder = holder.setdefault(step, {})
            holder[source[-1]] = value
        try:
            kinds.bundle.requests.read(body)
            message = ""
        except MalformedRequestError as malformed:
            message = str(malformed)
        place = name if form == "flat" else ".".join(source)
        assert message == (f"request: {place}: {problem}" if problem else "")


def test_half_a_surrogate_pair_that_no_error_could_repeat_is_malformed(kinds: Policy) -> None:
    # JSON cannot hold one; a mapping made in Python can.
    flat = {"holder": "ann", "action": "open", "door": "1"}
    for request in ({**flat, "at": "\ud800"}, {**flat, "\ud800": 1}):
        with pytest.raises(MalformedRequestError, match="surrogate pair"):
            kinds.bundle.requests.read(request)


LONG = "x" * 700_000


@pytest.mark.parametrize("path", ["subject.id", "action.name", "action.properties.purpose", "context.engagement"])
def test_a_problem_repeats_little_of_a_long_value(path: str) -> None:
    """A batch may hold a thousand items, each with such a value as its default."""
    reader = load_bundle(STUDENT).bundle.requests
    body: dict[str, Any] = {
        "subject": {"type": "supplier", "id": 1},
        "action": {"name": "read_grades"},
        "resource": {"type": "student", "id": "tim"},
    }
    holder, *names = path.split(".")
    inner = body.setdefault(holder, {})
    for name in names[:-1]:
        inner = inner.setdefault(name, {})
    inner[names[-1]] = LONG
    body["subject"]["type"] = 1
    with pytest.raises(MalformedRequestError) as malformed:
        reader.live[""](body)
    assert len(str(malformed.value)) < 2_500

"""The decision log: each entry fits its schema, continues its caller's trace, and holds no personal data."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from authz_api.decision_log.entry import json_schema, span_of
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.support.paths import ROOT, STUDENT
from tests.support.server import EVALUATION, EVALUATIONS, SEARCH, Served, serving
from tests.support.service_cases import SARA, about

SCHEMA = ROOT / "docs" / "schemas" / "decision-log.schema.json"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("logged"), STUDENT) as running:
        yield running


def entry_of(served: Served, path: str, body: Any, **headers: str) -> dict[str, Any]:
    before = len(served.entries())
    served.post(path, body, **headers)
    [entry] = served.entries()[before:]
    return entry


def test_the_published_schema_is_the_schema_of_an_entry() -> None:
    assert json.loads(SCHEMA.read_text()) == json_schema(), "run `make schemas`"


@pytest.mark.parametrize(
    ("path", "body", "event"),
    [
        (EVALUATION, SARA, "adl.access_evaluation"),
        (EVALUATION, about("resource.id", "tim"), "adl.access_evaluation"),
        (EVALUATION, {"subject": 5}, "adl.access_evaluation"),
        (EVALUATIONS, {**SARA, "evaluations": [{}, {"action": {"name": 5}}]}, "adl.access_evaluations"),
        (EVALUATIONS, SARA, "adl.access_evaluation"),
        (SEARCH + "subject", SARA, "adl.search_subject"),
        (SEARCH + "resource", SARA, "adl.search_resource"),
        (SEARCH + "action", SARA, "adl.search_action"),
    ],
)
def test_an_entry_of_every_endpoint_fits_the_schema(served: Served, path: str, body: Any, event: str) -> None:
    entry = entry_of(served, path, body, **{"x-request-id": "r-1"})
    Draft202012Validator(json_schema()).validate(entry)
    assert (entry["event_name"], entry["status"]) == (event, "Unset")
    state = served.client.get("/readyz").json()
    assert entry["attributes"]["adl.core.policies"] == {"bundle": state["policy"]}
    assert entry["attributes"]["adl.core.information"] == {"facts": state["facts"]}


@pytest.mark.parametrize(
    "spoil",
    [
        {"trace_id": "0"},
        {"span_id": None},
        {"parent_span_id": None},
        {"event_name": "adl.other"},
        {"status": "Denied"},
        {"timestamp": "now"},
        {"extra": 1},
        {"attributes": {}},
        {"body": {}},
    ],
)
def test_the_schema_refuses_other_entries(served: Served, spoil: dict[str, Any]) -> None:
    entry = entry_of(served, EVALUATION, SARA)
    assert not Draft202012Validator(json_schema()).is_valid({**entry, **spoil})


def test_a_valid_traceparent_is_continued(served: Served) -> None:
    for flags in ("00", "01", "ff"):
        entry = entry_of(served, EVALUATION, SARA, traceparent=f"00-{TRACE}-{PARENT}-{flags}")
        assert (entry["trace_id"], entry["parent_span_id"]) == (TRACE, PARENT)
        assert re.fullmatch("[0-9a-f]{16}", entry["span_id"]) and entry["span_id"] != PARENT
    root = entry_of(served, EVALUATION, SARA)
    assert "parent_span_id" not in root and re.fullmatch("[0-9a-f]{32}", root["trace_id"])


def test_a_denial_is_no_error_and_names_its_data_subject_by_pseudonym(served: Served) -> None:
    entry = entry_of(served, EVALUATION, about("resource.id", "tim"))
    assert entry["status"] == "Unset"
    assert (
        entry["attributes"]["dpl.core.data_subject_id"] == entry["body"]["adl.core.request"]["resource"]["id"] != "tim"
    )
    batch = {**SARA, "evaluations": [{}, {"resource": about("resource.id", "tim")["resource"]}]}
    assert "dpl.core.data_subject_id" not in entry_of(served, EVALUATIONS, batch)["attributes"]


def test_a_search_logs_a_count_and_a_digest_of_its_results(served: Served) -> None:
    first, again, other = (
        entry_of(
            served, SEARCH + "resource", {**SARA, "resource": {"type": "student", "properties": {"school": school}}}
        )
        for school in ("S1", "S1", "S9")
    )
    response = first["body"]["adl.core.response"]
    assert response["page"] == {"count": 1} and set(response) == {"page", "context"}
    assert response["context"]["results"] == again["body"]["adl.core.response"]["context"]["results"]
    assert response["context"]["results"] != other["body"]["adl.core.response"]["context"]["results"]
    assert "sara" not in json.dumps(first)


def valid(text: str) -> bool:
    """Whether a header of version 00 is valid, read another way than the service reads it."""
    parts = text.split("-")
    lengths = [len(part) for part in parts]
    digits = set("0123456789abcdef")
    return (
        lengths == [2, 32, 16, 2]
        and parts[0] == "00"
        and all(set(part) <= digits for part in parts)
        and int(parts[1], 16) != 0
        and int(parts[2], 16) != 0
    )


HEX = st.sampled_from("00123456789abcdefABg")
HEADERS = st.one_of(
    st.text("0123456789abcdef-", max_size=60),
    st.builds(
        lambda version, trace, parent, flags, rest: f"{version}-{trace}-{parent}-{flags}{rest}",
        st.sampled_from(["00", "0", "0x"]),
        st.one_of(st.just(TRACE), st.just("0" * 32), st.text(HEX, min_size=31, max_size=33)),
        st.one_of(st.just(PARENT), st.just("0" * 16), st.text(HEX, min_size=15, max_size=17)),
        st.sampled_from(["00", "01", "f", "0G"]),
        st.sampled_from(["", "", "-", "-x", "\n"]),
    ),
)


@given(HEADERS)
def test_a_malformed_traceparent_starts_a_new_trace(text: str) -> None:
    span = span_of(text.encode())
    if valid(text):
        assert (span.trace_id, span.parent_span_id) == tuple(text.split("-")[1:3])
    else:
        assert span.parent_span_id == "" and span.trace_id not in text
    assert re.fullmatch("[0-9a-f]{16}", span.span_id)


@pytest.mark.parametrize(
    "header",
    [
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{TRACE}-{PARENT}-01-",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}",
        f" 00-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01\n",
    ],
)
def test_each_way_to_be_malformed_starts_a_new_trace(header: str) -> None:
    span = span_of(header.encode())
    assert span.parent_span_id == "" and span.trace_id not in (TRACE, "0" * 32)


def test_a_later_version_of_traceparent_may_have_more_members_and_ff_is_none() -> None:
    for text in (f"01-{TRACE}-{PARENT}-01", f"01-{TRACE}-{PARENT}-01-more"):
        assert span_of(text.encode()).trace_id == TRACE
    assert span_of(f"ff-{TRACE}-{PARENT}-01".encode()).trace_id != TRACE
    assert span_of(b"").parent_span_id == span_of(None).parent_span_id == ""

"""The service over a real connection: answers by audience, batches, pages, decision log, and what callers get wrong."""

import concurrent.futures
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.paths import STUDENT
from tests.support.server import EVALUATION, EVALUATIONS, SEARCH, Served, serving
from tests.support.service_cases import NO_PERMISSION, SARA, about


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), STUDENT) as running:
        yield running


def message(response: httpx.Response, status: int = 400) -> str:
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["status"] == status
    text: str = error["message"]
    return text


# Answers.


def test_a_permit_names_the_policy_and_facts_that_decided(served: Served) -> None:
    response = served.post(EVALUATION, SARA)
    body, state = response.json(), served.client.get("/readyz").json()
    assert body["decision"] is True
    assert body["context"] == {
        "evaluation_id": body["context"]["evaluation_id"],
        "evaluated_at": body["context"]["evaluated_at"],
        "purpose": "homework_guidance",
        "policy": state["policy"],
        "facts": state["facts"],
    } | {name: value for name, value in body["context"].items() if name == "expires_at"}
    assert response.headers["cache-control"] == "no-store"


def test_the_purpose_may_be_left_out_and_is_echoed(served: Served) -> None:
    assert served.post(EVALUATION, about("action.properties", ...)).json()["context"]["purpose"] == "homework_guidance"


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("action.name", "write_grades", "ACTION_NOT_SUPPORTED"),
        ("action.name", "read_medical", "CATEGORY_UNKNOWN"),
        ("action.properties.purpose", "marketing", "PURPOSE_NOT_ALLOWED"),
        ("subject.properties", {}, "INSTITUTE_NOT_NAMED"),
        ("resource.properties.school", None, "SCHOOL_NOT_NAMED"),
        ("resource.properties.school", "", "UNKNOWN_SCHOOL"),
        ("subject.id", "x", "UNKNOWN_SUPPLIER"),
        ("subject.id", "Z", "ACCREDITATION_MISSING"),
        ("context.engagement", "commissioned", "OUT_OF_SCOPE_COMMISSIONED"),
        ("resource.id", "nobody", "NO_PERMISSION"),
        ("resource.id", "bo", "NO_PERMISSION"),
        ("resource.id", "tim", "NO_PERMISSION"),
    ],
)
def test_a_refusal_holds_the_code_that_every_caller_may_see(
    served: Served, path: str, value: object, code: str
) -> None:
    body = served.post(EVALUATION, about(path, value)).json()
    assert body["decision"] is False
    assert body["context"]["reason_user"]["code"] == code
    assert "reason_admin" not in body["context"]


def apart_from_its_own(response: httpx.Response) -> tuple[Any, ...]:
    """All of an answer that could tell one student from another."""
    body = response.json()
    context = {k: v for k, v in body["context"].items() if k not in ("evaluation_id", "evaluated_at")}
    headers = {k: v for k, v in response.headers.items() if k != "date"}
    order = list(body["context"]), [name for name, _ in response.headers.raw]
    return response.status_code, body["decision"], context, headers, order


@pytest.mark.parametrize("change", [{}, {"subject.id": "Y"}, {"resource.properties": {"school": "S9"}}])
def test_an_unknown_student_and_one_without_consent_get_equal_responses(served: Served, change: dict[str, Any]) -> None:
    answers = []
    for student in ("nobody", "tim", "bo", "lot", "sara "):
        body = about("resource.id", student)
        for path, value in change.items():
            entity, _, member = path.partition(".")
            body[entity] = {**body[entity], **({member: value} if member == "id" else {"properties": value})}
        answers.append(apart_from_its_own(served.post(EVALUATION, body)))
    # `evaluated_at` drops trailing zeros, so the length of a body is its own.
    for answer in answers:
        answer[3].pop("content-length")
    assert all(answer == answers[0] for answer in answers)
    if not change:
        assert answers[0][2]["reason_user"] == NO_PERMISSION


def test_a_commission_known_from_an_agreement_is_not_disclosed(tmp_path_factory: pytest.TempPathFactory) -> None:
    facts = json.loads((STUDENT / "facts.json").read_text())
    for agreement in facts["agreements"]:
        agreement["mode"] = "commissioned"
    folder = tmp_path_factory.mktemp("commissioned")
    (folder / "facts.json").write_text(json.dumps(facts))
    with serving(folder, STUDENT, "--admin-reasons", facts=folder / "facts.json") as running:
        context = running.post(EVALUATION, SARA).json()["context"]
        assert context["reason_user"] == NO_PERMISSION
        assert context["reason_admin"]["codes"][0] == "OUT_OF_SCOPE_COMMISSIONED"


# Batches.


def batch(*items: Any, **rest: Any) -> dict[str, Any]:
    return {**SARA, "evaluations": list(items), **rest}


def decisions(response: httpx.Response) -> list[bool]:
    assert response.status_code == 200, response.text
    return [item["decision"] for item in response.json()["evaluations"]]


YES: dict[str, Any] = {}
NO = {"action": {"name": "write_grades"}}
BAD = {"action": {"name": 5}}


@pytest.fixture(scope="module")
def frank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that shows every code, over facts in which Sara's enrolment ends."""
    folder = tmp_path_factory.mktemp("frank")
    facts = json.loads((STUDENT / "facts.json").read_text())
    for row in facts["enrolments"]:
        if row["student"] == "sara":
            row["valid_until"] = "2099-08-01T00:00:00Z"
    (folder / "facts.json").write_text(json.dumps(facts))
    with serving(folder, STUDENT, "--admin-reasons", facts=folder / "facts.json") as running:
        yield running


def test_a_permit_names_its_end(frank: Served, served: Served) -> None:
    assert frank.post(EVALUATION, SARA).json()["context"]["expires_at"] == "2099-08-01T00:00:00Z"
    assert "expires_at" not in served.post(EVALUATION, SARA).json()["context"]
    assert "expires_at" not in frank.post(EVALUATION, about("resource.id", "tim")).json()["context"]


def test_a_caller_that_may_see_all_codes_may_ask_for_an_explanation(frank: Served, served: Served) -> None:
    refused = {**about("resource.id", "nobody"), "options": {"explain": True}}
    context = frank.post(EVALUATION, refused).json()["context"]
    why = context["reason_admin"]
    assert why["codes"] == ["UNKNOWN_STUDENT"]
    assert (why["conditions"]["holds"], why["conditions"]["kind"]) == (False, "rule")
    changes = why["smallest_change"]["changes"]
    assert {change["facts"] for change in changes} == {"students", "enrolments", "agreements", "consents"}
    assert all(change["writers"] and change["en"] and change["nl"] for change in changes)
    permit = frank.post(EVALUATION, {**SARA, "options": {"explain": True}}).json()["context"]["reason_admin"]
    assert permit["conditions"]["holds"] is True and permit["smallest_change"] is None
    # Nobody else learns anything by asking, and nobody who does not ask is told.
    assert "reason_admin" not in served.post(EVALUATION, refused).json()["context"]
    assert set(frank.post(EVALUATION, about("resource.id", "nobody")).json()["context"]["reason_admin"]) == {"codes"}
    for wrong in (1, "true", None, {}):
        question = {**about("resource.id", "nobody"), "options": {"explain": wrong}}
        assert set(frank.post(EVALUATION, question).json()["context"]["reason_admin"]) == {"codes"}
    # An explanation is not logged.
    assert "conditions" not in frank.decision_log.read_text() and "birth_date" not in frank.decision_log.read_text()


@pytest.mark.parametrize(
    ("semantic", "items", "expected"),
    [
        ("execute_all", [YES, NO, YES], [True, False, True]),
        ("deny_on_first_deny", [YES, NO, YES], [True, False]),
        ("deny_on_first_deny", [YES, BAD, YES], [True, False]),
        ("permit_on_first_permit", [NO, BAD, YES, NO], [False, False, True]),
        ("permit_on_first_permit", [NO, NO], [False, False]),
    ],
)
def test_a_batch_ends_where_its_semantic_says(
    served: Served, semantic: str, items: list[Any], expected: list[bool]
) -> None:
    body = batch(*items, options={"evaluations_semantic": semantic})
    assert decisions(served.post(EVALUATIONS, body)) == expected


def test_a_bad_item_is_refused_with_an_error_and_the_rest_are_answered(served: Served) -> None:
    items = served.post(EVALUATIONS, batch(BAD, 5, None, {"subject": "X"}, YES)).json()["evaluations"]
    assert [item["context"].get("error", {}).get("message") for item in items] == [
        "evaluations[0].action.name: is not a string",
        "evaluations[1]: is not an object",
        "evaluations[2]: is not an object",
        "evaluations[3].subject: is not an object",
        None,
    ]
    assert [item["decision"] for item in items] == [False, False, False, False, True]


def test_an_items_entity_stands_as_a_whole(served: Served) -> None:
    body = batch({"subject": {"type": "supplier", "id": "X"}}, {"context": {}})
    codes = [
        item["context"].get("reason_user", {}).get("code")
        for item in served.post(EVALUATIONS, body).json()["evaluations"]
    ]
    assert codes == ["INSTITUTE_NOT_NAMED", None]


def test_a_malformed_default_that_no_item_uses_is_tolerated(served: Served) -> None:
    body = {**batch({"action": SARA["action"]}), "action": "read"}
    assert decisions(served.post(EVALUATIONS, body)) == [True]


def test_a_batch_is_one_instant_and_one_entry(served: Served) -> None:
    items = served.post(EVALUATIONS, batch(YES, NO, BAD)).json()["evaluations"]
    assert len({item["context"].get("evaluated_at") for item in items[:2]}) == 1
    entry = served.entries()[-1]
    assert entry["event_name"] == "adl.access_evaluations"
    requests, responses = (body["evaluations"] for body in served.logged())
    assert [element["context"]["evaluation_id"] for element in responses] == [
        element["context"]["evaluation_id"] for element in items
    ]
    assert [element["decision"] for element in responses] == [True, False, False]
    assert [element.get("action", {}).get("name") for element in requests[:1]] == ["read_schedule"] and requests[
        2
    ] == {}
    assert responses[2]["context"]["error"] == "malformed"


# Pages.


def test_pages_hold_each_result_once_in_order(served: Served) -> None:
    body: dict[str, Any] = {**about("subject", {"type": "supplier"}), "page": {"limit": 1}}
    complete = served.post(SEARCH + "subject", {**body, "page": {}}).json()
    assert complete["page"] == {"next_token": "", "count": len(complete["results"])}
    pages = [served.post(SEARCH + "subject", body).json()]
    while token := pages[-1]["page"]["next_token"]:
        pages.append(served.post(SEARCH + "subject", {**body, "page": {"token": token}}).json())
        assert len(pages) <= len(complete["results"]) + 1
    assert [element for page in pages for element in page["results"]] == complete["results"]
    assert {"type": "supplier", "id": "X", "properties": {"institute": "A"}} in complete["results"]


def test_a_result_put_into_the_request_is_allowed(served: Served) -> None:
    for name in ("subject", "resource", "action"):
        received = served.post(SEARCH + name, SARA).json()["results"]
        assert received
        for result in received:
            assert served.post(EVALUATION, {**SARA, name: result}).json()["decision"] is True


def test_a_token_is_bound_to_its_request(served: Served) -> None:
    body = {**SARA, "page": {"limit": 1}}
    token = served.post(SEARCH + "action", body).json()["page"]["next_token"]
    assert token
    again = {**SARA, "page": {"token": token}}
    assert served.post(SEARCH + "action", again).status_code == 200
    assert message(served.post(SEARCH + "subject", again)) == "page.token: was issued for another request"
    other = {**again, "resource": {**SARA["resource"], "id": "tim"}}
    assert message(served.post(SEARCH + "action", other)) == "page.token: was issued for another request"
    for forged in (token[:-1] + ("A" if token[-1] != "A" else "B"), "x", token + "=", "é", "\x00", "." * 9):
        assert message(served.post(SEARCH + "action", {**SARA, "page": {"token": forged}})) == (
            "page.token: was not issued by this service"
        )


def test_a_limit_does_not_change_between_pages(served: Served) -> None:
    for limit in (1, 2, 0, 5_000, None):
        first = {} if limit is None else {"limit": limit}
        page = served.post(SEARCH + "action", {**SARA, "page": first}).json()["page"]
        assert page["count"] <= 1_000 if limit is None else page["count"] <= limit
        token = page["next_token"]
        if not token:
            continue
        for again, status in ((first, 200), ({}, 200), ({"limit": 3}, 400)):
            response = served.post(SEARCH + "action", {**SARA, "page": {**again, "token": token}})
            assert response.status_code == status, (limit, again)
            if status == 400:
                assert message(response) == "page.limit: is not that of the first page"


def test_a_limit_of_zero_tells_whether_there_are_results(served: Served) -> None:
    none = served.post(SEARCH + "action", {**about("resource.id", "nobody"), "page": {"limit": 0}}).json()
    some = served.post(SEARCH + "action", {**SARA, "page": {"limit": 0}}).json()
    assert (none["results"], none["page"]) == ([], {"next_token": "", "count": 0})
    assert (some["results"], some["page"]["count"]) == ([], 0) and some["page"]["next_token"]


@pytest.mark.parametrize(
    "page",
    [
        5,
        [],
        {"limit": -1},
        {"limit": None},
        {"limit": True},
        {"limit": "1"},
        {"limit": 1.5},
        {"token": 5},
        {"token": None},
    ],
)
def test_a_malformed_page_is_refused(served: Served, page: Any) -> None:
    assert message(served.post(SEARCH + "action", {**SARA, "page": page})).startswith("page")


# Records and metrics.


def test_an_entry_describes_a_call_and_names_no_person(served: Served) -> None:
    response = served.post(EVALUATION, about("resource.id", "tim"), **{"x-request-id": "r-17"})
    entry, (request, logged) = served.entries()[-1], served.logged()
    assert entry["attributes"]["poort.request.id"] == "r-17"
    assert logged == {
        "decision": False,
        "context": {
            "evaluation_id": response.json()["context"]["evaluation_id"],
            "reason_admin": {"codes": ["CONSENT_LAPSED_MAJORITY"]},
        },
    }
    assert request["subject"] == {"type": "supplier", "id": "X", "properties": {"institute": "A"}}
    assert request["resource"]["id"].startswith("~")
    assert entry["attributes"]["dpl.core.data_subject_id"] == request["resource"]["id"]
    assert served.post(EVALUATION, about("resource.id", "tim")).status_code == 200
    assert served.logged()[0]["resource"] == request["resource"]


def test_no_text_of_a_caller_reaches_a_log(served: Served) -> None:
    name = "Tim-de-Vries-2009"
    places = ["subject.id", "subject.type", "action.name", "resource.id", "resource.type", "context.engagement"]
    places += ["resource.properties.school", "subject.properties.institute", "action.properties.purpose"]
    for path in places:
        body = about(path, name)
        for endpoint in (EVALUATION, EVALUATIONS, SEARCH + "subject", SEARCH + "resource", SEARCH + "action"):
            served.post(endpoint, body, **{"x-request-id": f"{name} ?"})
            served.post(endpoint, {**SARA, "evaluations": [body]})
    served.raw(f"/{name}", b"{}")
    served.raw(EVALUATION, f'{{"{name}"'.encode())
    assert name not in served.decision_log.read_text()
    assert name not in served.log.read_text()
    assert name not in served.client.get("/metrics").text


def test_metrics_count_by_action_outcome_and_code(served: Served) -> None:
    served.post(EVALUATION, about("resource.id", "nobody"))
    text = served.client.get("/metrics").text
    assert 'poort_decisions_total{action="read_schedule",code="UNKNOWN_STUDENT",outcome="deny"}' in text
    assert 'poort_request_seconds_count{endpoint="evaluation",status="200"}' in text


def test_without_a_log_entry_there_is_no_decision(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("full")
    with serving(folder, STUDENT, "--decision-log", "/dev/full") as running:
        response = running.post(EVALUATION, SARA, **{"x-request-id": "r1"})
        assert message(response, 503) == "the decision could not be logged"
        assert "decision" not in response.json()
        assert response.headers["x-request-id"] == "r1"
        assert running.post(SEARCH + "action", SARA).status_code == 503


# What callers get wrong.


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"a": 1, "a": 2}', "a: this key stands here twice"),
        (b'{"a": NaN}', "a: `nan` is not a JSON number"),
        (b'{"a": 1e999}', "a: `inf` is not a JSON number"),
        (b'{"a": "\\ud800"}', "a: half a surrogate pair is no text"),
        (b'{"a": "\xff"}', "not UTF-8: byte 8 is out of place"),
        ("\ufeff{}".encode(), "begins with a byte order mark (save it as UTF-8 without one)"),
        (b"[" * 10_000 + b"]" * 10_000, "nested deeper than 100"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "nested deeper than 100"),
        (b"[]", "the body is not an object"),
        (b"null", "the body is not an object"),
        (b"", "the body is empty"),
        (b'{"subject": ', "not JSON: expecting value (line 1, column 13)"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a number has too many digits"),
    ],
)
def test_a_body_that_is_not_sound_is_malformed(served: Served, data: bytes, expected: str) -> None:
    for path in (EVALUATION, EVALUATIONS, SEARCH + "subject"):
        assert message(served.raw(path, data)) == expected


@pytest.mark.parametrize("kind", ["text/plain", "", "application/jsonp", "multipart/form-data", "application/x-json"])
def test_another_content_type_is_malformed(served: Served, kind: str) -> None:
    assert message(served.raw(EVALUATION, json.dumps(SARA).encode(), kind)) == (
        "the content type is not application/json"
    )


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"])
def test_the_content_type_may_have_parameters_and_any_case(served: Served, kind: str) -> None:
    assert served.raw(EVALUATION, json.dumps(SARA).encode(), kind).status_code == 200


def test_a_body_too_large_is_413(served: Served) -> None:
    large = json.dumps({**SARA, "filler": "x" * 10_000_000}).encode()
    head = f"POST {EVALUATION} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Request-ID: big\r\n"
    reply = served.bytes(f"{head}Content-Length: {len(large)}\r\n\r\n".encode())
    assert reply.startswith(b"HTTP/1.1 413 ") and b"x-request-id: big" in reply
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    with served.connect() as connection:
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk + b"1\r\nx\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_a_long_batch_is_malformed(served: Served) -> None:
    assert message(served.post(EVALUATIONS, batch(*[{}] * 1001))) == "evaluations: has 1001 items; the maximum is 1000"
    assert len(decisions(served.post(EVALUATIONS, batch(*[{}] * 1000)))) == 1000


@pytest.mark.parametrize("options", [5, None, [], {"evaluations_semantic": "any"}, {"evaluations_semantic": None}])
def test_malformed_options_are_refused(served: Served, options: Any) -> None:
    assert message(served.post(EVALUATIONS, batch({}, options=options))).startswith("options")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", EVALUATION, 405),
        ("PUT", EVALUATIONS, 405),
        ("OPTIONS", EVALUATION, 405),
        ("POST", "/metrics", 405),
        ("POST", "/access/v1//evaluation", 404),
        ("POST", "//access/v1/evaluation", 404),
        ("POST", EVALUATION + "/", 404),
        ("POST", "/access%2fv2/evaluation", 404),
        ("POST", "/access/v1/search/student", 404),
        ("POST", "/Access/v1/evaluation", 404),
        ("GET", "/", 404),
        ("GET", "/../../etc/passwd", 404),
        ("BREW", EVALUATION, 405),
    ],
)
def test_unknown_paths_and_methods_are_errors_in_the_one_shape(
    served: Served, method: str, path: str, status: int
) -> None:
    # The client would tidy the path: it is sent as it stands.
    reply = served.bytes(
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: r9\r\nConnection: close\r\n\r\n".encode()
    )
    head, _, body = reply.partition(b"\r\n\r\n")
    if method == "BREW" and b"400" in head[:13]:
        return  # a method that the server does not know ends at the server
    assert head.startswith(f"HTTP/1.1 {status} ".encode()), reply
    assert json.loads(body)["error"]["status"] == status
    assert b"x-request-id: r9" in head
    assert (b"allow: " in head) == (status == 405)


def test_metadata_do_not_follow_the_host_header(served: Served) -> None:
    response = served.client.get("/.well-known/authzen-configuration", headers={"host": "localhost:1"})
    assert response.json()["policy_decision_point"] == served.url
    assert "localhost" not in response.text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.", "", "[::1", "127.0.0.1:x"])
def test_without_callers_only_a_loopback_name_is_answered(served: Served, host: str) -> None:
    assert message(served.post(EVALUATION, SARA, host=host), 421).startswith("the Host header names no loopback")
    for path in ("/readyz", "/metrics", "/docs", "/.well-known/authzen-configuration"):
        assert served.client.get(path, headers={"host": host}).status_code == 421
    for name in ("localhost", "LOCALHOST:80", "127.0.0.9", "[::1]:8080"):
        assert served.post(EVALUATION, SARA, host=name).status_code == 200


PAIRS = [
    "sara",
    "Sara",
    "SARA",
    "sara ",
    " sara",
    "sar\u0430",
    "sa\u0301ra",
    "s\u00e1ra",
    "sara\x00",
    "0sara",
    "\u017fara",
]
HOSTILE = [
    *PAIRS[1:],
    "'; drop table students; --",
    '"',
    "\\",
    "\U0001f600",
    "a" * 10_000,
    "%73ara",
    "../sara",
    "\u202esara",
]


@pytest.mark.parametrize("id", HOSTILE, ids=range(len(HOSTILE)))
def test_ids_are_compared_exactly(served: Served, id: str) -> None:
    assert served.post(EVALUATION, about("resource.id", id)).json()["decision"] is False
    assert served.post(SEARCH + "subject", about("resource.id", id)).json()["results"] == []


def test_a_time_in_the_request_is_ignored(served: Served) -> None:
    for time in ("1999-01-01T00:00:00Z", "nonsense", 5, None):
        assert served.post(EVALUATION, {**SARA, "at": time, "context": {"time": time}}).json()["decision"] is True


def test_slow_and_cut_off_clients_do_not_hold_others_up(served: Served) -> None:
    head = f"POST {EVALUATION} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += "Content-Length: 500\r\n\r\n{"
    slow = [served.connect() for _ in range(50)]
    try:
        for connection in slow:
            connection.sendall(head.encode())
        assert served.post(EVALUATION, SARA).json()["decision"] is True
    finally:
        for connection in slow:
            connection.close()
    assert served.post(EVALUATION, SARA).json()["decision"] is True
    assert "Traceback" not in served.log.read_text()


def test_two_hundred_concurrent_callers_get_their_own_answers(served: Served) -> None:
    students = ["sara", "tim", "nobody", "bo"]

    def ask(number: int) -> tuple[int, str | None, bool]:
        student = students[number % 4]
        with httpx.Client(base_url=served.url, trust_env=False, timeout=60) as client:
            answers = [
                client.post(
                    EVALUATION, json=about("resource.id", student), headers={"x-request-id": f"{number}-{turn}"}
                )
                for turn in range(5)
            ]
        assert [element.headers["x-request-id"] for element in answers] == [f"{number}-{turn}" for turn in range(5)]
        (decision,) = {element.json()["decision"] for element in answers}
        return number, student, decision

    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        for _, student, decision in pool.map(ask, range(200)):
            assert decision is (student == "sara")

"""OpenID AuthZEN's certification scenario, against a real server in the shipped configuration."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.paths import AUTHZEN
from tests.support.server import Served, serving

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent.parent / "authzen" / "cases.json").read_text())["cases"]
BY_ID = {case["id"]: case for case in CASES}
ENDPOINTS = [
    "policy_decision_point",
    "access_evaluation_endpoint",
    "access_evaluations_endpoint",
    "search_subject_endpoint",
    "search_resource_endpoint",
    "search_action_endpoint",
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), AUTHZEN) as running:
        yield running


def send(served: Served, case: dict[str, Any]) -> httpx.Response:
    body = case.get("body")
    if body and body.get("page", {}).get("token"):
        token = send(served, BY_ID["c-4-5-1"]).json()["page"]["next_token"]
        assert token
        body = {**body, "page": {"token": token}}
    content = case["raw"].encode() if "raw" in case else json.dumps(body).encode() if body is not None else None
    headers = httpx.Headers({"content-type": "application/json"})
    headers.update(case.get("headers", {}))
    return served.client.request(case["method"], case["path"], content=content, headers=headers)


def test_there_are_sixty_three_cases() -> None:
    assert len(BY_ID) == len(CASES) == 63


@pytest.mark.parametrize("id", BY_ID)
def test_a_case_gets_what_it_must(served: Served, id: str) -> None:
    case = BY_ID[id]
    expect = dict(case["expect"])
    for _ in range(case.get("repeat", 1)):
        response = send(served, case)
        check(served, case, expect, response)


def check(served: Served, case: dict[str, Any], expect: dict[str, Any], response: httpx.Response) -> None:
    known = {"status", "decision", "evaluations", "header_echo", "results_include", "results_exact", "results_type"}
    known |= {"same_results_as", "results_array", "page_valid", "page_required", "only_if", "content_type", "metadata"}
    assert expect.keys() <= known, "this test would not look at all that the case expects"
    assert response.status_code == expect["status"], response.text
    assert response.headers["content-type"].startswith("application/json")
    body = response.json()
    if "decision" in expect:
        assert body["decision"] is expect["decision"]
    if "evaluations" in expect:
        decisions = [item["decision"] for item in body["evaluations"]]
        assert len(decisions) == len(expect["evaluations"])
        assert all(
            wanted is None or got is wanted for got, wanted in zip(decisions, expect["evaluations"], strict=True)
        )
    if "header_echo" in expect:
        assert response.headers[expect["header_echo"]] == case["headers"][expect["header_echo"]]
    if "results_exact" in expect:
        assert body["results"] == expect["results_exact"]
    for wanted in expect.get("results_include", ()):
        assert wanted in body["results"]
    if "results_type" in expect:
        assert {element["type"] for element in body["results"]} == {expect["results_type"]}
    if "same_results_as" in expect:
        assert body["results"] == send(served, BY_ID[expect["same_results_as"]]).json()["results"]
    if "results_array" in expect:
        assert isinstance(body["results"], list)
    if "page_valid" in expect or "page_required" in expect:
        assert isinstance(body["page"]["next_token"], str)
    if "metadata" in expect:
        assert list(body) == ENDPOINTS
        assert all(url.startswith(served.url) for url in body.values())

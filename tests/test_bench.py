"""The benchmarks' own claims that need no clock: what is compared agrees before it is timed."""

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from authz_api.authn.callers import Caller, Right, load_callers, new_key, save_callers

from authz import load_bundle, load_facts
from authz.engine.loading import read_facts
from bench.http import ten
from bench.http.plain import Deciding, create_app
from bench.http.population import about, evaluation, population
from bench.peers.contenders import by_hand, oso, poort, poort_loaded, poort_whole
from bench.peers.workload import cases, oracle
from tests.api.test_overload import lasting
from tests.support import oracle as plain_reading
from tests.support.paths import STUDENT
from tests.support.server import EVALUATION, EVALUATIONS, serving


@pytest.mark.parametrize("make", [by_hand, poort, poort_loaded, poort_whole])
def test_contenders_of_ours_agree_with_the_oracle(make: object) -> None:
    contender = make()  # type: ignore[operator]
    for case in cases(1, 400):
        assert contender.decide(contender.prepare(case)) is oracle(case), contender.name


def test_oso_agrees_with_the_oracle() -> None:
    pytest.importorskip("oso")
    contender = oso()
    for case in cases(1, 60):
        assert contender.decide(contender.prepare(case)) is oracle(case)


def test_half_of_the_cases_are_permitted_and_each_condition_is_missed() -> None:
    drawn = cases(3, 2_000)
    assert sum(map(oracle, drawn)) == 1_000


def test_half_of_the_town_is_permitted_and_poort_agrees_with_the_plain_reading() -> None:
    policy = load_bundle(STUDENT)
    town = population(students=200)
    facts = read_facts(town.facts, policy)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    expected, given = [], []
    for each in town.requests:
        expected.append(not plain_reading.judge(about(town.facts, each["student"]), {**each, "at": at.isoformat()}))
        given.append(bool(policy.decide(policy.bundle.requests.read_live(evaluation(each)), facts, at)))
    assert given == expected and sum(expected) == 100


def test_many_cases_in_one_document_are_decided_as_each_alone() -> None:
    policy = load_bundle(ten.BUNDLE)
    drawn = cases(5, 300)
    facts = read_facts(ten.facts(drawn), policy)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    given = [
        bool(policy.decide(policy.bundle.requests.read_live(ten.body(n, case)), facts, at))
        for n, case in enumerate(drawn)
    ]
    assert given == [oracle(case) for case in drawn]


def test_the_plain_route_answers_what_the_service_answers(tmp_path: Path) -> None:
    town = population(students=60)
    bodies = [evaluation(each) for each in town.requests]
    (tmp_path / "facts.json").write_text(json.dumps(town.facts))
    text, key = new_key()
    save_callers(tmp_path / "callers.json", [Caller(name="bench", rights=frozenset({Right.EVALUATE}), key=key)])
    policy = load_bundle(STUDENT)
    record = os.open(tmp_path / "plain.jsonl", os.O_WRONLY | os.O_CREAT)
    facts = load_facts(tmp_path / "facts.json", policy)
    plain_app = create_app(Deciding(policy, facts, record, b"k" * 32), load_callers(tmp_path / "callers.json"))
    headers = {"authorization": f"Bearer {text}"}
    options = ["--callers", str(tmp_path / "callers.json")]

    async def plainly() -> list[Any]:
        transport = httpx.ASGITransport(plain_app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
            assert (await client.post(EVALUATION, json=bodies[0], headers={"authorization": "x"})).status_code == 401
            return [
                *[lasting((await client.post(EVALUATION, json=body)).json()) for body in bodies],
                lasting((await client.post(EVALUATIONS, json={"evaluations": bodies})).json()),
            ]

    with serving(tmp_path, STUDENT, *options, facts=tmp_path / "facts.json") as served:
        ours = [
            *[lasting(served.post(EVALUATION, body, **headers).json()) for body in bodies],
            lasting(served.post(EVALUATIONS, {"evaluations": bodies}, **headers).json()),
        ]
    assert asyncio.run(plainly()) == ours
    assert {one["decision"] for one in ours[:-1]} == {True, False}

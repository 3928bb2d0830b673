"""Every scenario, in five ways that must agree: library, command, HTTP, client and search."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.support.paths import AUTHZEN, STUDENT
from tests.support.scenario_ways import (
    Case,
    body_of,
    by_client,
    by_command,
    by_http,
    by_library,
    cases,
    comparable_searches,
    configured,
    found_by_search,
    policy_of,
)
from tests.support.service import Service, start_service

BUNDLES = (STUDENT, AUTHZEN)


@pytest.fixture(scope="module", params=BUNDLES, ids=lambda bundle: bundle.name)
def bundle(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.param
    return folder


@pytest.fixture(scope="module")
def service(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Service:
    world = cases(bundle)[0].world
    log = tmp_path_factory.mktemp("log") / "decisions.jsonl"
    return start_service(policy_of(bundle), world.facts, world.at, log)


ALL = [(bundle, case) for bundle in BUNDLES for case in cases(bundle)]


@pytest.mark.parametrize(("bundle", "case"), ALL, ids=[f"{b.name}-{case}" for b, case in ALL], indirect=["bundle"])
def test_a_scenario_gets_one_answer_in_every_way(bundle: Path, case: Case, service: Service) -> None:
    policy = policy_of(bundle)
    answer = by_library(policy, case.world)
    assert case.meets_expectation(answer)
    assert by_command(bundle)[case.file.name, case.id] == answer
    service.hold(configured(policy, case.world), case.world.facts, case.world.at)

    async def over_http() -> None:
        body = body_of(policy, case.world)
        assert await by_http(service, body) == answer
        assert await by_client(service, body) == answer
        found = await found_by_search(service, policy, case.world, body)
        assert found == dict.fromkeys(found, answer.permits)

    asyncio.run(over_http())


def test_almost_every_scenario_is_compared_in_every_search() -> None:
    counts = Counter(
        name
        for bundle, case in ALL
        for name in comparable_searches(policy_of(bundle), case.world, body_of(policy_of(bundle), case.world))
    )
    assert min(counts[name] for name in ("subject", "resource", "action")) > 0.9 * len(ALL), counts

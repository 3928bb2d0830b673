"""A batch repeats its defaults a thousand times; the work over a long default is done once."""

import asyncio
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from authz_api.decision_log import pseudonyms

from authz import Facts, Policy, load_bundle, load_facts
from tests.support.paths import STUDENT
from tests.support.server import EVALUATIONS
from tests.support.service import Service, start_service
from tests.support.service_cases import about

NOON = datetime(2025, 3, 10, 12, tzinfo=UTC)
LONG, ITEMS = "x" * 200_000, 200
PLACES = [
    "subject.id",
    "subject.type",
    "subject.properties.institute",
    "action.name",
    "action.properties.purpose",
    "resource.id",
    "resource.type",
    "resource.properties.school",
    "context.engagement",
]


@pytest.fixture(scope="module")
def student() -> tuple[Policy, Facts]:
    policy = load_bundle(STUDENT)
    return policy, load_facts(STUDENT / "facts.json", policy)


@pytest.fixture
def service(student: tuple[Policy, Facts], tmp_path: Path) -> Service:
    """A service of its own for each test, because each test has an event loop of its own."""
    return start_service(*student, NOON, tmp_path / "decisions.jsonl")


@pytest.mark.parametrize("place", PLACES)
def test_a_long_default_is_hashed_once_and_repeated_in_no_answer(
    service: Service, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = 0
    real = hashlib.blake2b

    def counting(data: bytes, **options: Any) -> Any:
        nonlocal hashed
        hashed += len(data)
        return real(data, **options)

    monkeypatch.setattr(pseudonyms.hashlib, "blake2b", counting)

    async def post() -> httpx.Response:
        async with service.http() as client:
            return await client.post(EVALUATIONS, json={**about(place, LONG), "evaluations": [{}] * ITEMS})

    response = asyncio.run(post())
    answers = response.json()["evaluations"]
    assert response.status_code == 200 and [each["decision"] for each in answers] == [False] * ITEMS
    assert hashed <= 2 * len(LONG)
    assert len(response.content) <= 1_000 * ITEMS

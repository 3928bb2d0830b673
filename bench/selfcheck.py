"""Check that what the benchmarks compare agrees, without timing it: `python -m bench.selfcheck`.

Each check raises `AssertionError` where two contenders decide otherwise, or where a workload is not what it claims.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from authz_api.authn.callers import Caller, Right, load_callers, new_key, save_callers
from authz_api.operations import EVALUATION, EVALUATIONS

from authz import load_bundle, load_facts
from authz.engine.loading import read_facts
from bench import decisions
from bench.http import ten
from bench.http.plain import Deciding, create_app
from bench.http.population import evaluation, population
from bench.peers.contenders import by_hand, oso, poort, poort_loaded, poort_whole
from bench.peers.workload import cases, oracle
from bench.serving import serving

AT = datetime(2026, 1, 1, tzinfo=UTC)
BUNDLE = Path("policies/student_data")
OF_EACH_CALL = ("evaluation_id", "evaluated_at", "next_token")
"""What differs between two responses to one request."""


def contenders_agree_with_the_oracle() -> None:
    """Every contender of ours, and oso where it is installed, decides the ten-condition workload as its oracle does."""
    makes = [by_hand, poort, poort_loaded, poort_whole]
    for make, count in [*((make, 400) for make in makes), *([(oso, 60)] if find_spec("oso") else [])]:
        contender = make()
        for case in cases(1, count):
            assert contender.decide(contender.prepare(case)) is oracle(case), contender.name


def half_of_the_cases_are_permitted() -> None:
    """The ten-condition workload is half permits."""
    assert sum(map(oracle, cases(3, 2_000))) == 1_000


def every_other_request_of_the_town_is_permitted() -> None:
    """Poort permits the requests that the town was made to permit, and refuses its near misses."""
    policy, town = load_bundle(BUNDLE), population(students=200)
    facts = read_facts(town.facts, policy)
    requests = [policy.bundle.requests.live[""](evaluation(each)) for each in town.requests]
    permits = [bool(policy.decide(request, facts, AT)) for request in requests]
    assert permits == [number % 2 == 0 for number in range(200)]


def many_cases_in_one_document_are_decided_as_each_alone() -> None:
    """The ids that keep the cases of one facts document apart do so."""
    policy, drawn = load_bundle(ten.BUNDLE), cases(5, 300)
    facts = read_facts(ten.facts(drawn), policy)
    for number, case in enumerate(drawn):
        request = policy.bundle.requests.live[""](ten.body(number, case))
        assert bool(policy.decide(request, facts, AT)) is oracle(case), number


def the_student_bundle_decides_alike() -> None:
    """The compiled form, the hand-written function and oso agree on generated worlds and crowded shapes."""
    policy = load_bundle(BUNDLE)
    decisions.agree(policy, decisions.find_reference(policy), 1_000)
    assert len(list(decisions.worked_cases(policy))) > 100


def the_plain_route_answers_what_the_service_answers() -> None:
    """The plain FastAPI route gives the responses that the service gives, and rejects an unknown caller."""
    town = population(students=60)
    bodies = [evaluation(each) for each in town.requests]
    text, key = new_key()
    headers = {"authorization": f"Bearer {text}"}
    with TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        facts, callers = folder / "facts.json", folder / "callers.json"
        facts.write_text(json.dumps(town.facts))
        save_callers(callers, [Caller(name="bench", rights=frozenset({Right.EVALUATE}), key=key)])
        policy = load_bundle(BUNDLE)
        log = os.open(folder / "plain.jsonl", os.O_WRONLY | os.O_CREAT)
        plain_app = create_app(Deciding(policy, load_facts(facts, policy), log, b"k" * 32), load_callers(callers))
        plain = asyncio.run(_plain_responses(plain_app, bodies, headers))
        with (
            serving(folder, BUNDLE, facts, "--callers", str(callers)) as port,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as client,
        ):
            ours = [_lasting(client.post(EVALUATION, json=body).json()) for body in bodies]
            ours.append(_lasting(client.post(EVALUATIONS, json={"evaluations": bodies}).json()))
    assert plain == ours
    assert {response["decision"] for response in ours[:-1]} == {True, False}


async def _plain_responses(app: Any, bodies: list[Any], headers: Mapping[str, str]) -> list[Any]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        unknown = await client.post(EVALUATION, json=bodies[0], headers={"authorization": "x"})
        assert unknown.status_code == httpx.codes.UNAUTHORIZED
        responses = [_lasting((await client.post(EVALUATION, json=body)).json()) for body in bodies]
        return [*responses, _lasting((await client.post(EVALUATIONS, json={"evaluations": bodies})).json())]


def _lasting(response: Any) -> Any:
    """A response without what differs from call to call."""
    if isinstance(response, dict):
        return {name: _lasting(value) for name, value in response.items() if name not in OF_EACH_CALL}
    return [_lasting(each) for each in response] if isinstance(response, list) else response


CHECKS: tuple[Callable[[], None], ...] = (
    contenders_agree_with_the_oracle,
    half_of_the_cases_are_permitted,
    every_other_request_of_the_town_is_permitted,
    many_cases_in_one_document_are_decided_as_each_alone,
    the_student_bundle_decides_alike,
    the_plain_route_answers_what_the_service_answers,
)


def main() -> None:
    """Run every check, and exit with the first that fails."""
    for check in CHECKS:
        try:
            check()
        except AssertionError as error:
            sys.exit(f"FAILED {check.__name__.replace('_', ' ')}: {error}")
        print(f"ok {check.__name__.replace('_', ' ')}", flush=True)


if __name__ == "__main__":
    main()

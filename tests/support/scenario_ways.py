"""Each scenario decided in five ways: by the library, the command, HTTP, the client and search."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from authz import EvaluationRequest, Policy, load_bundle
from authz.client import Action, ActionSearch, AsyncClient, Evaluation, Resource, ResourceSearch, Subject, SubjectSearch
from authz.verify.scenario_files import read_scenario_file, scenario_files
from authz.verify.scenario_schema import Expectation
from authz.verify.worlds import World, as_scenario, decide, world_of
from tests.support.cli import authz
from tests.support.service import Service


class Answer(NamedTuple):
    """A decision and all its reasons."""

    permits: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A scenario of a bundle: its file and id, its world, and what it expects."""

    file: Path
    id: str
    world: World
    expect: Expectation

    def __str__(self) -> str:
        return f"{self.file.stem}-{self.id}"

    def meets_expectation(self, answer: Answer) -> bool:
        """Whether an answer is what the scenario expects."""
        expect = self.expect
        return (
            answer.permits == (expect.decision == "allow")
            and (expect.reason is None or answer.reasons[:1] == (expect.reason,))
            and (expect.reasons is None or answer.reasons == expect.reasons)
        )


@cache
def policy_of(bundle: Path) -> Policy:
    """The policy of a bundle, loaded once."""
    return load_bundle(bundle)


@cache
def cases(bundle: Path) -> tuple[Case, ...]:
    """Every scenario of a bundle."""
    return tuple(_cases(bundle))


def _cases(bundle: Path) -> Iterator[Case]:
    policy = policy_of(bundle)
    for path in scenario_files([bundle / "scenarios"]):
        document = read_scenario_file(path)
        assert not document.faults
        for index in range(len(document.scenarios)):
            scenario = document.scenario(index)
            yield Case(path, scenario.id, world_of(policy, document, index, scenario), scenario.expect)


def by_library(policy: Policy, world: World) -> Answer:
    """The answer of `policy.decide`."""
    decision = decide(policy, world)
    assert decision.error == ""
    return Answer(bool(decision), decision.reasons)


@cache
def by_command(bundle: Path) -> Mapping[tuple[str, str], Answer]:
    """The answers of one `authz test --json`, by file and id."""
    result = authz("test", bundle / "scenarios", "--policy", bundle, "--json")
    assert result.code == 0, result.out + result.err
    return {
        (Path(each["file"]).name, each["id"]): Answer(each["decision"] == "allow", tuple(each["reasons"]))
        for each in json.loads(result.out)["scenarios"]
    }


def body_of(policy: Policy, world: World) -> dict[str, Any]:
    """A world's request as an AuthZEN body: without its instant, for the service decides at its own."""
    body: dict[str, Any] = dict(as_scenario(policy, world)["request"])
    del body["at"]
    return body


async def by_http(service: Service, body: dict[str, Any]) -> Answer:
    """The answer of `POST /access/v1/evaluation`, to a caller who may see all reasons."""
    async with service.http() as http:
        response = await http.post("/access/v1/evaluation", json=body)
    assert response.status_code == 200, response.text
    return _answer(response.json()["decision"], response.json().get("context", {}))


async def by_client(service: Service, body: dict[str, Any]) -> Answer:
    """The answer that the AuthZEN client gives."""
    response = await service.client().evaluate(_evaluation(body))
    assert not response.message
    return _answer(response.decision, response.context)


def _answer(permits: bool, context: Mapping[str, Any]) -> Answer:
    return Answer(permits, tuple(context.get("reason_admin", {}).get("codes", ())))


def _evaluation(body: Mapping[str, Any]) -> Evaluation:
    return Evaluation(
        Subject(**body["subject"]), Action(**body["action"]), Resource(**body["resource"]), body.get("context", {})
    )


async def found_by_search(service: Service, policy: Policy, world: World, body: dict[str, Any]) -> dict[str, bool]:
    """Whether each search that leaves nothing else open finds the entity of the request."""
    client, asked = service.client(), _evaluation(body)
    subject, resource = asked.subject, asked.resource
    comparable, found = comparable_searches(policy, world, body), {}
    if "subject" in comparable:
        search = SubjectSearch(subject.type, asked.action, resource, subject.properties, asked.context)
        found["subject"] = subject.id in await _ids(client, search)
    if "resource" in comparable:
        about = ResourceSearch(subject, asked.action, resource.type, resource.properties, asked.context)
        found["resource"] = resource.id in await _ids(client, about)
    if "action" in comparable:
        found["action"] = asked.action.name in {
            action.name async for action in client.search(ActionSearch(subject, resource, asked.context))
        }
    return found


def comparable_searches(policy: Policy, world: World, body: Mapping[str, Any]) -> set[str]:
    """The searches whose result for the request's own entity must be the decision.

    A search fills in a property of its entity that the request leaves out, so that its results are of other requests.
    An action search has no action that could carry properties, so that each has its default.
    """
    searches = {name for name in ("subject", "resource") if not _leaves_open(policy, world.request, name)}
    defaults = {kind.source[-1]: kind.default for kind in policy.bundle.vocabulary.properties.values()}
    carried = body["action"].get("properties", {})
    return {*searches, "action"} if all(defaults.get(name) == carried[name] for name in carried) else searches


async def _ids(client: AsyncClient, search: Any) -> set[str]:
    return {entity.id async for entity in client.search(search)}


def _leaves_open(policy: Policy, request: EvaluationRequest, searched: str) -> bool:
    """Whether a search tries ids for a property that the request leaves out."""
    return any(
        kind.searched and kind.source[0] == searched and request.properties[name] is None
        for name, kind in policy.bundle.vocabulary.properties.items()
    )


def configured(policy: Policy, world: World) -> Policy:
    """The policy with a world's parameters; as it is where the world sets none."""
    return policy.with_parameters(world.parameters) if world.parameters else policy

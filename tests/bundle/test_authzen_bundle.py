"""The certification fixture's bundle, on every case of the certification scenario that a policy answers."""

import json
from typing import Any

import pytest

from authz import Facts, Policy, load_bundle, load_facts
from authz.verify.scenarios import run
from tests.support.paths import AUTHZEN

SCENARIOS = AUTHZEN / "scenarios" / "certification.json"
AT = "2025-06-27T18:03:00Z"


@pytest.fixture(scope="module")
def authzen() -> Policy:
    return load_bundle(AUTHZEN)


@pytest.fixture(scope="module")
def facts(authzen: Policy) -> Facts:
    return load_facts(AUTHZEN / "facts.json", authzen)


def asked(user: str, action: str, record: str, role: str = "", status: str = "", soft: bool | None = None) -> Any:
    return {
        "subject": {"type": "user", "id": user, "properties": {"role": role} if role else {}},
        "action": {"name": action, "properties": {} if soft is None else {"soft": soft}},
        "resource": {"type": "record", "id": record, "properties": {"status": status} if status else {}},
        "at": AT,
    }


def by_the_rules(user: str, action: str, record: str, role: str, status: str, soft: bool | None) -> bool:
    """The eight rules of the fixture as they are written down: deny by default, and refusal wins."""
    alice, bob, first = user == "alice", user == "bob", record == "record-1"
    stored_role, stored_status = ("admin" if bob else ""), {"record-1": "active", "record-2": "archived"}.get(record)
    admin, archived = (role or stored_role) == "admin", (status or stored_status) == "archived"
    said = {
        (1, True): alice and action == "read" and first,
        (2, True): alice and action == "write" and first,
        (3, True): bob and action == "read" and first,
        (4, False): bob and action == "write" and first,
        (5, False): alice and action == "write" and archived,
        (6, True): admin and action == "write" and archived,
        (7, True): alice and action == "delete" and soft is True and first,
        (8, False): alice and action == "delete" and soft is False and first,
    }
    known = (alice or bob) and stored_status is not None
    spoken = [verdict for (_, verdict), holds in said.items() if holds]
    return known and bool(spoken) and all(spoken)


def test_every_certification_scenario_passes(authzen: Policy) -> None:
    results = list(run(authzen, [SCENARIOS]))
    assert [(result.id, result.problems) for result in results if not result.passed] == []
    assert len(results) == 30


def test_the_bundle_says_what_the_eight_rules_say(authzen: Policy, facts: Facts) -> None:
    cases = [
        (user, action, record, role, status, soft)
        for user in ("alice", "bob", "carol")
        for action in ("read", "write", "delete", "share")
        for record in ("record-1", "record-2", "record-3")
        for role in ("", "admin", "clerk")
        for status in ("", "active", "archived")
        for soft in (None, True, False)
    ]
    differ = [case for case in cases if bool(authzen.decide(asked(*case), facts)) != by_the_rules(*case)]
    assert differ == []


def test_a_permit_has_no_reason_and_a_refusal_has_one(authzen: Policy, facts: Facts) -> None:
    for case in (("alice", "read", "record-1"), ("alice", "read", "record-2"), ("x", "y", "z")):
        decision = authzen.decide(asked(*case), facts)
        assert bool(decision) == (decision.reasons == ())
        assert decision.error == ""


@pytest.mark.parametrize(
    ("side", "other"), [("subject", "record"), ("resource", "user"), ("subject", "User"), ("resource", "")]
)
def test_an_entity_of_another_type_is_refused_for_that(authzen: Policy, facts: Facts, side: str, other: str) -> None:
    request = asked("alice", "read", "record-1")
    request[side]["type"] = other
    assert authzen.decide(request, facts).reasons == ("NOT_A_USER_AND_A_RECORD",)


@pytest.mark.parametrize("soft", ["true", 1, 0, None, [], {}], ids=repr)
def test_soft_is_a_boolean_or_malformed(authzen: Policy, soft: object) -> None:
    request = asked("alice", "delete", "record-1")
    request["action"]["properties"]["soft"] = soft
    if soft is None:
        assert authzen.bundle.requests.read(request).properties["soft"] is None
        return
    with pytest.raises(ValueError, match=r"^request: action\.properties\.soft: is not true or false$"):
        authzen.bundle.requests.read(request)


def test_the_facts_of_the_bundle_are_those_of_its_scenarios() -> None:
    assert json.loads((AUTHZEN / "facts.json").read_text()) == json.loads(SCENARIOS.read_text())["facts"]

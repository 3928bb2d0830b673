"""All scenarios, through library and command, with both evaluators."""

import json
from pathlib import Path
from typing import Any

import pytest

from authz import Policy, load_bundle
from authz.verify import oso as reference
from authz.verify.scenarios import run
from tests.support.cli import authz
from tests.support.paths import AUTHZEN, STUDENT

BUNDLES = [STUDENT, AUTHZEN]
EVALUATORS = ["compiled", *(["oso"] if reference.available() else [])]


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.name)
@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_every_scenario_gets_what_it_expects_through_the_library(bundle: Path, evaluator: str) -> None:
    policy = load_bundle(bundle)
    if evaluator == "oso":
        policy = policy.with_evaluator(reference.Reference)
    results = list(run(policy, [bundle / "scenarios"]))
    assert results
    assert [result for result in results if not result.passed] == []


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.name)
@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_every_scenario_gets_what_it_expects_through_the_command(bundle: Path, evaluator: str) -> None:
    said = authz("test", bundle / "scenarios", "--policy", bundle, "--evaluator", evaluator)
    assert (said.code, said.out.splitlines()[-1].partition(" passed, ")[2]) == (0, "0 failed")


def test_each_reason_code_is_the_first_of_a_scenario(policy: Policy) -> None:
    results = list(run(policy, [STUDENT / "scenarios"]))
    firsts = {result.decision.reason for result in results if result.decision is not None}
    assert len(results) == 129 and firsts == {"", *policy.bundle.reasons}


def scenario(**changes: Any) -> dict[str, Any]:
    """A whole scenario that passes, with some of its keys changed; None leaves a key out."""
    facts = json.loads((STUDENT / "facts.json").read_text())
    request = json.loads((STUDENT / "examples" / "everything-in-place.json").read_text())
    whole: dict[str, Any] = {
        "id": "one",
        "facts": facts,
        "request": request,
        "expect": {"decision": "allow"},
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def problems(policy: Policy, path: Path, text: str) -> list[list[str]]:
    """The problems of each result of a file with this text."""
    path.write_text(text)
    return [[problem.replace(str(path), "file") for problem in result.problems] for result in run(policy, [path])]


FAULTY: dict[str, tuple[dict[str, Any], list[str]]] = {
    "an unknown key": ({"sauce": "FAQ"}, ["file: scenarios[0].sauce: is not known here"]),
    "no id": ({"id": None}, ["file: scenarios[0].id: is missing"]),
    "no request": ({"request": None}, ["file: scenarios[0].request: is missing"]),
    "no expectation": ({"expect": None}, ["file: scenarios[0].expect: is missing"]),
    "an unknown decision": (
        {"expect": {"decision": "maybe"}},
        ["file: scenarios[0].expect.decision: `maybe` is not one of `allow`, `deny`"],
    ),
    "an unknown code": (
        {"expect": {"decision": "deny", "reason": "NO_CONSENTS"}},
        [
            "file: scenarios[0].expect.reason: `NO_CONSENTS` is not in the catalogue of reasons\n"
            "help: did you mean `NO_CONSENT`?"
        ],
    ),
    "another type": ({"title": 7}, ["file: scenarios[0].title: is not a string"]),
    "an unknown fact": (
        {"facts": {"consent": []}},
        ["file: scenarios[0].facts.consent: is not known here\nhelp: did you mean `consents`?"],
    ),
    "an unknown parameter": (
        {"parameters": {"consent_ages": 15}},
        ["file: scenarios[0].parameters.consent_ages: is not known here\nhelp: did you mean `consent_age`?"],
    ),
    "another decision": ({"expect": {"decision": "deny"}}, ["expected deny, got allow"]),
    "other reasons": (
        {"expect": {"decision": "allow", "reasons": ["NO_CONSENT", "NO_AGREEMENT"]}},
        ["expected the reasons NO_CONSENT, NO_AGREEMENT, got none"],
    ),
    "another reason": (
        {"expect": {"decision": "allow", "reason": "NO_CONSENT"}},
        ["expected NO_CONSENT first, got no reason"],
    ),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_faulty_scenario_says_what_is_wrong(policy: Policy, tmp_path: Path, fault: str) -> None:
    changes, expected = FAULTY[fault]
    assert problems(policy, tmp_path / "s.json", json.dumps({"scenarios": [scenario(**changes)]})) == [expected]


def test_a_request_without_an_instant_is_a_fault(policy: Policy, tmp_path: Path) -> None:
    request = {k: v for k, v in scenario()["request"].items() if k != "at"}
    text = json.dumps({"scenarios": [scenario(request=request)]})
    assert problems(policy, tmp_path / "s.json", text) == [["file: scenarios[0].request.at: is missing"]]


def test_a_faulty_scenario_does_not_hide_the_others(policy: Policy, tmp_path: Path) -> None:
    text = json.dumps(
        {
            "scenarios": [
                scenario(sauce=1),
                scenario(id="two"),
                "three",
                scenario(id="four", expect={"decision": "deny"}),
            ]
        }
    )
    found = problems(policy, tmp_path / "s.json", text)
    assert [len(one) for one in found] == [1, 0, 1, 1]


def test_a_key_that_stands_twice_fails_its_scenario_alone(policy: Policy, tmp_path: Path) -> None:
    twice = json.dumps(scenario()).replace('"id": "one"', '"id": "one", "title": "a", "title": "b"', 1)
    text = f'{{"scenarios": [{twice}, {json.dumps(scenario(id="two"))}]}}'
    assert problems(policy, tmp_path / "s.json", text) == [["file: scenarios[0].title: this key stands here twice"], []]


def test_an_id_that_stands_twice_fails_the_second(policy: Policy, tmp_path: Path) -> None:
    text = json.dumps({"scenarios": [scenario(), scenario()]})
    assert problems(policy, tmp_path / "s.json", text) == [[], ["file: scenarios[1].id: `one` stands here twice"]]


def test_a_scenarios_own_facts_replace_whole_keys_of_the_file(policy: Policy, tmp_path: Path) -> None:
    whole = scenario()
    text = json.dumps(
        {
            "facts": whole["facts"],
            "scenarios": [
                scenario(facts={"links": []}, expect={"decision": "deny", "reasons": ["SCHOOL_LINK_CLOSED"]})
            ],
        }
    )
    assert problems(policy, tmp_path / "s.json", text) == [[]]


def test_yaml_says_the_same(policy: Policy, tmp_path: Path) -> None:
    text = json.dumps({"scenarios": [scenario(sauce=1), scenario(id="two")]})  # JSON is YAML
    assert problems(policy, tmp_path / "s.yaml", text) == [["file: scenarios[0].sauce: is not known here"], []]
    twice = "scenarios:\n  - id: one\n    id: two\n"
    assert problems(policy, tmp_path / "t.yaml", twice) == [["file: scenarios[0].id: this key stands here twice"]]


@pytest.mark.parametrize(
    "text", ["{}", '{"scenarios": []}', "[]", "", '{"scenarios": {}}', '{"scenarios": [}'], ids=repr
)
def test_a_file_without_a_scenario_fails(policy: Policy, tmp_path: Path, text: str) -> None:
    assert [len(one) for one in problems(policy, tmp_path / "s.json", text)] == [1]


def test_a_bundle_stands_for_its_scenarios(policy: Policy) -> None:
    by_bundle, by_folder = (list(run(policy, [path])) for path in (STUDENT, STUDENT / "scenarios"))
    assert by_bundle == by_folder and len(by_bundle) > 100


def test_a_folder_without_a_scenario_file_fails(policy: Policy, tmp_path: Path) -> None:
    assert [result.problems for result in run(policy, [tmp_path])] == [("no scenario file in this folder",)]

"""What the owner of a bundle needs, for each bundle in this folder: run by `make test-policies`.

The scenario files are collected beside these tests, by the pytest plugin.
"""

import random
from pathlib import Path

import pytest

from authz import Policy, load_bundle
from authz.language.ast import Rule
from authz.verify import oso
from authz.verify.check import check
from authz.verify.fuzz import fuzz
from authz.verify.generate import WorldGenerator
from authz.verify.scenarios import run
from authz.verify.seeds import seeds
from tests.support.deleted_rules import SEED, WORLDS, Answer, answers, deletable_rules, is_noticed, rule_id, rules_alone
from tests.support.effort import effort

BUNDLES = {path.parent.name: load_bundle(path.parent) for path in sorted(Path(__file__).parent.glob("*/bundle.toml"))}
FUZZ_SECONDS = 10
RULES = [(name, rule) for name, policy in BUNDLES.items() for rule in deletable_rules(policy)]


@pytest.fixture(params=BUNDLES, scope="module")
def policy(request: pytest.FixtureRequest) -> Policy:
    return BUNDLES[request.param]


@pytest.fixture(scope="module")
def known() -> dict[str, tuple[WorldGenerator, list[Answer]]]:
    """A generator of each bundle, and the answers of the whole bundle on its worlds."""
    generators = {name: WorldGenerator(policy, seeds(policy)[0]) for name, policy in BUNDLES.items()}
    return {
        name: (generator, list(answers(generator, random.Random(SEED).randrange, effort(WORLDS))))
        for name, generator in generators.items()
    }


def test_the_bundle_is_admitted_without_a_warning(policy: Policy) -> None:
    warnings = check(Path(policy.bundle.path)).warnings
    assert [warning for warning in warnings if oso.available() or "oso" not in warning] == []


@pytest.mark.skipif(not oso.available(), reason="oso has no release for this Python")
def test_oso_decides_every_scenario_as_it_expects(policy: Policy) -> None:
    results = list(run(policy.with_evaluator(oso.Reference), [Path(policy.bundle.path) / "scenarios"]))
    assert [result for result in results if not result.passed] == []


def test_each_reason_code_is_the_first_of_a_scenario(policy: Policy) -> None:
    results = run(policy, [Path(policy.bundle.path) / "scenarios"])
    firsts = {result.decision.reason for result in results if result.decision is not None}
    assert firsts == {"", *policy.bundle.reasons}


def test_fuzzing_finds_no_counterexample(policy: Policy, tmp_path: Path) -> None:
    report = fuzz(policy, effort(FUZZ_SECONDS), 2026, tmp_path)
    assert report.counterexample is None, "\n".join(report.lines())


@pytest.mark.parametrize(("name", "rule"), RULES, ids=[f"{name}-{rule_id(rule)}" for name, rule in RULES])
def test_deleting_a_rule_is_noticed(
    name: str, rule: Rule, known: dict[str, tuple[WorldGenerator, list[Answer]]]
) -> None:
    assert is_noticed(BUNDLES[name], rule, known[name][1])


@pytest.mark.parametrize("name", BUNDLES)
def test_each_clause_of_a_law_speaks_of_rows_that_no_other_does(
    name: str, known: dict[str, tuple[WorldGenerator, list[Answer]]]
) -> None:
    alone, wanted = rules_alone(known[name][0], random.Random(SEED).randrange, effort(20_000))
    assert alone == wanted

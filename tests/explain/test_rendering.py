"""What an explanation shows: the tree of a permit, compared values, comments, reason rules, nothing twice."""

import json
from pathlib import Path

import pytest

from authz import Policy, read_facts
from authz.cli.render import as_data, as_text
from authz.explain.tree import deciding_leaves
from tests.support.small_bundles import FACTS, REQUEST, small_bundle

RULES = """
# A reader needs an open document.
# It closes at an instant.
permitted(request: Request) if
    open(request, request.at) and grant in request.grants and known(grant) and not closed(request);

open(request: Request, at: Instant) if request.document != nil and at < request.document.until;

closed(request: Request) if not open(request, request.at);

known(grant: Grant) if grant.level in ["low", "middle"];
known(grant: Grant) if grant.level = "high" and grant.size > 2;
"""
RECORDS = """
[records.Grant]
facts = "grants"
fields = { document = "id of Document", level = "Level", size = "Integer" }
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return small_bundle(
        tmp_path_factory.mktemp("rendering"),
        RULES,
        RECORDS,
        'grants = { of = "Grant", by = ["document"] }',
        document_fields=', until = "Instant"',
        enumerations='Level = ["low", "middle", "high"]',
        zone="Europe/Amsterdam",
    )


def lines_of(policy: Policy, until: str, level: str = "low", at: str = "2025-03-10T12:00:00Z") -> list[str]:
    grant = {"document": "d", "level": level, "size": 1}
    facts = {**FACTS, "documents": [{"id": "d", "until": until}], "grants": [grant]}
    decision = policy.decide({**REQUEST, "at": at}, read_facts(facts, policy))
    return [line.strip("* ") for line in as_text(decision, policy.bundle, explain=True)]


def test_a_permit_shows_each_condition_and_the_comment_above_its_rule(small: Policy) -> None:
    lines = lines_of(small, "2026-01-01")
    shown = [" ".join(line.split()).partition(" access.polar")[0] for line in lines]
    for text in (
        "yes permitted(request)",
        "# A reader needs an open document. It closes at an instant.",
        "yes open(request, request.at)",
        "yes request.document != nil",
        "yes at < request.document.until",
        "yes not closed(request)",
        "no closed(request)",
        'yes grant.level in ["low", "middle"]',
        "by level low, size 1",
    ):
        assert text in shown


def test_a_comparison_that_fails_shows_both_values_in_the_zone_of_the_bundle(small: Policy) -> None:
    assert "at 2025-03-10 13:00:00+01:00 < until 2025-01-01" in lines_of(small, "2025-01-01")
    assert "at 2025-06-10 < until 2025-03-10 13:00:00+01:00" in lines_of(
        small, "2025-03-10T12:00:00Z", at="2025-06-09T22:00:00Z"
    )
    lines = lines_of(small, "2026-01-01", level="high")
    assert 'level high in ["low", "middle"]' in lines
    assert "size 1 > 2" in lines


def test_conditions_that_stand_twice_are_shown_once(small: Policy) -> None:
    lines = lines_of(small, "2026-01-01")
    assert [line.split("  access")[0].split()[-2:] for line in lines if line.endswith("(as above)")] == [
        ["open(request,", "request.at)"]
    ]
    assert sum("at < request.document.until" in line for line in lines) == 1


def test_only_reason_rules_that_hold_are_shown(small: Policy) -> None:
    lines = lines_of(small, "2025-01-01")
    assert [line for line in lines if line.endswith(("access.polar:6", "access.polar:7"))] == [
        f"{small.bundle.path}/access.polar:7"
    ]


def test_rules_that_ask_the_next_one_twice_are_explained_without_repeating_any(tmp_path: Path) -> None:
    """Without shared conditions a tree of 40 layers would have a million million leaves."""
    layers = 40
    rules = [f"layer{n}(request: Request) if first{n}(request) and second{n}(request);" for n in range(layers)]
    for name in ("first", "second"):
        rules += [f"{name}{n}(request: Request) if layer{n + 1}(request);" for n in range(layers)]
    last = f'layer{layers}(request: Request) if grant in request.grants and grant.level = "high";'
    policy = small_bundle(
        tmp_path,
        "\n".join(["permitted(request: Request) if layer0(request);", *rules, last]),
        RECORDS,
        'grants = { of = "Grant", by = ["document"] }',
        enumerations='Level = ["low", "middle", "high"]',
    )
    grant = {"document": "d", "level": "low", "size": 1}
    decision = policy.decide(REQUEST, read_facts({**FACTS, "grants": [grant]}, policy))
    assert not decision and not decision.error
    explanation = decision.explain()
    assert len(list(deciding_leaves(explanation.conditions))) == 1
    assert len(json.dumps(as_data(decision, policy.bundle, explain=True))) < 100_000
    assert len(list(as_text(decision, policy.bundle, explain=True))) < 1_000

"""The engine knows no domain: no word of the student bundle, and another one is fuzzed, explained and expires."""

import re
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from authz import Policy, load_bundle
from authz.engine.loading import read_facts
from authz.explain.counterfactual import SearchOutcome
from authz.facts.changes import apply_changes
from authz.verify.fuzz import fuzz
from authz.verify.generate import WorldGenerator
from authz.verify.seeds import seeds
from authz.verify.values import MICROSECOND
from tests.support.decide import public_reason_of
from tests.support.doors import ANN, ASKED, CHANGES, FACTS, GRANT, REASONS, RULES, VOCABULARY, doors_policy
from tests.support.paths import ROOT

WORDS = re.compile(
    r"consent|school|supplier|student|pupil|guardian|institute|enrol|accredit|agreement|magister|homework|grades",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def changeable(doors_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """The same bundle, which says who may write what, and in which a door is watched some hours ahead."""
    copied = tmp_path_factory.mktemp("changeable") / "doors"
    shutil.copytree(doors_folder, copied)
    vocabulary = copied / "vocabulary.toml"
    watched = '\nwatched_until = { hours_after = "at", hours = "parameters.grace_hours" }\n'
    vocabulary.write_text(vocabulary.read_text() + watched + CHANGES)
    rules = next(copied.glob("*.polar"))
    text = rules.read_text()
    ahead = """
covers_ahead(grant: Grant, request: Request) if
    request.watched_until != nil and
    request.watched_until <= grant.until;
"""
    assert "    covers(grant, request);" in text
    rules.write_text(
        text.replace("    covers(grant, request);", "    covers(grant, request) and covers_ahead(grant, request);", 1)
        + ahead
    )
    return load_bundle(copied)


@pytest.mark.parametrize("name", ["doors", "changeable"])
def test_it_is_fuzzed_like_any_other(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    policy: Policy = request.getfixturevalue(name)
    report = fuzz(policy, 600, 1, tmp_path, most=1_500)
    assert report.counterexample is None, list(report.lines())
    assert report.counts.permits > 150
    assert [code for code in policy.bundle.reasons if not report.counts.codes[code]] == []


def test_it_explains_itself(changeable: Policy) -> None:
    worlds, stream, sizes = WorldGenerator(changeable, seeds(changeable)[0]), Random(1), Counter[int | None]()
    for _ in range(300):
        world = worlds.draw(stream.randrange)
        policy = worlds.policy_of(world)
        decision = policy.decide(world.request, world.facts)
        smallest = decision.explain().smallest
        assert (smallest is None) == bool(decision)
        if smallest is not None:
            assert smallest.outcome is not SearchOutcome.CUT_OFF
            sizes[None if smallest.changes is None else len(smallest.changes)] += 1
        if smallest is not None and smallest.changes:
            assert policy.decide(world.request, apply_changes(smallest.changes, world.facts))
    assert sizes[1] > 10 and sizes[None] > 10


def test_its_permits_end_when_its_own_clock_says(changeable: Policy) -> None:
    """A field derived from the instant asked at moves with it."""
    worlds, stream, ended = WorldGenerator(changeable, seeds(changeable)[0]), Random(2), 0
    for _ in range(600):
        world = worlds.draw(stream.randrange)
        policy = worlds.policy_of(world)
        decision = policy.decide(world.request, world.facts)
        if decision and (ends := decision.expires_at) is not None:
            ended += 1
            assert not policy.decide(world.request, world.facts, ends)
            assert policy.decide(world.request, world.facts, ends - MICROSECOND)
    assert ended > 20


GENERAL = ("analysis", "bundle", "codegen", "documents", "engine", "explain", "facts", "interpreter", "language")
"""The rooms that every bundle shares."""


@pytest.mark.parametrize("package", GENERAL)
def test_the_engine_has_no_word_of_the_first_bundle(package: str) -> None:
    found = []
    for path in sorted((ROOT / "authz" / package).rglob("*")):
        if path.suffix in (".py", ".lark"):
            for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
                if WORDS.search(line):
                    found.append(f"{path.name}:{number}: {line.strip()}")
    assert found == []


@pytest.mark.parametrize("hours", [-48, -6])
def test_a_permit_ends_where_a_field_that_moves_with_the_clock_meets_an_instant(tmp_path: Path, hours: int) -> None:
    vocabulary = VOCABULARY + '\nwatched_until = { hours_after = "at", hours = "parameters.grace_hours" }\n'
    rules = RULES.replace("    covers(grant, request);", "    covers(grant, request) and recent(grant, request);", 1)
    rules += "\nrecent(grant: Grant, request: Request) if\n    request.watched_until != nil and\n"
    rules += "    request.watched_until <= grant.from;\n"
    policy = doors_policy(tmp_path, rules, vocabulary).with_parameters({"grace_hours": hours})
    at = datetime(2025, 3, 10, 12, tzinfo=UTC)
    begins = at + timedelta(hours=hours + 5)
    facts = read_facts({**FACTS, "grants": [{**GRANT, "from": begins.isoformat()}]}, policy)
    decision = policy.decide(ASKED, facts, at=at)
    permitted = [bool(policy.decide(ASKED, facts, at=at + timedelta(hours=later))) for later in range(8)]
    # It holds for five hours, and at the fifth for the last time.
    assert permitted == [True] * 6 + [False] * 2
    assert decision.expires_at == at + timedelta(hours=5, microseconds=1)


def test_the_public_reason_rests_on_no_row_that_names_a_data_subject(tmp_path: Path) -> None:
    # Grants are found by who holds them, and name the door, which is taken for a person here.
    vocabulary = VOCABULARY.replace('facts = "doors"\nkey = "code"\n', 'facts = "doors"\nkey = "code"\nperson = true\n')
    vocabulary = vocabulary.replace('by = ["holder", "door"]', 'by = ["holder"]', 1)
    rules = RULES.replace(
        "    covers(grant, request);", "    grant.door = request.door_id and covers(grant, request);", 1
    )
    public = REASONS.replace(
        'code = "NOT_GRANTED"\nlayer = "door"\naudience = "admin"',
        'code = "NOT_GRANTED"\nlayer = "door"\naudience = "user"',
    )
    policy = doors_policy(tmp_path, rules, vocabulary, public)
    facts = read_facts({**FACTS, "holders": [{**ANN, "born": "2010-01-01"}]}, policy)
    codes = set()
    for door in ("d1", "unknown"):
        decision = policy.decide({**ASKED, "door": door}, facts)
        assert not decision
        codes.add(public_reason_of(decision.inputs))
    assert len(codes) == 1


@pytest.mark.parametrize(
    ("zone", "begins"),
    [
        ("", "2025-07-31T22:00:00Z"),
        ("Europe/Amsterdam", "2025-07-31T22:00:00Z"),
        ("Asia/Tokyo", "2025-07-31T15:00:00Z"),
    ],
)
def test_a_bare_date_begins_at_midnight_in_the_zone_of_the_manifest(tmp_path: Path, zone: str, begins: str) -> None:
    policy = doors_policy(tmp_path)
    manifest = tmp_path / "bundle.toml"
    declared = f'bare_date_zone = "{zone}"\n' if zone else ""
    manifest.write_text(f"{declared}{manifest.read_text()}")
    policy = load_bundle(tmp_path)
    grants = [{**GRANT, "from": day, "until": None} for day in ("2025-08-01", begins)]
    dated, exact = (read_facts({**FACTS, "grants": [grant]}, policy).lists["grants"][0] for grant in grants)
    assert dated == exact

"""A bundle of another domain, written while the test runs: the engine knows of no student."""

import gc
import json
import linecache
import re
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from authz import DiagnosticError, Policy, load_bundle
from authz.engine.loading import read_facts
from authz.engine.public_reason import public_reason
from authz.facts.changes import apply_changes
from authz.verify.check import check
from authz.verify.fuzz import fuzz
from authz.verify.generate import WorldGenerator
from authz.verify.scenarios import run
from authz.verify.seeds import seeds
from authz.verify.values import MICROSECOND
from tests.support.paths import ROOT

MANIFEST = """
name = "doors"
version = "0.1.0"
actions = ["open_{Class}", "inspect"]

[request.subject]
type = "holder"
record = "Holder"

[request.resource]
type = "door"
record = "Door"

[request.fields]
lambda = { from = "context.lambda", type = "Integer", default = 1, about = "how many come along" }
alarm = { from = "context.alarm", type = "Boolean", default = false }
class = { from = "subject.properties.class", type = "Class?", stored = "holder.class" }

[parameters]
adult_age = { type = "Integer", default = 18, minimum = 0 }
grace_hours = { type = "Integer", default = 2 }
most = { type = "Integer", default = 3 }
"""

VOCABULARY = """
bare_date_zone = "UTC"

[enumerations]
Class = ["public", "staff", "secret"]

[records.Timed]
interval = ["from", "until"]

[records.Holder]
facts = "holders"
key = "badge"
fields = { badge = "String", class = "Class?", born = "Date?", blocked = "Boolean" }

[records.Door]
facts = "doors"
key = "code"
fields = { code = "String", class = "Class", adults = "Boolean", lambda = "Integer?" }

[records.Grant]
extends = "Timed"
facts = "grants"
fields = { holder = "id of Holder", door = "id of Door", class = { type = "[Class]", about = "at which level" } }

[records.Escort]
extends = "Grant"
facts = "escorts"
fields = { import = "String" }

[values]
in_drill = "Boolean"
closing = "Instant?"

[collections]
grants = { of = "Grant", by = ["holder", "door"] }
escorts = { of = "Escort", by = ["door"] }

[derived]
verb = { part = "before_underscore", of = "action" }
level = { part = "after_underscore", of = "action", type = "Class" }
of_age_at = { midnight_of_age = "holder.born", years = "parameters.adult_age", zone = "UTC" }
last_call = { hours_after = "closing", hours = "parameters.grace_hours" }
"""

REASONS = """
[substitute]
code = "CLOSED"
en = "closed"
nl = "dicht"
""" + "".join(
    f'\n[[reason]]\ncode = "{code}"\nlayer = "door"\naudience = "admin"\nen = "no"\nnl = "nee"\n'
    for code in ("NOT_ASKED_WELL", "NOBODY", "NO_DOOR", "TOO_LATE", "TOO_MANY", "TOO_YOUNG", "NOT_GRANTED")
)

RULES = """
allow(_holder: Holder, action: String, request: Request) if
    action = request.action and
    asked_well(request) and
    welcome(request) and
    request.door != nil and
    not late(request) and
    not crowded(request) and
    not young(request) and
    granted(request);

asked_well(request: Request) if
    request.subject_type = "holder" and
    request.resource_type = "door" and
    request.verb != nil and
    request.verb = "open" and
    request.level != nil;

welcome(request: Request) if request.holder != nil and request.holder.blocked = false;

late(request: Request) if
    request.last_call != nil and
    request.last_call <= request.at and
    request.in_drill = false;

crowded(request: Request) if request.parameters.most < request.lambda;

crowded(request: Request) if
    request.door != nil and
    request.door.lambda != nil and
    request.door.lambda < request.lambda;

young(request: Request) if
    request.door != nil and
    request.door.adults = true and
    not adult(request);

adult(request: Request) if request.of_age_at != nil and request.of_age_at <= request.at;

now(timed: Timed, at: Instant) if timed.from <= at and at < timed.until;

granted(request: Request) if
    grant in request.grants and
    covers(grant, request);

granted(request: Request) if
    escort in request.escorts and
    escort.import = request.holder_id and
    covers(escort, request);

granted(request: Request) if
    request.class != nil and
    request.class = "secret" and
    request.alarm = true;

covers(grant: Grant, request: Request) if
    now(grant, request.at) and
    request.level != nil and
    request.level in grant.class;

reason(request: Request, "NOT_ASKED_WELL") if not asked_well(request);
reason(request: Request, "NOBODY") if not welcome(request);
reason(request: Request, "NO_DOOR") if request.door = nil;
reason(request: Request, "TOO_LATE") if late(request);
reason(request: Request, "TOO_MANY") if crowded(request);
reason(request: Request, "TOO_YOUNG") if young(request);
reason(request: Request, "NOT_GRANTED") if not granted(request);
"""

AT = "2025-03-10T12:00:00Z"
ANN, DOOR = {"badge": "ann", "born": "2007-03-10", "blocked": False}, {"code": "d1", "class": "staff", "adults": True}
GRANT = {"holder": "ann", "door": "d1", "class": ["staff"], "from": "2025-01-01", "until": "2025-04-01"}
FACTS: dict[str, Any] = {"holders": [ANN], "doors": [DOOR], "grants": [GRANT], "in_drill": False}
ASKED = {"holder": "ann", "door": "d1", "action": "open_staff", "at": AT}
ESCORT = {**GRANT, "import": "ann"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doors")
    for name, text in (("bundle", MANIFEST), ("vocabulary", VOCABULARY), ("reasons", REASONS)):
        (folder / f"{name}.toml").write_text(text)
    (folder / "doors.polar").write_text(RULES)
    scenario = {"id": "ann", "request": ASKED, "expect": {"decision": "allow"}}
    denied = {"id": "young", "facts": {"holders": [{**ANN, "born": "2007-03-11"}]}, "request": ASKED}
    denied["expect"] = {"decision": "deny", "reasons": ["TOO_YOUNG"]}
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "all.json").write_text(json.dumps({"facts": FACTS, "scenarios": [scenario, denied]}))
    return folder


@pytest.fixture(scope="module")
def doors(folder: Path) -> Policy:
    return load_bundle(folder)


def codes(policy: Policy, facts: dict[str, Any] | None = None, **asked: Any) -> tuple[str, ...]:
    decision = policy.decide({**ASKED, **asked}, read_facts({**FACTS, **(facts or {})}, policy))
    assert decision.error == ""
    assert bool(decision) == (decision.reasons == ())
    return decision.reasons


PERMITTED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "everything in place": ({}, {}),
    "at the grant's first instant": ({}, {"at": "2025-03-10"}),
    "a limit reached": ({"doors": [{**DOOR, "lambda": 2}]}, {"lambda": 2}),
    "no adult needed": ({"holders": [{**ANN, "born": None}], "doors": [{**DOOR, "adults": False}]}, {}),
    "grace after closing": ({"closing": "2025-03-10T10:00:00.000001Z"}, {}),
    "a drill": ({"closing": "2025-03-10T01:00:00Z", "in_drill": True}, {}),
    "an escort": ({"grants": [], "escorts": [ESCORT]}, {}),
    "an alarm, and a stored class": ({"grants": [], "holders": [{**ANN, "class": "secret"}]}, {"alarm": True}),
    "an alarm, and a class that is said": ({"grants": []}, {"alarm": True, "class": "secret"}),
}

REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]] = {
    "another verb": ({}, {"action": "inspect"}, ("NOT_ASKED_WELL", "NOT_GRANTED")),
    "another level": ({}, {"action": "open_public"}, ("NOT_GRANTED",)),
    "a level that is none": ({}, {"action": "open_sesame"}, ("NOT_ASKED_WELL", "NOT_GRANTED")),
    "blocked": ({"holders": [{**ANN, "blocked": True}]}, {}, ("NOBODY",)),
    "nobody": ({}, {"holder": "bob"}, ("NOBODY", "TOO_YOUNG", "NOT_GRANTED")),
    "no door": ({}, {"door": "d2"}, ("NO_DOOR", "NOT_GRANTED")),
    "after the grace": ({"closing": "2025-03-10T10:00:00Z"}, {}, ("TOO_LATE",)),
    "too many for all doors": ({}, {"lambda": 4}, ("TOO_MANY",)),
    "too many for this door": ({"doors": [{**DOOR, "lambda": 1}]}, {"lambda": 2}, ("TOO_MANY",)),
    "a day too young": ({"holders": [{**ANN, "born": "2007-03-11"}]}, {}, ("TOO_YOUNG",)),
    "of no known age": ({"holders": [{**ANN, "born": None}]}, {}, ("TOO_YOUNG",)),
    "at the grant's last instant": ({}, {"at": "2025-04-01"}, ("NOT_GRANTED",)),
    "an escort of another": ({"grants": [], "escorts": [{**ESCORT, "import": "bob"}]}, {}, ("NOT_GRANTED",)),
    "an alarm, and another class that is said": (
        {"grants": [], "holders": [{**ANN, "class": "secret"}]},
        {"alarm": True, "class": "staff"},
        ("NOT_GRANTED",),
    ),
}


@pytest.mark.parametrize("name", PERMITTED)
def test_it_permits(doors: Policy, name: str) -> None:
    facts, asked = PERMITTED[name]
    assert codes(doors, facts, **asked) == ()


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses(doors: Policy, name: str) -> None:
    facts, asked, reasons = REFUSED[name]
    assert codes(doors, facts, **asked) == reasons


def test_its_parameters_count(doors: Policy) -> None:
    assert codes(doors.with_parameters({"most": 4}), {}, **{"lambda": 4}) == ()
    assert codes(doors.with_parameters({"adult_age": 19})) == ("TOO_YOUNG",)


def test_it_reads_the_form_of_authzen(doors: Policy) -> None:
    body: dict[str, Any] = {
        "subject": {"type": "holder", "id": "ann", "properties": {"class": "secret"}},
        "action": {"name": "open_staff"},
        "resource": {"type": "door", "id": "d1"},
        "context": {"alarm": True, "lambda": 2},
        "at": AT,
    }
    assert doors.bundle.requests.read(body) == doors.bundle.requests.read(
        {**ASKED, "class": "secret", "alarm": True, "lambda": 2}
    )
    assert doors.decide(body, read_facts({**FACTS, "grants": []}, doors))


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"in_drill": "false"}, "facts: in_drill: is not true or false"),
        ({"in_drill": 0}, "facts: in_drill: is not true or false"),
        ({"in_drill": None}, "facts: in_drill: is not true or false"),
        ({"holders": [{**ANN, "blocked": "false"}]}, "facts: holders[0].blocked: is not true or false"),
        ({"holders": [{**ANN, "blocked": 0}]}, "facts: holders[0].blocked: is not true or false"),
        ({"holders": [{**ANN, "blocked": None}]}, "facts: holders[0].blocked: is not true or false"),
        ({"doors": [{**DOOR, "lambda": True}]}, "facts: doors[0].lambda: is not an integer"),
        ({"doors": [{**DOOR, "lambda": 1.0}]}, "facts: doors[0].lambda: is not an integer"),
        ({"doors": [{**DOOR, "lambda": "1"}]}, "facts: doors[0].lambda: is not an integer"),
        ({"doors": [{**DOOR, "lambda": 2**62}]}, f"facts: doors[0].lambda: `{2**62}` is more than {2**62 - 1}"),
        (
            {"doors": [{**DOOR, "class": "Staff"}]},
            "facts: doors[0].class: `Staff` is not one of `public`, `staff`, `secret`",
        ),
        (
            {"doors": [{**DOOR, "class_": "staff"}]},
            "facts: doors[0].class_: is not known here\nhelp: did you mean `class`?",
        ),
        (
            {"grants": [{**GRANT, "from": "2025-04-01"}]},
            "facts: grants[0].until: the interval is empty: `until` is not after `from`",
        ),
        ({"escorts": [GRANT]}, "facts: escorts[0].import: is missing"),
    ],
    ids=lambda part: part[:60] if isinstance(part, str) else "",
)
def test_its_facts_are_read_strictly(doors: Policy, facts: dict[str, Any], message: str) -> None:
    with pytest.raises(DiagnosticError) as refused:
        read_facts({**FACTS, **facts}, doors)
    assert str(refused.value) == message


def test_a_value_that_may_not_be_absent_is_missed(doors: Policy) -> None:
    with pytest.raises(DiagnosticError) as refused:
        read_facts({}, doors)
    assert str(refused.value) == "facts: in_drill: is missing"


@pytest.mark.parametrize("value", ["1", 1.0, True, None, [1]], ids=repr)
def test_a_count_in_a_request_is_an_integer(doors: Policy, value: object) -> None:
    with pytest.raises(DiagnosticError) as refused:
        doors.bundle.requests.read({**ASKED, "lambda": value})
    assert str(refused.value) == "request: lambda: is not an integer"


def test_it_is_admitted_and_its_scenarios_pass(folder: Path, doors: Policy) -> None:
    assert check(folder).rules == RULES.count(";")
    assert [result.problems for result in run(doors, [folder / "scenarios"])] == [(), ()]


# What the engine must not know.

WORDS = re.compile(
    r"consent|school|supplier|student|pupil|guardian|institute|enrol|accredit|agreement|magister|homework|grades",
    re.IGNORECASE,
)
SAID = (  # a package says what it does not know; the audience of a reason still has the first bundle's word
    "nothing of students",
)


CHANGES = """
[writers]
porter = { en = "the porter", nl = "de portier" }

[changes]
holders = { en = "holder", nl = "houder", add = ["porter"], fill.born = ["porter"] }
doors = { en = "door", nl = "deur", add = ["porter"] }
grants = { en = "grant", nl = "recht", add = ["porter"], end = ["porter"] }
escorts = { en = "escort", nl = "begeleiding", add = ["porter"], end = ["porter"] }
in_drill = { en = "drill", nl = "oefening", set = ["porter"] }
closing = { en = "closing time", nl = "sluitingstijd", set = ["porter"] }
"""


@pytest.fixture(scope="module")
def changeable(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """The same bundle, which says who may write what, and in which a door is watched some hours ahead."""
    copied = tmp_path_factory.mktemp("changeable") / "doors"
    shutil.copytree(folder, copied)
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
def test_it_is_doubted_as_any_other(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
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
            assert smallest.changes is not None or smallest.exhausted
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
                if WORDS.search(line) and not any(said in line for said in SAID):
                    found.append(f"{path.name}:{number}: {line.strip()}")
    assert found == []


def written(folder: Path, rules: str, vocabulary: str, reasons: str = REASONS) -> Policy:
    for name, text in (("bundle", MANIFEST), ("vocabulary", vocabulary), ("reasons", reasons)):
        (folder / f"{name}.toml").write_text(text)
    (folder / "doors.polar").write_text(rules)
    return load_bundle(folder)


@pytest.mark.parametrize("hours", [-48, -6])
def test_a_permit_ends_where_a_field_that_moves_with_the_clock_meets_an_instant(tmp_path: Path, hours: int) -> None:
    vocabulary = VOCABULARY + '\nwatched_until = { hours_after = "at", hours = "parameters.grace_hours" }\n'
    rules = RULES.replace("    covers(grant, request);", "    covers(grant, request) and recent(grant, request);", 1)
    rules += "\nrecent(grant: Grant, request: Request) if\n    request.watched_until != nil and\n"
    rules += "    request.watched_until <= grant.from;\n"
    policy = written(tmp_path, rules, vocabulary).with_parameters({"grace_hours": hours})
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
    policy = written(tmp_path, rules, vocabulary, public)
    facts = read_facts({**FACTS, "holders": [{**ANN, "born": "2010-01-01"}]}, policy)
    told = set()
    for door in ("d1", "unknown"):
        decision = policy.decide({**ASKED, "door": door}, facts)
        assert not decision
        told.add(public_reason(decision.inputs, decision))
    assert len(told) == 1


def test_a_bundle_that_is_loaded_anew_leaves_nothing_of_the_old_one(folder: Path) -> None:
    def kept() -> set[str]:
        gc.collect()
        return {name for name in linecache.cache if name.startswith("<")}

    before = kept()
    policy = load_bundle(folder)
    assert len(kept() - before) > 2
    del policy
    assert kept() <= before

"""A bundle of another domain, written while the test runs: it decides, reads strictly, and passes its scenarios."""

import gc
import linecache
from pathlib import Path
from typing import Any

import pytest

from authz import DiagnosticError, Policy, load_bundle
from authz.engine.loading import read_facts
from authz.verify.check import check
from authz.verify.scenarios import run
from tests.support.doors import (
    ANN,
    ASKED,
    AT,
    DOOR,
    ESCORT,
    FACTS,
    GRANT,
    RULES,
)


def codes(policy: Policy, facts: dict[str, Any] | None = None, **asked: Any) -> tuple[str, ...]:
    decision = policy.decide({**ASKED, **asked}, read_facts({**FACTS, **(facts or {})}, policy))
    assert decision.error == ""
    assert bool(decision) == (decision.reasons == ())
    return decision.reasons


PERMITTED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "everything in place": ({}, {}),
    "at the grant's first instant": ({"holders": [{**ANN, "born": "2007-03-09"}]}, {"at": "2025-03-10"}),
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


def test_it_is_admitted_and_its_scenarios_pass(doors_folder: Path, doors: Policy) -> None:
    assert check(doors_folder).rules == RULES.count(";")
    assert [result.problems for result in run(doors, [doors_folder / "scenarios"])] == [(), ()]


def test_a_bundle_that_is_loaded_anew_leaves_nothing_of_the_old_one(doors_folder: Path) -> None:
    def kept() -> set[str]:
        gc.collect()
        return {name for name in linecache.cache if name.startswith("<")}

    before = kept()
    policy = load_bundle(doors_folder)
    assert len(kept() - before) > 2
    del policy
    assert kept() <= before

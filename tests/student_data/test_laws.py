"""The laws of the domain (`domain.md` §5) as properties over worlds near the line."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from authz import Policy
from authz.instants import BEGIN, END, format_instant
from tests.support.decide import decide, gathered
from tests.support.strategies import at, key_of, near_situations, rearranged, with_rows, without
from tests.support.student import Situation


@given(near_situations())
def test_allow_if_and_only_if_there_is_no_reason(policy: Policy, situation: Situation) -> None:
    subject, action, request = gathered(policy, situation)
    permits = subject is not None and policy.evaluator.allow(subject, action, request)
    assert permits == (policy.evaluator.reasons(request) == ())


def test_the_empty_world_refuses(policy: Policy) -> None:
    request = {
        "supplier": "X",
        "institute": "A",
        "school": "S1",
        "student": "tim",
        "action": "read_grades",
        "at": "2025-03-10",
    }
    expected = ("UNKNOWN_SUPPLIER", "UNKNOWN_SCHOOL", "UNKNOWN_INSTITUTE", "ACCREDITATION_MISSING", "UNKNOWN_STUDENT")
    assert decide(policy, Situation({}, request, {})).reasons == expected


NECESSARY = ("links", "processors", "agreements", "consents", "enrolments")


@given(near_situations(), st.sampled_from(NECESSARY))
def test_each_pillar_is_necessary(policy: Policy, situation: Situation, kind: str) -> None:
    assert not decide(policy, without(situation, kind))


@given(near_situations())
def test_accreditation_is_necessary_from_its_date_on(policy: Policy, situation: Situation) -> None:
    _, _, request = gathered(policy, situation)
    assume(request.parameters.accreditation_required_from <= request.at)
    assert not decide(policy, without(situation, "accreditations"))


OTHERS = {
    "student": "other student",
    "institute": "other institute",
    "supplier": "other supplier",
    "school": "other school",
}
KEYS = {
    "enrolments": ("student", "school"),
    "guardianships": ("student",),
    "accreditations": ("supplier",),
    "suspensions": ("supplier",),
    "links": ("school", "supplier"),
    "processors": ("institute", "supplier"),
    "agreements": ("student", "institute"),
    "consents": ("student", "institute", "supplier", "school"),
    "holds": ("student",),
}


@st.composite
def noise(draw: st.DrawFn, key: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Rows of every kind that differ from the request's key in at least one id, and rows that no rule reads."""
    rows: dict[str, list[dict[str, Any]]] = {f"{name}s": [{"id": id}] for name, id in OTHERS.items()}
    for kind, names in KEYS.items():
        moved = draw(st.sets(st.sampled_from(names), min_size=1))
        rows[kind] = [{name: OTHERS[name] if name in moved else key[name] for name in names}]
    rows["guardianships"][0] |= {"person": "g1"}
    rows["accreditations"][0] |= {"categories": ["name", "schedule", "homework", "grades"]}
    rows["agreements"][0] |= {"mode": draw(st.sampled_from(["private", "commissioned"]))}
    rows["holds"][0] |= {"kind": "objection"}
    rows["consents"][0] |= {"person": "g1", "event": "withdrawn", "at": "2010-01-01"}
    if draw(st.booleans()):
        rows["consents"][0] |= {
            "event": "given",
            "categories": ["grades", "name", "schedule", "homework"],
            "purposes": ["homework_guidance", "identification"],
            "issuer": "https://accounts.magister.net",
        }
    rows["school_processing_agreements"] = [{"school": key["school"], "supplier": key["supplier"]}]
    rows["link_requests"] = [{"person": "g1", "school": key["school"], "supplier": key["supplier"], "status": "open"}]
    return rows


@given(near_situations(), st.data())
def test_facts_about_others_never_change_the_answer(policy: Policy, situation: Situation, data: st.DataObject) -> None:
    key = key_of(situation)
    assume(key is not None)
    assert key is not None
    noisy = with_rows(situation, **data.draw(noise(key)))
    assert decide(policy, noisy).reasons == decide(policy, situation).reasons


def event(key: dict[str, Any], person: str, instant: str, **fields: Any) -> dict[str, Any]:
    return {**key, "person": person, "event": "withdrawn", "at": instant, **fields}


INSTANTS = ("2015-01-01", "2024-09-02T10:00:00Z", "2025-01-10T09:00:00Z", "2025-03-10T11:59:59Z")
PERSONS = ("g1", "g2", "g3", "stranger", "tim")


@given(near_situations(), st.sampled_from(["suspensions", "holds", "tombstone"]), st.sampled_from(INSTANTS))
def test_a_suspension_a_hold_or_a_tombstone_never_grants(
    policy: Policy, situation: Situation, kind: str, instant: str
) -> None:
    key = key_of(situation)
    assume(key is not None and not decide(policy, situation))
    assert key is not None
    rows = {
        "suspensions": {"suspensions": [{"supplier": key["supplier"], "valid_from": instant}]},
        "holds": {"holds": [{"student": key["student"], "kind": "restriction", "valid_from": instant}]},
        "tombstone": {},
    }[kind]
    changed = with_rows(situation, **rows)
    if kind == "tombstone":
        for student in changed.facts["students"]:
            if student["id"] == key["student"] and "closed_at" not in student:
                student |= {"closed_at": instant, "closed_as": "erased"}
    assert not decide(policy, changed)


@given(near_situations(), st.sampled_from(PERSONS), st.sampled_from(INSTANTS))
def test_a_withdrawal_never_grants(policy: Policy, situation: Situation, person: str, instant: str) -> None:
    key = key_of(situation)
    assume(key is not None and not decide(policy, situation))
    assert key is not None
    assert not decide(policy, with_rows(situation, consents=[event(key, person, instant)]))


WORTHLESS: dict[str, dict[str, Any]] = {
    "unverified": {"issuer": "https://accounts.magister.net.example"},
    "over": {"valid_until": "2015-06-01"},
    "not begun": {"valid_from": "2400-01-01"},
    "by someone not competent": {"person": "stranger"},
    "for another category": {"categories": []},
}


@given(near_situations(), st.sampled_from(sorted(WORTHLESS)), st.sampled_from(PERSONS), st.sampled_from(INSTANTS))
def test_a_worthless_consent_never_grants(
    policy: Policy, situation: Situation, fault: str, person: str, instant: str
) -> None:
    key = key_of(situation)
    assume(key is not None and not decide(policy, situation))
    assert key is not None
    worthless = {
        **event(key, person, instant, event="given"),
        "categories": ["name", "schedule", "homework", "grades"],
        "purposes": ["homework_guidance", "identification"],
        "issuer": "https://accounts.magister.net",
        **WORTHLESS[fault],
    }
    assert not decide(policy, with_rows(situation, consents=[worthless]))


@given(near_situations(), st.integers(0, 1000))
def test_order_and_duplicates_do_not_matter(policy: Policy, situation: Situation, seed: int) -> None:
    assert decide(policy, rearranged(situation, seed)).reasons == decide(policy, situation).reasons


def boundaries(request: Any) -> list[datetime]:
    """Every instant at which something that a request can reach begins or ends."""
    found = {request.parameters.accreditation_required_from, request.of_age_at, request.enrolments_fresh_until}
    found |= {request.student.closed_at} if request.student else set()
    for name in KEYS:
        for row in getattr(request, name):
            found |= {row.valid_from, row.valid_until}
            found |= {row.at} if name == "consents" else set()
    return sorted(instant for instant in found if instant is not None and BEGIN < instant < END)


@given(near_situations(), st.data())
def test_the_answer_is_constant_between_boundaries(policy: Policy, situation: Situation, data: st.DataObject) -> None:
    instants = boundaries(gathered(policy, situation)[2])
    index = data.draw(st.integers(0, len(instants) - 2))
    first, last = instants[index], instants[index + 1]
    step = timedelta(microseconds=1)
    assume(last - first > 3 * step)
    inside = [first + step, first + (last - first) / 2, last - step]
    answers = {decide(policy, at(situation, format_instant(instant))).reasons for instant in inside}
    assert len(answers) == 1


@given(near_situations())
def test_continue_allows_all_that_lapse_allows(policy: Policy, situation: Situation) -> None:
    lapse, keep = (
        Situation(situation.facts, situation.request, {**situation.parameters, "parental_consent_at_16": mode})
        for mode in ("lapse", "continue")
    )
    assert bool(decide(policy, keep)) >= bool(decide(policy, lapse))


def test_the_strategy_reaches_permits_and_refusals(policy: Policy) -> None:
    reached: set[bool] = set()

    @given(near_situations())
    def reach(situation: Situation) -> None:
        reached.add(bool(decide(policy, situation)))

    reach()
    assert reached == {True, False}

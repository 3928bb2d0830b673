"""The student domain as it lives: after whatever somebody writes, the decision is what the plain reading says."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from authz import read_facts
from tests.support import oracle
from tests.support.effort import effort
from tests.support.student import CATEGORIES, KEY, MAGISTER, PURPOSES, student_policy

POLICY = student_policy()
BEGIN = datetime(2024, 9, 1, 10, tzinfo=UTC)
SIXTEEN = datetime(2025, 5, 11, 22, tzinfo=UTC)
"""Tim, born on 12 May 2009, is 16 from this instant on."""
PERSONS = st.sampled_from(["g1", "g2", "tim"])
GUARDIANS = st.sampled_from(["g1", "g2"])


class Students(RuleBasedStateMachine):
    """One student, two guardians, one supplier: rows are added and ended, time goes on, and nothing is deleted."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.parameters: dict[str, Any] = {}
        self.facts: dict[str, Any] = {
            "schools": [{"id": "S1"}],
            "suppliers": [{"id": "X"}],
            "institutes": [{"id": "A"}],
            "students": [{"id": "tim", "birth_date": "2009-05-12"}],
        }

    @initialize(everything=st.booleans(), keeps=st.booleans())
    def begin(self, everything: bool, keeps: bool) -> None:
        """Everything but consent is in place, or nothing."""
        if keeps:
            self.parameters = {"parental_consent_at_16": "continue"}
        if everything:
            for kind in ("links", "accreditations", "processors", "agreements", "enrolments"):
                self.add(kind)
            self.add("guardianships", person="g1")

    ROWS: dict[str, dict[str, Any]] = {  # noqa: RUF012 - read only
        "links": {"school": "S1", "supplier": "X"},
        "accreditations": {"supplier": "X", "categories": CATEGORIES},
        "suspensions": {"supplier": "X"},
        "processors": {"institute": "A", "supplier": "X"},
        "agreements": {"student": "tim", "institute": "A", "mode": "private"},
        "enrolments": {"student": "tim", "school": "S1"},
        "guardianships": {"student": "tim"},
    }

    def now_text(self) -> str:
        return self.now.isoformat().replace("+00:00", "Z")

    def add(self, kind: str, **more: Any) -> None:
        self.facts.setdefault(kind, []).append({**self.ROWS[kind], **more, "valid_from": self.now_text()})

    def end(self, kind: str, **which: Any) -> None:
        """End what is in force, unless it began at this very instant."""
        for row in self.facts.get(kind, ()):
            if "valid_until" not in row and row["valid_from"] < self.now_text() and which.items() <= row.items():
                row["valid_until"] = self.now_text()

    # Time goes on.

    @rule(by=st.sampled_from([timedelta(microseconds=1), timedelta(hours=1), timedelta(days=1), timedelta(days=60)]))
    def wait(self, by: timedelta) -> None:
        self.now += by

    @precondition(lambda self: self.now < SIXTEEN)
    @rule(before=st.booleans())
    def turn_sixteen(self, before: bool) -> None:
        """The birthday comes, or is a microsecond away."""
        self.now = max(self.now, SIXTEEN - timedelta(microseconds=before))

    # What the parties write.

    @rule(person=PERSONS, categories=st.sets(st.sampled_from(CATEGORIES), min_size=1))
    def give(self, person: str, categories: set[str]) -> None:
        event = {"person": person, **KEY, "event": "given", "at": self.now_text(), "categories": sorted(categories)}
        self.facts.setdefault("consents", []).append({**event, "purposes": PURPOSES, "issuer": MAGISTER})

    @rule(person=PERSONS)
    def withdraw(self, person: str) -> None:
        event = {"person": person, **KEY, "event": "withdrawn", "at": self.now_text()}
        self.facts.setdefault("consents", []).append(event)

    @rule()
    def open_link(self) -> None:
        self.add("links")

    @rule()
    def close_link(self) -> None:
        self.end("links")

    @rule()
    def accredit(self) -> None:
        self.add("accreditations")

    @rule(how=st.sampled_from(["expired", "revoked"]))
    def end_accreditation(self, how: str) -> None:
        for row in self.facts.get("accreditations", ()):
            if "valid_until" not in row and row["valid_from"] < self.now_text():
                row |= {"valid_until": self.now_text(), "ended_as": how}

    @rule()
    def suspend(self) -> None:
        self.add("suspensions")

    @rule()
    def lift_suspension(self) -> None:
        self.end("suspensions")

    @rule()
    def enrol(self) -> None:
        self.add("enrolments")

    @rule()
    def leave(self) -> None:
        self.end("enrolments")

    @rule(person=GUARDIANS)
    def gain_authority(self, person: str) -> None:
        self.add("guardianships", person=person)

    @rule(person=GUARDIANS)
    def lose_authority(self, person: str) -> None:
        self.end("guardianships", person=person)

    @rule()
    def agree(self) -> None:
        self.add("agreements")

    @rule()
    def end_agreement(self) -> None:
        self.end("agreements")

    # What must be so.

    @invariant()
    def the_decision_is_what_the_plain_reading_says(self) -> None:
        for action in ("read_grades", "read_name"):
            request = {**KEY, "action": action, "at": self.now_text()}
            expected = tuple(oracle.judge(self.facts, request, self.parameters))
            decision = POLICY.with_parameters(self.parameters).decide(request, read_facts(self.facts, POLICY))
            assert (decision.reasons, decision.error) == (expected, "")
            assert bool(decision) == (not expected)


TestStudents = Students.TestCase
TestStudents.settings = settings(max_examples=effort(120), stateful_step_count=40, deadline=None)

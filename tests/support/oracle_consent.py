"""Consent that stands (section 2 of `domain.md`), read plainly; part of the oracle."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tests.support.oracle_case import CATEGORIES, PURPOSES, Case, Row, begun, birthday, in_force, instant, over


def of_the_consent(case: Case, birth_date: str) -> Iterator[str]:
    """Nothing when consent stands; else the causes, as the last point of section 4 has them."""
    student = case.request["student"]
    of_the_key = case.rows(
        "consents",
        student=student,
        institute=case.institute,
        supplier=case.request["supplier"],
        school=case.school,
    )
    history = [event for event in of_the_key if instant(event["at"]) <= case.at]
    if not history:
        to_come = any(event["event"] == "given" for event in of_the_key)
        yield "CONSENT_NOT_YET_VALID" if to_come else "NO_CONSENT"
        return

    consents = Consents(
        case=case,
        student=student,
        of_age=birthday(birth_date, case.parameters["consent_age"]),
        given=[event for event in history if event["event"] == "given"],
        withdrawn=[event for event in history if event["event"] == "withdrawn"],
        guardianships=case.rows("guardianships", student=student),
        enrolments=case.rows("enrolments", student=student, school=case.school),
    )
    causes: set[str] = set()
    sound: list[Row] = []
    for given in consents.given:
        if consents.replaced(given):
            continue
        if cause := consents.unsound(given):
            causes.add(cause)
        else:
            sound.append(given)

    undefeated: list[Row] = []
    for given in sound:
        refusals = [refusal for refusal in consents.withdrawn if consents.defeats(refusal, given)]
        standing = [refusal for refusal in refusals if not consents.lifted(refusal, sound)]
        if not standing:
            undefeated.append(given)
        elif all(instant(given["at"]) > instant(refusal["at"]) for refusal in standing):
            causes.add("CONSENT_DISPUTED")
        else:
            causes.add("CONSENT_WITHDRAWN")

    if any(covers(given, case) for given in undefeated):
        return
    yield from causes
    if undefeated and case.category in CATEGORIES:
        if not any(case.category in given["categories"] for given in undefeated):
            yield "CATEGORY_NOT_CONSENTED"
        elif case.purpose in PURPOSES:
            yield "PURPOSE_NOT_CONSENTED"
    if not consents.given:
        yield "NO_CONSENT"


def covers(given: Row, case: Case) -> bool:
    """This one consent has both the category and the purpose that are asked."""
    return case.category in given["categories"] and case.purpose in given["purposes"]


@dataclass(frozen=True, slots=True)
class Consents:
    """The events of one key up to now, and what says who might give and refuse when."""

    case: Case
    student: str
    of_age: datetime
    given: list[Row]
    withdrawn: list[Row]
    guardianships: list[Row]
    enrolments: list[Row]

    def replaced(self, given: Row) -> bool:
        """Its person gave again later; several at one instant are each judged by themselves."""
        return any(
            other["person"] == given["person"] and instant(other["at"]) > instant(given["at"]) for other in self.given
        )

    def unsound(self, given: Row) -> str | None:
        """The cause of the first demand that a person's last consent fails, if it fails one."""
        person, given_at, now = given["person"], instant(given["at"]), self.case.at
        if any(withdrawn["person"] == person and instant(withdrawn["at"]) >= given_at for withdrawn in self.withdrawn):
            return "CONSENT_WITHDRAWN"
        if not begun(given, now):
            return "CONSENT_NOT_YET_VALID"
        if over(given, now):
            return "CONSENT_EXPIRED"
        if given["issuer"] not in self.case.parameters["trusted_issuers"]:
            return "CONSENT_UNVERIFIED"
        if not self.might_give(person, given_at):
            return "CONSENT_GIVER_NOT_COMPETENT"
        if self.left_school_since(given_at):
            return "CONSENT_LAPSED_LEFT_SCHOOL"
        if not self.might_give(person, now) and not self.kept(given):
            return "CONSENT_LAPSED_MAJORITY" if now >= self.of_age else "CONSENT_LAPSED_AUTHORITY"
        return None

    def might_give(self, person: str, when: datetime) -> bool:
        """From 16 only the student; under 16 only a guardian with authority."""
        if when >= self.of_age:
            return person == self.student
        return self.guardian(person, when)

    def might_refuse(self, person: str, when: datetime) -> bool:
        """From 16 only the student; under 16 any guardian with authority, or the student."""
        return person == self.student or self.might_give(person, when)

    def guardian(self, person: str, when: datetime) -> bool:
        """The person has authority at this instant."""
        return any(row["person"] == person and in_force(row, when) for row in self.guardianships)

    def guardian_until_of_age(self, person: str) -> bool:
        """The person has authority at the last instant before the birthday."""
        return any(
            row["person"] == person
            and (row.get("valid_from") is None or instant(row["valid_from"]) < self.of_age)
            and (row.get("valid_until") is None or self.of_age <= instant(row["valid_until"]))
            for row in self.guardianships
        )

    def left_school_since(self, given_at: datetime) -> bool:
        """An enrolment ended since, and none was in force at the instant it ended: a gap."""
        ends = [instant(row["valid_until"]) for row in self.enrolments if over(row, self.case.at)]
        return any(end > given_at and not any(in_force(row, end) for row in self.enrolments) for end in ends)

    def kept(self, given: Row) -> bool:
        """Under `continue`, a guardian's consent is kept until the student himself gives.

        That he withdraws is a refusal, and ends it as one (`defeats`).
        """
        return (
            self.case.parameters["parental_consent_at_16"] == "continue"
            and self.case.at >= self.of_age
            and given["person"] != self.student
            and self.guardian_until_of_age(given["person"])
            and not any(own["person"] == self.student and instant(own["at"]) >= self.of_age for own in self.given)
        )

    def defeats(self, refusal: Row, given: Row) -> bool:
        """Another person refused who may refuse now, or might at the later of the two instants."""
        person = refusal["person"]
        if person == given["person"]:
            return False
        later = max(instant(refusal["at"]), instant(given["at"]))
        if self.might_refuse(person, later) or self.might_refuse(person, self.case.at):
            return True
        return self.kept(given) and self.guardian_until_of_age(person)

    def lifted(self, refusal: Row, sound: list[Row]) -> bool:
        """The same person soundly gave after it, and that covers what is asked."""
        return any(
            given["person"] == refusal["person"]
            and instant(given["at"]) > instant(refusal["at"])
            and covers(given, self.case)
            for given in sound
        )

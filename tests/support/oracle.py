"""The rules of access read plainly, for the tests alone: the oracle that evaluators must match.

Written from `domain.md` and from nothing else, for a reader who knows the law rather than the
engine: each function is one sentence of that page, over the JSON documents as they are filed. It
loops where a loop says it best, shares no code with the engine, and assumes valid facts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]

# fmt: off
REASONS = (
    # request
    "ACTION_NOT_SUPPORTED", "OUT_OF_SCOPE_COMMISSIONED", "CATEGORY_UNKNOWN", "PURPOSE_NOT_ALLOWED",
    "INSTITUTE_NOT_NAMED", "SCHOOL_NOT_NAMED", "UNKNOWN_SUPPLIER", "UNKNOWN_SCHOOL",
    "UNKNOWN_INSTITUTE", "FACTS_STALE",
    # supplier
    "ACCREDITATION_REVOKED", "ACCREDITATION_SUSPENDED", "ACCREDITATION_EXPIRED",
    "ACCREDITATION_NOT_YET_VALID", "ACCREDITATION_MISSING", "CATEGORY_NOT_ACCREDITED",
    # school
    "SCHOOL_LINK_CLOSED",
    # institute
    "PROCESSOR_LINK_ENDED", "PROCESSOR_LINK_MISSING",
    # student
    "UNKNOWN_STUDENT", "STUDENT_CLOSED", "PROCESSING_RESTRICTED", "ENROLMENT_ENDED",
    "ENROLMENT_NOT_STARTED", "NOT_ENROLLED", "AGE_UNKNOWN", "AGREEMENT_ENDED",
    "AGREEMENT_NOT_STARTED", "NO_AGREEMENT", "CONSENT_DISPUTED", "CONSENT_WITHDRAWN",
    "CONSENT_LAPSED_LEFT_SCHOOL", "CONSENT_LAPSED_MAJORITY", "CONSENT_LAPSED_AUTHORITY",
    "CONSENT_EXPIRED", "CONSENT_UNVERIFIED", "CONSENT_GIVER_NOT_COMPETENT", "CONSENT_NOT_YET_VALID",
    "NO_CONSENT", "CATEGORY_NOT_CONSENTED", "PURPOSE_NOT_CONSENTED",
)
# fmt: on
"""The catalogue of section 4, in order of precedence."""

CATEGORIES = ("name", "schedule", "homework", "grades")
PURPOSES = ("homework_guidance", "identification")

DEFAULTS: dict[str, Any] = {
    "consent_age": 16,
    "parental_consent_at_16": "lapse",
    "accreditation_required_from": "2018-12-17T23:00:00Z",
    "trusted_issuers": ["https://accounts.magister.net"],
    "max_fact_age_hours": None,
}


def judge(facts: dict[str, Any], request: dict[str, Any], parameters: dict[str, Any] | None = None) -> list[str]:
    """All reasons to refuse, in order of precedence; the empty list means allow (section 4).

    `facts` and `request` are those of a scenario; `parameters` override `DEFAULTS`.
    """
    case = _case(facts, request, DEFAULTS | (parameters or {}))
    found = {
        *of_the_request(case),
        *of_the_supplier(case),
        *of_the_school(case),
        *of_the_institute(case),
        *of_the_student(case),
    }
    return [code for code in REASONS if code in found]


# Time: section 3


AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@lru_cache(maxsize=4096)
def instant(text: str) -> datetime:
    """An RFC 3339 instant, or a bare date: 00:00 in Amsterdam of that day."""
    if len(text) == len("2025-03-10"):
        return midnight(date.fromisoformat(text))
    return datetime.fromisoformat(text).astimezone(UTC)


def midnight(day: date) -> datetime:
    """The first instant of a day in Amsterdam."""
    return datetime.combine(day, time(), AMSTERDAM).astimezone(UTC)


@lru_cache(maxsize=4096)
def birthday(birth_date: str, age: int) -> datetime:
    """When somebody reaches an age; born on 29 February: on 1 March in other years."""
    born = date.fromisoformat(birth_date)
    try:
        return midnight(born.replace(year=born.year + age))
    except ValueError:
        return midnight(date(born.year + age, 3, 1))


def begun(row: Row, when: datetime) -> bool:
    """The row's validity has begun; with no `valid_from` it always had."""
    return row.get("valid_from") is None or instant(row["valid_from"]) <= when


def over(row: Row, when: datetime) -> bool:
    """The row's validity is over; with no `valid_until` it never is."""
    return row.get("valid_until") is not None and instant(row["valid_until"]) <= when


def in_force(row: Row, when: datetime) -> bool:
    """The instant lies in the half-open interval of the row."""
    return begun(row, when) and not over(row, when)


# The case, and the layers of section 4


@dataclass(frozen=True, slots=True)
class Case:
    """One request beside the facts; `school` and `institute` are None unless named and known."""

    facts: dict[str, Any]
    request: dict[str, Any]
    parameters: dict[str, Any]
    at: datetime
    category: str
    purpose: str
    school: str | None
    institute: str | None

    def rows(self, kind: str, **fields: str | None) -> list[Row]:
        """The facts of a kind that have these values."""
        wanted = fields.items()
        return [row for row in self.facts.get(kind) or () if all(row[name] == value for name, value in wanted)]

    def any_in_force(self, rows: list[Row]) -> bool:
        """Some row is in force now."""
        return any(in_force(row, self.at) for row in rows)

    def lacking(self, rows: list[Row], ended: str, to_come: str, none: str) -> Iterator[str]:
        """No row is in force now: the code for ended, if some ended; else to come; else none."""
        if self.any_in_force(rows):
            return
        if any(over(row, self.at) for row in rows):
            yield ended
        elif any(not begun(row, self.at) for row in rows):
            yield to_come
        else:
            yield none


def _case(facts: dict[str, Any], request: dict[str, Any], parameters: dict[str, Any]) -> Case:
    school, institute = request.get("school"), request.get("institute")
    purpose = request.get("purpose")
    return Case(
        facts=facts,
        request=request,
        parameters=parameters,
        at=instant(request["at"]),
        category=request["action"].partition("_")[2],
        purpose="homework_guidance" if purpose is None else purpose,
        school=school if exists(facts, "schools", school) else None,
        institute=institute if exists(facts, "institutes", institute) else None,
    )


def exists(facts: dict[str, Any], kind: str, name: str | None) -> bool:
    """The id is one of this kind's."""
    return any(row["id"] == name for row in facts.get(kind) or ())


def of_the_request(case: Case) -> Iterator[str]:
    """What is wrong with the request itself, or with the age of the facts."""
    request = case.request
    types = request.get("subject_type", "supplier"), request.get("resource_type", "student")
    if not request["action"].startswith("read_") or types != ("supplier", "student"):
        yield "ACTION_NOT_SUPPORTED"
    if request.get("engagement") == "commissioned" or only_commissioned(case):
        yield "OUT_OF_SCOPE_COMMISSIONED"
    if case.category not in CATEGORIES:
        yield "CATEGORY_UNKNOWN"
    if case.purpose not in PURPOSES:
        yield "PURPOSE_NOT_ALLOWED"
    if case.purpose == "identification" and case.category != "name":
        yield "PURPOSE_NOT_ALLOWED"
    if request.get("institute") is None:
        yield "INSTITUTE_NOT_NAMED"
    elif case.institute is None:
        yield "UNKNOWN_INSTITUTE"
    if request.get("school") is None:
        yield "SCHOOL_NOT_NAMED"
    elif case.school is None:
        yield "UNKNOWN_SCHOOL"
    if not exists(case.facts, "suppliers", request["supplier"]):
        yield "UNKNOWN_SUPPLIER"
    limit, as_of = case.parameters["max_fact_age_hours"], case.facts.get("enrolments_as_of")
    if limit is not None and (as_of is None or case.at - instant(as_of) > timedelta(hours=limit)):
        yield "FACTS_STALE"


def only_commissioned(case: Case) -> bool:
    """The only agreement in force with this institute is a commissioned one."""
    if case.institute is None:
        return False
    agreements = case.rows("agreements", student=case.request["student"], institute=case.institute)
    modes = {agreement["mode"] for agreement in agreements if in_force(agreement, case.at)}
    return modes == {"commissioned"}


def of_the_supplier(case: Case) -> Iterator[str]:
    """Whether the supplier is accredited for the category, from the accreditation date on."""
    if case.at < instant(case.parameters["accreditation_required_from"]):
        return
    supplier = case.request["supplier"]
    accreditations = case.rows("accreditations", supplier=supplier)
    current = [row for row in accreditations if in_force(row, case.at)]
    if current:
        if case.any_in_force(case.rows("suspensions", supplier=supplier)):
            yield "ACCREDITATION_SUSPENDED"
        accredited = any(case.category in row.get("categories", ()) for row in current)
        if case.category in CATEGORIES and not accredited:
            yield "CATEGORY_NOT_ACCREDITED"
    elif any(over(row, case.at) and row.get("ended_as") == "revoked" for row in accreditations):
        yield "ACCREDITATION_REVOKED"
    else:
        yield from case.lacking(
            accreditations,
            "ACCREDITATION_EXPIRED",
            "ACCREDITATION_NOT_YET_VALID",
            "ACCREDITATION_MISSING",
        )


def of_the_school(case: Case) -> Iterator[str]:
    """Whether this school's link to the supplier is open."""
    if case.school is None:
        return
    links = case.rows("links", school=case.school, supplier=case.request["supplier"])
    if not case.any_in_force(links):
        yield "SCHOOL_LINK_CLOSED"


def of_the_institute(case: Case) -> Iterator[str]:
    """Whether the supplier is processor of this institute."""
    if case.institute is None:
        return
    supplier, missing = case.request["supplier"], "PROCESSOR_LINK_MISSING"
    processors = case.rows("processors", institute=case.institute, supplier=supplier)
    yield from case.lacking(processors, "PROCESSOR_LINK_ENDED", missing, missing)


def of_the_student(case: Case) -> Iterator[str]:
    """Tombstone, hold, enrolment, age, agreement and consent, each judged for itself."""
    students = case.rows("students", id=case.request["student"])
    if not students:
        yield "UNKNOWN_STUDENT"
        return
    student, name = students[0], students[0]["id"]
    if student.get("closed_at") is not None and instant(student["closed_at"]) <= case.at:
        yield "STUDENT_CLOSED"
    if case.any_in_force(case.rows("holds", student=name)):
        yield "PROCESSING_RESTRICTED"
    if case.school is not None:
        enrolments = case.rows("enrolments", student=name, school=case.school)
        yield from case.lacking(enrolments, "ENROLMENT_ENDED", "ENROLMENT_NOT_STARTED", "NOT_ENROLLED")
    if student.get("birth_date") is None:
        yield "AGE_UNKNOWN"
    if case.institute is not None and not only_commissioned(case):
        agreements = case.rows("agreements", student=name, institute=case.institute, mode="private")
        yield from case.lacking(agreements, "AGREEMENT_ENDED", "AGREEMENT_NOT_STARTED", "NO_AGREEMENT")
    if None not in (student.get("birth_date"), case.school, case.institute):
        yield from of_the_consent(case, student["birth_date"])


# Consent that stands: section 2


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

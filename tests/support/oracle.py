"""The rules of access read plainly, for the tests alone: the oracle that evaluators must match.

Written from `domain.md` and from nothing else, for a reader who knows the law rather than the
engine: each function is one sentence of that page, over the JSON documents as they are filed. It
loops where a loop says it best, shares no code with the engine, and assumes valid facts.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from tests.support.oracle_case import CATEGORIES, PURPOSES, Case, in_force, instant, over
from tests.support.oracle_consent import of_the_consent

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


# The layers of section 4


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

"""The student policy by hand, as fast as plain Python goes over the same records: the floor for the compiled form.

Written for speed and for this one policy: first rows are tried before a loop is set up, empty loops are skipped, open
ends of time are recognised by identity, one pass over the history serves three rules, and what the records guarantee
(a single enrolment that is in force leaves no gap) is used. What rarely happens is in functions of its own.

The instant to decide at lies before the end of time, as in every request that is read: an open end is never over.
"""

from datetime import datetime
from typing import Any

from authz.instants import BEGIN, END


def allow(request: Any) -> bool:
    """Whether the supplier may read the category, by the records of the request."""
    category = request.category
    purpose = request.purpose
    if (
        category is None
        or request.verb != "read"
        or request.subject_type != "supplier"
        or request.resource_type != "student"
        or request.engagement == "commissioned"
        or (purpose != "homework_guidance" and (purpose != "identification" or category != "name"))
        or request.institute is None
        or request.school is None
    ):
        return False
    student = request.student
    of_age_at = request.of_age_at
    if of_age_at is None or student is None:
        return False
    at = request.at
    if student.closed_at is not None and student.closed_at <= at:
        return False
    parameters = request.parameters
    if request.enrolments_fresh_until is None:
        if parameters.max_fact_age_hours is not None:
            return False
    elif request.enrolments_fresh_until < at:
        return False

    links = request.links
    if not links:
        return False
    link = links[0]
    if link.valid_from > at or (link.valid_until is not END and link.valid_until <= at):
        for link in links:
            if link.valid_from <= at and at < link.valid_until:
                break
        else:
            return False
    processors = request.processors
    if not processors:
        return False
    processor = processors[0]
    if processor.valid_from > at or (processor.valid_until is not END and processor.valid_until <= at):
        for processor in processors:
            if processor.valid_from <= at and at < processor.valid_until:
                break
        else:
            return False
    if request.holds:
        for hold in request.holds:
            if hold.valid_from <= at and at < hold.valid_until:
                return False
    enrolments = request.enrolments
    if not enrolments:
        return False
    enrolment = enrolments[0]
    if enrolment.valid_from > at or (enrolment.valid_until is not END and enrolment.valid_until <= at):
        for enrolment in enrolments:
            if enrolment.valid_from <= at and at < enrolment.valid_until:
                break
        else:
            return False
    agreements = request.agreements
    if not agreements:
        return False
    agreement = agreements[0]
    if (
        agreement.mode != "private"
        or agreement.valid_from > at
        or (agreement.valid_until is not END and agreement.valid_until <= at)
    ):
        for agreement in agreements:
            if agreement.mode == "private" and agreement.valid_from <= at and at < agreement.valid_until:
                break
        else:
            return False
    if parameters.accreditation_required_from <= at:
        accreditations = request.accreditations
        if not accreditations:
            return False
        accreditation = accreditations[0]
        if (
            category not in accreditation.categories
            or accreditation.valid_from > at
            or (accreditation.valid_until is not END and accreditation.valid_until <= at)
        ):
            for accreditation in accreditations:
                if (
                    category in accreditation.categories
                    and accreditation.valid_from <= at
                    and at < accreditation.valid_until
                ):
                    break
            else:
                return False
        if request.suspensions:
            for suspension in request.suspensions:
                if suspension.valid_from <= at and at < suspension.valid_until:
                    return False

    consents = request.consents
    guardianships = request.guardianships
    trusted_issuers = parameters.trusted_issuers
    under_age = at < of_age_at
    for consent in consents:
        if category not in consent.categories or purpose not in consent.purposes or consent.event != "given":
            continue
        given_at = consent.at
        if (
            consent.issuer not in trusted_issuers
            or given_at > at
            or (consent.valid_from is not BEGIN and consent.valid_from > at)
            or (consent.valid_until is not END and consent.valid_until <= at)
        ):
            continue
        person = consent.person
        if under_age:
            for guardianship in guardianships:
                # Mostly one row has been in force all the time since.
                if (
                    guardianship.person == person
                    and (guardianship.valid_from is BEGIN or guardianship.valid_from <= given_at)
                    and (guardianship.valid_until is END or at < guardianship.valid_until)
                ):
                    break
            else:
                if not (_has_authority(guardianships, person, at) and _has_authority(guardianships, person, given_at)):
                    continue
        elif not _competent_from_age(request, consent, of_age_at):
            continue
        if len(enrolments) > 1 and _left_school_since(enrolments, given_at, at):
            continue
        if len(consents) == 1:
            return True
        for other in consents:
            if other is consent or other.at > at:
                continue
            if other.person == person:
                if other.at >= given_at and (other.event == "withdrawn" or other.at > given_at):
                    break
            elif (
                other.event == "withdrawn"
                and _binds(request, other, consent, of_age_at)
                and not _lifted(request, other, of_age_at)
            ):
                break
        else:
            return True
    return False


def _has_authority(guardianships: Any, person: str, at: datetime) -> bool:
    """The person is a guardian at this instant."""
    for guardianship in guardianships:
        if guardianship.person == person and guardianship.valid_from <= at and at < guardianship.valid_until:
            return True
    return False


def _had_authority_at(guardianships: Any, person: str, of_age_at: datetime) -> bool:
    """The person was a guardian at the last instant before the birthday."""
    for guardianship in guardianships:
        if (
            guardianship.person == person
            and guardianship.valid_from < of_age_at
            and of_age_at <= guardianship.valid_until
        ):
            return True
    return False


def _competent_from_age(request: Any, consent: Any, of_age_at: datetime) -> bool:
    """Whether a consent's person might give it, and may now that the student is of age."""
    student_id = request.student_id
    if consent.at >= of_age_at:
        return bool(consent.person == student_id)
    if not _has_authority(request.guardianships, consent.person, consent.at):
        return False
    if consent.person == student_id:
        return True
    if request.parameters.parental_consent_at_16 != "continue":
        return False
    if not _had_authority_at(request.guardianships, consent.person, of_age_at):
        return False
    at = request.at
    for own in request.consents:
        if own.person == student_id and own.event == "given" and of_age_at <= own.at and own.at <= at:
            return False
    return True


def _left_school_since(enrolments: Any, since: datetime, at: datetime) -> bool:
    """Whether an enrolment ended since, and none was in force at the instant it ended."""
    for enrolment in enrolments:
        end = enrolment.valid_until
        if end is END or end > at or end <= since:
            continue
        for other in enrolments:
            if other.valid_from <= end and end < other.valid_until:
                break
        else:
            return True
    return False


def _binds(request: Any, withdrawal: Any, consent: Any, of_age_at: datetime) -> bool:
    """Whether another person's withdrawal counts against a consent."""
    person = withdrawal.person
    if person == request.student_id:
        return True
    at = request.at
    guardianships = request.guardianships
    under_age = at < of_age_at
    if under_age and _has_authority(guardianships, person, at):
        return True
    later = max(consent.at, withdrawal.at)
    if later < of_age_at and _has_authority(guardianships, person, later):
        return True
    return (
        not under_age
        and request.parameters.parental_consent_at_16 == "continue"
        and consent.person != request.student_id
        and _had_authority_at(guardianships, person, of_age_at)
    )


def _lifted(request: Any, withdrawal: Any, of_age_at: datetime) -> bool:
    """Whether the person who withdrew has since soundly given what is asked."""
    person = withdrawal.person
    for consent in request.consents:
        if (
            consent.person == person
            and consent.at > withdrawal.at
            and request.category in consent.categories
            and request.purpose in consent.purposes
            and _sound(request, consent, of_age_at)
        ):
            return True
    return False


def _sound(request: Any, consent: Any, of_age_at: datetime) -> bool:
    """Whether a consent passes every step."""
    at = request.at
    given_at = consent.at
    if (
        consent.event != "given"
        or given_at > at
        or consent.valid_from > at
        or consent.valid_until <= at
        or consent.issuer not in request.parameters.trusted_issuers
    ):
        return False
    person = consent.person
    if at < of_age_at:
        guardianships = request.guardianships
        if not (_has_authority(guardianships, person, at) and _has_authority(guardianships, person, given_at)):
            return False
    elif not _competent_from_age(request, consent, of_age_at):
        return False
    for other in request.consents:
        if (
            other.person == person
            and other.at <= at
            and other.at >= given_at
            and (other.event == "withdrawn" or other.at > given_at)
        ):
            return False
    return not _left_school_since(request.enrolments, given_at, at)

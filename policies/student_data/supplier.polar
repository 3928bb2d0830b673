# The supplier: accredited for the category (FAQ-4, FAQ-12), not suspended (FAQ-10), and processor of the institute (FAQ-2).

# Before the duty began no accreditation was asked; this matters for replays alone (FAQ-12).
accredited(request: Request) if not accreditation_required(request);

accredited(request: Request) if
    accredited_for_category(request) and
    not suspended(request);

# The duty holds from 18 December 2018 on, for open links too (FAQ-12).
accreditation_required(request: Request) if
    request.parameters.accreditation_required_from <= request.at;

# The outcome of an accreditation fixes the categories (FAQ-4, INF).
accredited_for_category(request: Request) if
    request.category != nil and
    accreditation in request.accreditations and
    in_force(accreditation, request.at) and
    request.category in accreditation.categories;

accreditation_in_force(request: Request) if
    accreditation in request.accreditations and
    in_force(accreditation, request.at);

# A suspension works at once and ends at its `valid_until`, if it has one (FAQ-10, INF).
suspended(request: Request) if
    suspension in request.suspensions and
    in_force(suspension, request.at);

# The supplier acts only for institutes whose processor it is now (FAQ-2).
processor_of_institute(request: Request) if
    processor in request.processors and
    in_force(processor, request.at);

# Reasons. Without an accreditation in force there is one code: the first that fits of revoked, expired, to come, missing.

unaccredited(request: Request) if
    accreditation_required(request) and
    not accreditation_in_force(request);

accreditation_revoked(request: Request) if
    accreditation in request.accreditations and
    ended(accreditation, request.at) and
    accreditation.ended_as != nil and
    accreditation.ended_as = "revoked";

accreditation_ended(request: Request) if
    accreditation in request.accreditations and
    ended(accreditation, request.at);

accreditation_to_come(request: Request) if
    accreditation in request.accreditations and
    to_come(accreditation, request.at);

reason(request: Request, "ACCREDITATION_REVOKED") if
    unaccredited(request) and
    accreditation_revoked(request);

reason(request: Request, "ACCREDITATION_EXPIRED") if
    unaccredited(request) and
    accreditation_ended(request) and
    not accreditation_revoked(request);

reason(request: Request, "ACCREDITATION_NOT_YET_VALID") if
    unaccredited(request) and
    accreditation_to_come(request) and
    not accreditation_ended(request);

reason(request: Request, "ACCREDITATION_MISSING") if
    unaccredited(request) and
    not accreditation_ended(request) and
    not accreditation_to_come(request);

reason(request: Request, "ACCREDITATION_SUSPENDED") if
    accreditation_required(request) and
    accreditation_in_force(request) and
    suspended(request);

reason(request: Request, "CATEGORY_NOT_ACCREDITED") if
    accreditation_required(request) and
    accreditation_in_force(request) and
    request.category != nil and
    not accredited_for_category(request);

reason(request: Request, "PROCESSOR_LINK_ENDED") if
    request.institute != nil and
    not processor_of_institute(request) and
    processor_ended(request);

reason(request: Request, "PROCESSOR_LINK_MISSING") if
    request.institute != nil and
    not processor_of_institute(request) and
    not processor_ended(request);

processor_ended(request: Request) if
    processor in request.processors and
    ended(processor, request.at);

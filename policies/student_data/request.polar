# The request itself: what is asked, by whom, about whom (FAQ-1, FAQ-8); and whether the facts are fresh enough.

in_scope(request: Request) if
    supported(request) and
    not commissioned(request) and
    request.category != nil and
    purpose_allowed(request) and
    request.institute != nil and
    request.school != nil and
    not stale(request);

# A request is for a supplier to read a student's data; no other action exists (INF).
supported(request: Request) if
    request.verb != nil and
    request.verb = "read" and
    request.subject_type = "supplier" and
    request.resource_type = "student";

# The request says that the institute works on the school's order, which the FAQ leaves out (FAQ-1).
commissioned(request: Request) if request.engagement = "commissioned";

# Or the only agreement in force is a commission; beside a private agreement a commission changes nothing (FAQ-1).
commissioned(request: Request) if only_commissioned(request);

only_commissioned(request: Request) if
    agreement in request.agreements and
    agreement.mode = "commissioned" and
    in_force(agreement, request.at) and
    not agreement_in_force(request);

# Homework guidance may use all four categories (FAQ-8).
purpose_allowed(request: Request) if
    request.purpose != nil and
    request.purpose = "homework_guidance";

# Identification may use the name alone (FAQ-8).
purpose_allowed(request: Request) if
    request.purpose != nil and
    request.purpose = "identification" and
    request.category != nil and
    request.category = "name";

# Ending access at once needs fresh facts: with a limit set, enrolment data that is absent or older is stale (FAQ-7, INF).
stale(request: Request) if
    request.parameters.max_fact_age_hours != nil and
    request.enrolments_fresh_until = nil;

stale(request: Request) if
    request.enrolments_fresh_until != nil and
    request.enrolments_fresh_until < request.at;

# Reasons.

reason(request: Request, "ACTION_NOT_SUPPORTED") if not supported(request);

reason(request: Request, "OUT_OF_SCOPE_COMMISSIONED") if commissioned(request);

reason(request: Request, "CATEGORY_UNKNOWN") if request.category = nil;

reason(request: Request, "PURPOSE_NOT_ALLOWED") if not purpose_allowed(request);

# A school that is absent or null is never guessed: the answer would tell where a child goes to school (INF).
reason(request: Request, "INSTITUTE_NOT_NAMED") if request.institute_id = nil;

reason(request: Request, "SCHOOL_NOT_NAMED") if request.school_id = nil;

reason(request: Request, "UNKNOWN_SUPPLIER") if request.supplier = nil;

reason(request: Request, "UNKNOWN_SCHOOL") if
    request.school_id != nil and
    request.school = nil;

reason(request: Request, "UNKNOWN_INSTITUTE") if
    request.institute_id != nil and
    request.institute = nil;

reason(request: Request, "FACTS_STALE") if stale(request);

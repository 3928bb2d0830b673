# The school: it opens and closes the link to a supplier freely (FAQ-6), and the student is enrolled there (FAQ-7).

# The link is closed by default; neither a consent nor a parent's request opens it (FAQ-5, FAQ-6, FAQ-9).
link_open(request: Request) if
    link in request.links and
    in_force(link, request.at);

# Leaving the school ends access at that instant (FAQ-7).
enrolled(request: Request) if enrolled_at(request, request.at);

enrolled_at(request: Request, at: Instant) if
    enrolment in request.enrolments and
    in_force(enrolment, at);

# The student left since an instant if an enrolment ended after it and none was in force at that end (FAQ-7).
left_school_since(request: Request, since: Instant) if
    enrolment in request.enrolments and
    since < enrolment.valid_until and
    ended(enrolment, request.at) and
    not enrolled_at(request, enrolment.valid_until);

# Reasons.

reason(request: Request, "SCHOOL_LINK_CLOSED") if
    request.school != nil and
    not link_open(request);

not_enrolled(request: Request) if
    request.student != nil and
    request.school != nil and
    not enrolled(request);

enrolment_ended(request: Request) if
    enrolment in request.enrolments and
    ended(enrolment, request.at);

enrolment_to_come(request: Request) if
    enrolment in request.enrolments and
    to_come(enrolment, request.at);

reason(request: Request, "ENROLMENT_ENDED") if
    not_enrolled(request) and
    enrolment_ended(request);

reason(request: Request, "ENROLMENT_NOT_STARTED") if
    not_enrolled(request) and
    enrolment_to_come(request) and
    not enrolment_ended(request);

reason(request: Request, "NOT_ENROLLED") if
    not_enrolled(request) and
    not enrolment_ended(request) and
    not enrolment_to_come(request);

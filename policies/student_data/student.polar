# The student's file, and the agreement with the institute: the first of the two legs (FAQ-5).

# The student is known, and the file is neither closed nor restricted (GDPR art. 17, 18 and 21; INF).
file_open(request: Request) if
    request.student != nil and
    not file_closed(request) and
    not restricted(request);

# A closed file stays closed, whatever other facts say of the student (INF).
file_closed(request: Request) if
    request.student != nil and
    request.student.closed_at != nil and
    request.student.closed_at <= request.at;

# A restriction, an objection or a dispute stops all processing while it is in force (GDPR art. 18 and 21; INF).
restricted(request: Request) if
    hold in request.holds and
    in_force(hold, request.at);

# The private agreement of parent or student with the institute; a commission does not count (FAQ-1, FAQ-5).
agreement_in_force(request: Request) if
    agreement in request.agreements and
    agreement.mode = "private" and
    in_force(agreement, request.at);

# Reasons.

reason(request: Request, "UNKNOWN_STUDENT") if request.student = nil;

reason(request: Request, "STUDENT_CLOSED") if file_closed(request);

reason(request: Request, "PROCESSING_RESTRICTED") if restricted(request);

# Without a birth date it is not known who may give consent (INF).
reason(request: Request, "AGE_UNKNOWN") if
    request.student != nil and
    request.student.birth_date = nil;

# With only a commission in force the request is out of scope; the missing agreement adds no reason (FAQ-1).
no_agreement(request: Request) if
    request.student != nil and
    request.institute != nil and
    not agreement_in_force(request) and
    not only_commissioned(request);

agreement_ended(request: Request) if
    agreement in request.agreements and
    agreement.mode = "private" and
    ended(agreement, request.at);

agreement_to_come(request: Request) if
    agreement in request.agreements and
    agreement.mode = "private" and
    to_come(agreement, request.at);

reason(request: Request, "AGREEMENT_ENDED") if
    no_agreement(request) and
    agreement_ended(request);

reason(request: Request, "AGREEMENT_NOT_STARTED") if
    no_agreement(request) and
    agreement_to_come(request) and
    not agreement_ended(request);

reason(request: Request, "NO_AGREEMENT") if
    no_agreement(request) and
    not agreement_ended(request) and
    not agreement_to_come(request);

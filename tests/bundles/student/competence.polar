# Who may give consent and who may refuse it: from the age of consent on the student, before it a guardian with
# authority (UAVG art. 5; FAQ-5 and FAQ-7 say "ouder/leerling").

# The age of consent is reached at the local midnight of the birthday.
of_age(request: Request, at: Instant) if
    request.of_age_at != nil and
    request.of_age_at <= at;

under_age(request: Request, at: Instant) if
    request.of_age_at != nil and
    at < request.of_age_at;

has_authority(request: Request, person: String, at: Instant) if
    guardianship in request.guardianships and
    guardianship.person = person and
    in_force(guardianship, at);

# From the age of consent on only the student may give.
may_give(request: Request, person: String, at: Instant) if
    person = request.student_id and
    of_age(request, at);

# Before that age only a guardian with authority may give.
may_give(request: Request, person: String, at: Instant) if
    under_age(request, at) and
    has_authority(request, person, at);

# The student may refuse at any age.
may_refuse(request: Request, person: String, _at: Instant) if person = request.student_id;

# Before the age of consent any guardian with authority may refuse too.
may_refuse(request: Request, person: String, at: Instant) if
    under_age(request, at) and
    has_authority(request, person, at);

# Lawyers disagree on a guardian's consent after that age: the parameter "continue" keeps it (EDPB 05/2020, 148).
guardians_continue(request: Request) if
    request.parameters.parental_consent_at_16 = "continue" and
    of_age(request, request.at);

# For a guardian's consent that is kept, authority is judged just before the birthday.
had_authority_at_birthday(request: Request, person: String) if
    request.of_age_at != nil and
    guardianship in request.guardianships and
    guardianship.person = person and
    guardianship.valid_from < request.of_age_at and
    request.of_age_at <= guardianship.valid_until;

# A guardian's consent is kept until the student, from the age of consent on, gives consent.
student_has_given(request: Request) if
    consent in request.consents and
    consent.person = request.student_id and
    is_given(request, consent) and
    of_age(request, consent.at);

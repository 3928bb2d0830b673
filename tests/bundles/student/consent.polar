# Consent: the second leg (FAQ-5), explicit and per student (FAQ-7), as a history of the events `given` and `withdrawn`.
# A request has only the rows of its student, institute, supplier and school, so consent does not travel to others.

# Consent stands when one sound, undefeated consent has both the category and the purpose (FAQ-7, FAQ-8).
consented(request: Request) if
    consent in request.consents and
    covers(request, consent) and
    effective(request, consent);

covers(request: Request, consent: Consent) if
    request.category != nil and
    request.category in consent.categories and
    request.purpose != nil and
    request.purpose in consent.purposes;

effective(request: Request, consent: Consent) if
    sound(request, consent) and
    not defeated(request, consent);

# A consent is sound when it passes every step; the first step that it fails is the cause of the refusal.

is_given(request: Request, consent: Consent) if
    consent.event = "given" and
    consent.at <= request.at;

# Step 1: it is the last consent that its person gave; an earlier one is replaced (INF).
latest(request: Request, consent: Consent) if
    is_given(request, consent) and
    not replaced(request, consent);

replaced(request: Request, consent: Consent) if
    other in request.consents and
    other.person = consent.person and
    is_given(request, other) and
    consent.at < other.at;

# Step 2: its person has not withdrawn since, or at the same instant; withdrawal works at once (FAQ-7).
unwithdrawn(request: Request, consent: Consent) if
    latest(request, consent) and
    not withdrawn_since(request, consent);

withdrawn_since(request: Request, consent: Consent) if
    other in request.consents and
    other.person = consent.person and
    is_withdrawn(request, other) and
    consent.at <= other.at;

is_withdrawn(request: Request, withdrawal: Consent) if
    withdrawal.event = "withdrawn" and
    withdrawal.at <= request.at;

# Step 3: its validity has begun and has not ended (INF).
valid(request: Request, consent: Consent) if
    unwithdrawn(request, consent) and
    in_force(consent, request.at);

# Step 4: the issuer of its login is trusted, compared exactly (FAQ-11).
verified(request: Request, consent: Consent) if
    valid(request, consent) and
    trusted(request, consent);

trusted(request: Request, consent: Consent) if
    consent.issuer != nil and
    consent.issuer in request.parameters.trusted_issuers;

# Step 5: its person was allowed to give it at that instant (UAVG art. 5).
competent(request: Request, consent: Consent) if
    verified(request, consent) and
    may_give(request, consent.person, consent.at);

# Step 6: the student has not left this school since (FAQ-7: "gaat van school").
unbroken(request: Request, consent: Consent) if
    competent(request, consent) and
    not left_school_since(request, consent.at);

# Step 7: its person is allowed to give it now, or it is a guardian's consent that is kept.
sound(request: Request, consent: Consent) if
    unbroken(request, consent) and
    still_competent(request, consent);

still_competent(request: Request, consent: Consent) if may_give(request, consent.person, request.at);

still_competent(request: Request, consent: Consent) if
    guardians_continue(request) and
    had_authority_at_birthday(request, consent.person) and
    not student_has_given(request);

# A sound consent is defeated by the withdrawal of another person who may refuse (INF).
defeated(request: Request, consent: Consent) if
    withdrawal in request.consents and
    defeats(request, withdrawal, consent);

defeats(request: Request, withdrawal: Consent, consent: Consent) if
    is_withdrawn(request, withdrawal) and
    withdrawal.person != consent.person and
    binds(request, withdrawal, consent) and
    not lifted(request, withdrawal);

# A withdrawal binds when its person may refuse now,
binds(request: Request, withdrawal: Consent, _consent: Consent) if
    may_refuse(request, withdrawal.person, request.at);

# or was allowed to refuse at the later of the two events, the withdrawal and the giving,
binds(request: Request, withdrawal: Consent, consent: Consent) if
    withdrawal.at <= consent.at and
    may_refuse(request, withdrawal.person, consent.at);

binds(request: Request, withdrawal: Consent, consent: Consent) if
    consent.at < withdrawal.at and
    may_refuse(request, withdrawal.person, withdrawal.at);

# or, for a guardian's consent that is kept, had authority at the birthday. A guardian cannot refuse what the student gave.
binds(request: Request, withdrawal: Consent, consent: Consent) if
    guardians_continue(request) and
    consent.person != request.student_id and
    had_authority_at_birthday(request, withdrawal.person);

# Only a later sound consent of the same person, for the same category and purpose, lifts a withdrawal (INF).
lifted(request: Request, withdrawal: Consent) if
    consent in request.consents and
    consent.person = withdrawal.person and
    withdrawal.at < consent.at and
    covers(request, consent) and
    sound(request, consent);

# Reasons. Consent is judged when the birth date, the school and the institute are known.

unconsented(request: Request) if
    request.of_age_at != nil and
    request.institute != nil and
    request.school != nil and
    not consented(request);

# The consent was given after every withdrawal that defeats it: guardians disagree (INF).
reason(request: Request, "CONSENT_DISPUTED") if
    unconsented(request) and
    consent in request.consents and
    sound(request, consent) and
    defeated(request, consent) and
    not defeated_since(request, consent);

defeated_since(request: Request, consent: Consent) if
    withdrawal in request.consents and
    consent.at <= withdrawal.at and
    defeats(request, withdrawal, consent);

# The person who gave it has withdrawn it,
reason(request: Request, "CONSENT_WITHDRAWN") if
    unconsented(request) and
    consent in request.consents and
    latest(request, consent) and
    withdrawn_since(request, consent);

# or another person has refused it since.
reason(request: Request, "CONSENT_WITHDRAWN") if
    unconsented(request) and
    consent in request.consents and
    sound(request, consent) and
    defeated_since(request, consent);

reason(request: Request, "CONSENT_LAPSED_LEFT_SCHOOL") if
    unconsented(request) and
    consent in request.consents and
    competent(request, consent) and
    left_school_since(request, consent.at);

reason(request: Request, "CONSENT_LAPSED_MAJORITY") if
    unconsented(request) and
    of_age(request, request.at) and
    consent in request.consents and
    unbroken(request, consent) and
    not still_competent(request, consent);

reason(request: Request, "CONSENT_LAPSED_AUTHORITY") if
    unconsented(request) and
    under_age(request, request.at) and
    consent in request.consents and
    unbroken(request, consent) and
    not still_competent(request, consent);

reason(request: Request, "CONSENT_EXPIRED") if
    unconsented(request) and
    consent in request.consents and
    ended(consent, request.at) and
    unwithdrawn(request, consent);

reason(request: Request, "CONSENT_UNVERIFIED") if
    unconsented(request) and
    consent in request.consents and
    valid(request, consent) and
    not trusted(request, consent);

reason(request: Request, "CONSENT_GIVER_NOT_COMPETENT") if
    unconsented(request) and
    consent in request.consents and
    verified(request, consent) and
    not may_give(request, consent.person, consent.at);

# It was given and its validity has not begun,
reason(request: Request, "CONSENT_NOT_YET_VALID") if
    unconsented(request) and
    consent in request.consents and
    to_come(consent, request.at) and
    unwithdrawn(request, consent);

# or there is no event yet, and a consent lies in the future.
reason(request: Request, "CONSENT_NOT_YET_VALID") if
    unconsented(request) and
    not any_word(request) and
    consent_to_come(request);

any_word(request: Request) if
    consent in request.consents and
    consent.at <= request.at;

any_consent(request: Request) if
    consent in request.consents and
    is_given(request, consent);

consent_to_come(request: Request) if
    consent in request.consents and
    consent.event = "given" and
    request.at < consent.at;

# There is no event and no future consent, or there are only withdrawals.
reason(request: Request, "NO_CONSENT") if
    unconsented(request) and
    not any_word(request) and
    not consent_to_come(request);

reason(request: Request, "NO_CONSENT") if
    unconsented(request) and
    any_word(request) and
    not any_consent(request);

# The consent has another category or, with the category, another purpose (FAQ-7, FAQ-8).
reason(request: Request, "CATEGORY_NOT_CONSENTED") if
    unconsented(request) and
    request.category != nil and
    consent in request.consents and
    effective(request, consent) and
    not category_consented(request);

category_consented(request: Request) if
    request.category != nil and
    consent in request.consents and
    request.category in consent.categories and
    effective(request, consent);

reason(request: Request, "PURPOSE_NOT_CONSENTED") if
    unconsented(request) and
    request.purpose != nil and
    category_consented(request);

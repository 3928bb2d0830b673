# A supplier may read a category of a student's data when every condition of this rule holds. docs/domain.md explains
# the sources: FAQ-n is a question of the FAQ, INF an inference. The customer's four pillars are marked.

allow(_supplier: Supplier, action: String, request: Request) if
    action = request.action and
    in_scope(request) and
    accredited(request) and             # pillar: accredited supplier (FAQ-4, FAQ-12)
    link_open(request) and              # pillar: school toggle (FAQ-6, FAQ-9)
    processor_of_institute(request) and # the supplier works for this institute (FAQ-2)
    file_open(request) and              # the student is known, and the file neither closed nor restricted
    enrolled(request) and               # pillar: enrolled (FAQ-7)
    agreement_in_force(request) and     # first leg: the agreement with the institute (FAQ-5)
    consented(request);                 # second leg, pillar: student consent (FAQ-5, FAQ-7, FAQ-8)

# A dated fact is in force from `valid_from` up to, and not at, `valid_until` (INF).
in_force(fact: Dated, at: Instant) if
    fact.valid_from <= at and
    at < fact.valid_until;

# A dated fact has ended from `valid_until` on (INF).
ended(fact: Dated, at: Instant) if fact.valid_until <= at;

# A dated fact is to come before `valid_from` (INF).
to_come(fact: Dated, at: Instant) if at < fact.valid_from;

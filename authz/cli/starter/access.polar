# The owner of a document may read it. A request that no rule permits is refused.
allow(_user: User, action: String, request: Request) if
    action = request.action and
    owner_reads(request);

owner_reads(request: Request) if
    request.action = "read" and
    request.subject_type = "user" and
    request.resource_type = "document" and
    request.document != nil and
    request.document.owner = request.user_id;

# A refusal has a reason, and a permit has none.
reason(request: Request, "NOT_THE_OWNER") if not owner_reads(request);

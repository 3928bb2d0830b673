# Deny by default, and a rule that forbids wins. The numbers are those of the fixture's eight rules.

allow(_user: User, action: String, request: Request) if
    action = request.action and
    a_user_and_a_record(request) and
    request.user != nil and
    request.record != nil and
    permitted(request) and
    not forbidden(request);

a_user_and_a_record(request: Request) if
    request.subject_type = "user" and
    request.resource_type = "record";

# 1: alice reads record-1.
permitted(request: Request) if
    request.user_id = "alice" and
    request.action = "read" and
    request.record_id = "record-1";

# 2: alice writes record-1.
permitted(request: Request) if
    request.user_id = "alice" and
    request.action = "write" and
    request.record_id = "record-1";

# 3: bob reads record-1.
permitted(request: Request) if
    request.user_id = "bob" and
    request.action = "read" and
    request.record_id = "record-1";

# 4: bob does not write record-1.
forbidden(request: Request) if
    request.user_id = "bob" and
    request.action = "write" and
    request.record_id = "record-1";

# 5: alice writes nothing that is archived.
forbidden(request: Request) if
    request.user_id = "alice" and
    request.action = "write" and
    archived(request);

# 6: an administrator writes what is archived.
permitted(request: Request) if
    request.role != nil and
    request.role = "admin" and
    request.action = "write" and
    archived(request);

# 7: alice deletes record-1 softly.
permitted(request: Request) if
    request.user_id = "alice" and
    request.action = "delete" and
    request.soft != nil and
    request.soft = true and
    request.record_id = "record-1";

# 8: alice does not delete record-1 for good.
forbidden(request: Request) if
    request.user_id = "alice" and
    request.action = "delete" and
    request.soft != nil and
    request.soft = false and
    request.record_id = "record-1";

archived(request: Request) if
    request.status != nil and
    request.status = "archived";

# Refusals.

reason(request: Request, "NOT_A_USER_AND_A_RECORD") if not a_user_and_a_record(request);

reason(request: Request, "UNKNOWN_USER") if request.user = nil;

reason(request: Request, "UNKNOWN_RECORD") if request.record = nil;

reason(request: Request, "FORBIDDEN") if forbidden(request);

reason(request: Request, "NOT_PERMITTED") if
    not permitted(request) and
    not forbidden(request);

allow(_supplier: Supplier, action: String, request: Request) if
    action = request.action and
    permitted(request);

permitted(request: Request) if
    request.supplier != nil and
    request.supplier.accredited_from <= request.now and
    request.now < request.supplier.accredited_until and
    request.supplier.suspended = false and
    request.institute in request.supplier.institutes and
    request.school != nil and
    request.supplier_id in request.school.links and
    request.student != nil and
    request.student.enrolled_from <= request.now and
    request.now < request.student.enrolled_until and
    consent in request.consents and
    consent.supplier = request.supplier_id and
    consent.institute = request.institute and
    consent.category = request.category and
    consent.purpose = request.purpose and
    consent.given <= request.now and
    request.now < consent.withdrawn;

reason(request: Request, "NOT_PERMITTED") if not permitted(request);

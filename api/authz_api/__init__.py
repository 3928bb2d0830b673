"""The HTTP service: OpenID AuthZEN Authorization API 1.0 over the decision library.

    serve.py      processes, signals, the command's settings
    wire.py       one connection: calls that are here whole, in one go; bounds on what one may take
    app.py        the application: routes, and what every answer carries
    answering.py  one call: its caller known and admitted, decided, recorded, answered
    calls.py      a call's headers, and the bytes that answer it
    identity.py   who calls: callers.py (a file of keys and rights), tokens.py (JWT)
    admission.py  how much is answered at once, and of whom
    bodies.py     bytes to a value (I-JSON), or a problem
    batches.py    `evaluations`: defaults, semantics
    searching.py  searches in pages
    answers.py    a decision as an answer, by audience
    holding.py    refusals leave on the clock's tick
    records.py    the decision record, and pseudonyms
    metrics.py    counters and times
    schema.py     OpenAPI, from the vocabulary

What a service may decide with is one value, `Loaded`; a reload swaps it whole.
"""

"""The HTTP service: OpenID AuthZEN Authorization API 1.0 over the decision library.

    serve.py      processes, signals, the command's settings
    app.py        the application: routes, and what every answer carries
    answering.py  one call: parsed, decided, recorded, answered
    bodies.py     bytes to a value (I-JSON), or a problem
    batches.py    `evaluations`: defaults, semantics
    searching.py  searches in pages
    answers.py    a decision as an answer, by audience
    records.py    the decision record, and pseudonyms
    metrics.py    counters and times
    schema.py     OpenAPI, from the vocabulary

What a service may decide with is one value, `Loaded`; a reload swaps it whole.
"""

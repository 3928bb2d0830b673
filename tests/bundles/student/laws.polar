# Conditions of the laws in `bundle.toml`; no decision reads these rules.

# A consent event that can permit nothing: it does not cover the request (a withdrawal covers none),
worthless(request: Request, consent: Consent) if not covers(request, consent);

# or its login is not trusted,
worthless(request: Request, consent: Consent) if not trusted(request, consent);

# or its validity has ended or not begun,
worthless(request: Request, consent: Consent) if not in_force(consent, request.at);

# or its person was not allowed to give it.
worthless(request: Request, consent: Consent) if not may_give(request, consent.person, consent.at);

# What the bundle's laws speak of (`bundle.toml`): no decision reads these rules.

# A word on consent that can make nothing better: it does not cover what is asked, as no withdrawal does,
worthless(request: Request, consent: Consent) if not covers(request, consent);

# was given without the trusted login,
worthless(request: Request, consent: Consent) if not trusted(request, consent);

# has run out or not begun,
worthless(request: Request, consent: Consent) if not in_force(consent, request.at);

# or was given by someone who might not give it.
worthless(request: Request, consent: Consent) if not may_give(request, consent.person, consent.at);

"""The settings of the service, as `authz serve` gives them."""

from dataclasses import dataclass, field
from pathlib import Path

from authz_api.authn.jwks import Issuer
from authz_api.rate_limit import MAX_CALLS


@dataclass(frozen=True, slots=True)
class Tls:
    """The server's certificate and key in PEM files; with `client_ca` clients must show a certificate of it."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What to serve, where, to whom, and within what limits.

    `key` is the secret for pseudonyms and page tokens; `decision_log` is None for standard output; `rate` is in
    evaluations a second for each caller, and 0 sets no limit.
    """

    policy: Path
    facts: Path
    key: bytes = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    public_url: str = ""
    decision_log: Path | None = None
    show_all_reasons: bool = False
    callers: Path | None = None
    issuer: Issuer | None = None
    max_calls: int = MAX_CALLS
    rate: float = 0.0
    tls: Tls | None = None

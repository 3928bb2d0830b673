"""`authz serve`: the HTTP service."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from authz.cli.errors import file_error, invalid
from authz.cli.options import Exit, FactsOption, PolicyOption, find_bundle
from authz.cli.output import print_error

if TYPE_CHECKING:
    from authz_api.authn.jwks import Issuer
    from authz_api.settings import Settings, Tls

KEY_BYTES = 32


HostOption = Annotated[str, typer.Option("--host", metavar="ADDRESS", help="The address to listen on.")]
PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")]
WorkersOption = Annotated[int, typer.Option("--workers", min=1, max=256, help="The number of worker processes.")]
PublicUrlOption = Annotated[
    str, typer.Option("--public-url", metavar="URL", help="The URL of the service for callers, for its metadata.")
]
DecisionLogOption = Annotated[
    Path | None,
    typer.Option("--decision-log", "--record", metavar="FILE", help="The decision log; by default standard output."),
]
KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key",
        metavar="FILE",
        help="At least 32 random bytes, for pseudonyms and page tokens; by default a new key for each run.",
    ),
]
AdminReasonsOption = Annotated[
    bool, typer.Option("--admin-reasons", help="Show every reason code to every caller: never to suppliers.")
]
CallersOption = Annotated[
    Path | None, typer.Option("--callers", metavar="FILE", help="Who may call: see `authz callers`.")
]
JwtIssuerOption = Annotated[
    str, typer.Option("--jwt-issuer", metavar="URL", help="The issuer of accepted tokens, as in `iss`.")
]
JwtAudienceOption = Annotated[
    str, typer.Option("--jwt-audience", metavar="TEXT", help="The audience of accepted tokens, as in `aud`.")
]
JwtJwksOption = Annotated[
    str,
    typer.Option("--jwt-jwks", metavar="FILE|URL", help="The issuer's keys (JWKS), fetched again as they rotate."),
]
JwtAlgorithmOption = Annotated[
    list[str] | None,
    typer.Option("--jwt-algorithm", metavar="NAME", help="An accepted signature algorithm; by default RS256."),
]
MaxCallsOption = Annotated[
    int, typer.Option("--max-calls", min=1, help="The number of calls that each process handles at once.")
]
RateOption = Annotated[
    float, typer.Option("--rate", min=0, help="Evaluations a second for each caller; 0 sets no limit.")
]

TlsCertificateOption = Annotated[
    Path | None, typer.Option("--tls-certificate", metavar="FILE", help="The server's certificate chain, in PEM.")
]
TlsKeyOption = Annotated[
    Path | None, typer.Option("--tls-key", metavar="FILE", help="The key of the certificate, in PEM.")
]
TlsClientCaOption = Annotated[
    Path | None,
    typer.Option("--tls-client-ca", metavar="FILE", help="Clients must show a certificate of this authority."),
]


def serve(
    policy: PolicyOption = None,
    facts: FactsOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8080,
    workers: WorkersOption = 1,
    public_url: PublicUrlOption = "",
    decision_log: DecisionLogOption = None,
    key: KeyOption = None,
    admin_reasons: AdminReasonsOption = False,
    callers: CallersOption = None,
    jwt_issuer: JwtIssuerOption = "",
    jwt_audience: JwtAudienceOption = "",
    jwt_jwks: JwtJwksOption = "",
    jwt_algorithm: JwtAlgorithmOption = None,
    max_calls: MaxCallsOption = 512,
    tls_certificate: TlsCertificateOption = None,
    tls_key: TlsKeyOption = None,
    tls_client_ca: TlsClientCaOption = None,
    rate: RateOption = 0,
) -> None:
    """Serve decisions over HTTP (AuthZEN 1.0).

    SIGTERM answers the accepted calls and stops; SIGHUP reloads bundle and facts.
    """
    from authz_api.public_url import url_problem
    from authz_api.settings import Settings

    if public_url and (problem := url_problem(public_url)):
        raise invalid("--public-url", f"`{public_url}` {problem}")
    folder = policy or find_bundle(*([facts] if facts else []))
    settings = Settings(
        policy=folder,
        facts=facts or folder / "facts.json",
        key=_read_key(key),
        host=host,
        port=port,
        workers=workers,
        public_url=public_url,
        decision_log=decision_log,
        show_all_reasons=admin_reasons,
        callers=callers,
        issuer=_issuer(jwt_issuer, jwt_audience, jwt_jwks, jwt_algorithm or []),
        max_calls=max_calls,
        rate=rate,
        tls=_tls(tls_certificate, tls_key, tls_client_ca),
    )
    raise typer.Exit(_run(settings))


def _run(settings: "Settings") -> int:
    """Serve until a signal ends it; the exit code."""
    from authz_api.server import ServeError, run

    try:
        return run(settings)
    except ServeError as error:
        print_error(f"authz: {error}")
        return Exit.FAILED


def _tls(certificate: Path | None, key: Path | None, client_ca: Path | None) -> "Tls | None":
    """The certificates of the server; certificate and key are given together or not at all."""
    from authz_api.settings import Tls

    for name, path in {"--tls-certificate": certificate, "--tls-key": key, "--tls-client-ca": client_ca}.items():
        if path is not None and not path.is_file():
            raise invalid(name, f"{path}: no such file")
    if certificate is None and key is None and client_ca is None:
        return None
    if certificate is None or key is None:
        raise invalid(
            "--tls-key" if certificate else "--tls-certificate", "is missing: TLS needs a certificate and its key"
        )
    return Tls(certificate, key, client_ca)


def _issuer(issuer: str, audience: str, jwks: str, algorithms: list[str]) -> "Issuer | None":
    """The issuer whose tokens are accepted; its three options are given together or not at all."""
    from authz_api.authn.jwks import Issuer, loopback_or_https
    from authz_api.authn.jwt import ALGORITHMS

    options = {"--jwt-issuer": issuer, "--jwt-audience": audience, "--jwt-jwks": jwks}
    if not any(options.values()) and not algorithms:
        return None
    for name, value in options.items():
        if not value:
            raise invalid(name, f"is missing: tokens need {', '.join(options)} together")
    for algorithm in algorithms:
        if algorithm not in ALGORITHMS:
            raise invalid("--jwt-algorithm", f"`{algorithm}` is not one of {', '.join(ALGORITHMS)}")
    if not loopback_or_https(jwks):
        raise invalid("--jwt-jwks", "keys must come over https or from a file")
    return Issuer(issuer, audience, jwks, tuple(algorithms) or ("RS256",))


def _read_key(path: Path | None) -> bytes:
    """The key in a file, or a new one that lasts as long as the process."""
    if path is None:
        return os.urandom(KEY_BYTES)
    try:
        key = path.read_bytes()
    except OSError as error:
        raise file_error("--key", path, error) from None
    if len(key) < KEY_BYTES:
        raise invalid("--key", f"{path}: has {len(key)} bytes; a key needs at least {KEY_BYTES}")
    return key

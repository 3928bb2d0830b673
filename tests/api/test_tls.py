"""TLS: the service speaks HTTPS alone, and clients must show a certificate where the operator says so."""

import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.paths import STUDENT
from tests.support.project import project
from tests.support.server import EVALUATION, free_port
from tests.support.service_cases import SARA, serve_error


def key_usage(of_authority: bool) -> x509.KeyUsage:
    """An authority's key signs certificates; another signs handshakes."""
    return x509.KeyUsage(True, False, False, False, False, of_authority, of_authority, False, False)


def certificate(folder: Path, name: str, signer: ec.EllipticCurvePrivateKey | None) -> ec.EllipticCurvePrivateKey:
    """Write a certificate and its key: of an authority if there is no signer, else signed by the authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, each)]) for each in (name, "authority")]
    begin = datetime.now(UTC) - timedelta(days=1)
    built = (
        x509.CertificateBuilder(names[1], names[0], key.public_key(), x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=30))
        .add_extension(x509.BasicConstraints(signer is None, None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key((signer or key).public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(key_usage(signer is None), critical=True)
        .sign(signer or key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    )
    return key


def answers(url: str, context: ssl.SSLContext) -> bool:
    with httpx.Client(verify=context, trust_env=False) as client:
        return client.post(url + EVALUATION, json=SARA).json()["decision"] is True


@pytest.fixture
def files(tmp_path: Path) -> Path:
    authority = certificate(tmp_path, "authority", None)
    certificate(tmp_path, "server", authority)
    certificate(tmp_path, "client", authority)
    return tmp_path


def test_clients_without_a_certificate_of_the_authority_get_no_answer(files: Path) -> None:
    port = free_port()
    options = ["--tls-certificate", "server.pem", "--tls-key", "server.key", "--tls-client-ca", "authority.pem"]
    paths = [each if each.startswith("--") else str(files / each) for each in options]
    command = [sys.executable, "-m", "authz", "serve", "--policy", str(STUDENT), "--port", str(port), *paths]
    url = f"https://localhost:{port}"
    known = ssl.create_default_context(cafile=files / "authority.pem")
    known.load_cert_chain(files / "client.pem", files / "client.key")
    with (files / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=project(), stdout=subprocess.DEVNULL, stderr=log)
    try:
        for _ in range(300):
            try:
                assert answers(url, known)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        assert answers(url, known), (files / "log").read_text()
        with pytest.raises(httpx.TransportError):
            answers(url, ssl.create_default_context(cafile=files / "authority.pem"))
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://localhost:{port}/healthz", trust_env=False)
    finally:
        process.terminate()
        assert process.wait(40) == 0


def test_certificates_are_configured_whole(files: Path) -> None:
    assert "--tls-key: is missing" in serve_error("--tls-certificate", str(files / "server.pem"))
    assert "--tls-certificate: is missing" in serve_error("--tls-client-ca", str(files / "authority.pem"))
    assert "no such file" in serve_error(
        "--tls-certificate", str(files / "none.pem"), "--tls-key", str(files / "server.key")
    )
    swapped = ["--tls-certificate", str(files / "server.pem"), "--tls-key", str(files / "client.key")]
    assert serve_error(*swapped).startswith("authz: cannot read the certificate")

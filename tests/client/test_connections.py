"""Connections of the client: kept, retried where that is safe, and only to servers with a valid certificate."""

import asyncio
import ipaddress
import os
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from authz.client import AsyncClient, Client, Evaluation, EvaluationOutcome, EvaluationResponse, Server
from tests.support.client_cases import (
    ABOUT_SARA,
    SCHEDULE,
    SECRET,
    X,
    evaluate_at,
    patient_server,
    permit_with,
    unanswered_with,
)
from tests.support.faulty_server import PERMIT, Exchange, http, respond_with, serve_script
from tests.support.server import free_port


def test_a_connection_is_used_again() -> None:
    script = respond_with(http(), http(PERMIT, "500 No"), http())
    with serve_script(script) as server, Client(patient_server(server.url, SECRET)) as client:
        assert [bool(client.evaluate(ABOUT_SARA)) for _ in range(5)] == [True, False, True, True, True]
    assert (server.connections, len(server.heads)) == (1, 5)
    assert all(f"authorization: bearer {SECRET}".encode() in head.lower() for head in server.heads)
    assert all(b"accept-encoding: identity" in head.lower() for head in server.heads)


def test_a_loop_uses_a_connection_again() -> None:
    async def main(url: str) -> list[EvaluationResponse]:
        async with AsyncClient(patient_server(url)) as client:
            return [await client.evaluate(ABOUT_SARA) for _ in range(3)]

    with serve_script(respond_with(http())) as server:
        assert asyncio.run(main(server.url)) == [permit_with()] * 3
    assert (server.connections, len(server.heads)) == (1, 3)


def test_a_server_that_is_not_there_yet_is_tried_again_and_asked_once() -> None:
    port, answers = free_port(), []
    with Client(patient_server(f"http://127.0.0.1:{port}", retries=5)) as client:
        asking = threading.Thread(target=lambda: answers.append(client.evaluate(ABOUT_SARA)))
        asking.start()
        time.sleep(0.3)
        assert answers == []
        with serve_script(respond_with(http()), port) as server:
            asking.join(30)
    assert answers == [permit_with()]
    assert (server.connections, len(server.heads)) == (1, 1)


def test_an_absent_server_permits_nothing() -> None:
    with Client(patient_server(f"http://127.0.0.1:{free_port()}", retries=0)) as client:
        answer = client.evaluate(ABOUT_SARA)
    assert answer.outcome is EvaluationOutcome.UNANSWERED
    assert answer.message.startswith("the call failed (ConnectError): ")


def test_trying_again_ends_with_the_deadline() -> None:
    with Client(patient_server(f"http://127.0.0.1:{free_port()}", retries=100, deadline=0.3)) as client:
        assert client.evaluate(ABOUT_SARA) == unanswered_with("no response within 0.3 seconds")


def test_an_unknown_host_name_permits_nothing() -> None:
    with Client(Server("https://authz.invalid", SECRET, deadline=10)) as client:
        assert client.evaluate(ABOUT_SARA).outcome is EvaluationOutcome.UNANSWERED


def test_a_server_without_tls_is_not_asked_over_it() -> None:
    """Token and request are not sent before the server has proved its identity."""
    heads: list[bytes] = []

    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            for _ in range(3):
                connection, _ = listening.accept()
                with connection:
                    heads.append(connection.recv(65536))
                    connection.sendall(http())

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        with Client(Server(f"https://127.0.0.1:{listening.getsockname()[1]}", SECRET)) as client:
            assert client.evaluate(ABOUT_SARA).outcome is EvaluationOutcome.UNANSWERED
        thread.join(10)
    assert len(heads) == 3 and not any(SECRET.encode() in head or b"POST" in head for head in heads)


def certified(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for 127.0.0.1, and a client's that trusts it alone."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authz")])
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    file = folder / "certificate.pem"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(pem + made.public_bytes(Encoding.PEM))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    return serving, ssl.create_default_context(cafile=str(file))


def test_only_a_server_with_a_trusted_certificate_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusting = certified(tmp_path)
    # The client ignores certificate authorities that the environment names.
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    with serve_script(respond_with(http()), tls=context) as server:
        untrusted = evaluate_at(server, token=SECRET)
        assert untrusted.outcome is EvaluationOutcome.UNANSWERED and "CERTIFICATE_VERIFY_FAILED" in untrusted.message
        assert server.heads == []
        assert evaluate_at(server, token=SECRET, tls=trusting) == permit_with()
    assert len(server.heads) == 1


def test_an_error_in_tls_permits_nothing(tmp_path: Path) -> None:
    context, trusting = certified(tmp_path)

    def script(call: Exchange) -> None:
        call.send(http()[:60])
        with socket.socket(fileno=os.dup(call.connection.fileno())) as bare:
            bare.sendall(b"HTTP/1.1 200 OK\r\n\r\n" * 10)

    with serve_script(script, tls=context) as server:
        answer = evaluate_at(server, tls=trusting)
    assert answer.outcome is EvaluationOutcome.UNANSWERED
    assert answer.message.startswith("the call failed (SSLError): ")
    assert len(server.heads) == 1


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        serve_script(respond_with(http())) as proxy,
        serve_script(respond_with(http(b'{"decision": false}'))) as server,
    ):
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        assert evaluate_at(server) == EvaluationResponse(EvaluationOutcome.REFUSED)
    assert proxy.connections == 0


def test_a_client_that_was_closed_connects_anew() -> None:
    with serve_script(respond_with(http())) as server:
        client = Client(patient_server(server.url))
        for _ in range(2):
            assert client.evaluate(ABOUT_SARA)
            client.close()
            client.close()
    assert server.connections == 2
    assert not [one for one in threading.enumerate() if one.name == "authz.client"]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_process_that_forks_shares_no_connection_and_does_not_hang() -> None:
    with serve_script(respond_with(http())) as server, Client(patient_server(server.url)) as client:
        assert client.evaluate(ABOUT_SARA)
        child = os.fork()
        if child == 0:
            os._exit(0 if client.evaluate(ABOUT_SARA) == permit_with() else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert client.evaluate(ABOUT_SARA)
    assert (server.connections, len(server.heads)) == (2, 3)


def test_a_value_that_json_cannot_express_raises() -> None:
    with serve_script(respond_with(http())) as server, Client(patient_server(server.url)) as client:
        for value in (float("nan"), object(), {1, 2}):
            with pytest.raises((TypeError, ValueError)):
                client.evaluate(Evaluation(X, SCHEDULE, ABOUT_SARA.resource, {"engagement": value}))
    assert server.connections == 0

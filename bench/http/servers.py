"""`python -m bench.http.servers`: granian and uvicorn beside each other, for docs/decisions/0011-the-http-server.md.

Both serve the application of `bench.http.behaviour` with the settings of `authz serve` where they have such a setting.
Each row is one thing that a client or an operator does; the cell says what the server did by itself.
"""

import argparse
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.http.processes import children_of, free_port, memory_of, processor_seconds

MEBIBYTE = 1 << 20
PATIENCE = 20.0
"""Seconds after which a connection that is still open counts as never closed."""
APP = "bench.http.behaviour:app"
GRANIAN = """
import sys
from granian import Granian
from granian.constants import HTTPModes, Interfaces, RuntimeModes
from granian.http import HTTP1Settings
port, workers, cert, key, ca = sys.argv[1:]
if __name__ == "__main__":
    Granian("bench.http.behaviour:app", port=int(port), workers=int(workers), interface=Interfaces.ASGI,
        http=HTTPModes.http1, websockets=False, runtime_mode=RuntimeModes.st, log_enabled=False,
        http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=65_536), respawn_failed_workers=True,
        **(dict(ssl_cert=__import__("pathlib").Path(cert), ssl_key=__import__("pathlib").Path(key),
        ssl_ca=__import__("pathlib").Path(ca), ssl_client_verify=True) if cert else {})).serve()
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A server under test: its name, and the command that starts it."""

    name: str
    command: Callable[[int, int, tuple[str, str, str] | None], list[str]]


def _granian(port: int, workers: int, tls: tuple[str, str, str] | None) -> list[str]:
    return [sys.executable, "-c", GRANIAN, str(port), str(workers), *(tls or ("", "", ""))]


def _uvicorn(port: int, workers: int, tls: tuple[str, str, str] | None) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", APP, "--port", str(port), "--workers", str(workers)]
    command += ["--no-access-log", "--log-level", "critical", "--timeout-keep-alive", "10"]
    if tls:
        cert, key, ca = tls
        command += ["--ssl-certfile", cert, "--ssl-keyfile", key, "--ssl-ca-certs", ca, "--ssl-cert-reqs", "2"]
    return command


SERVERS = (Server("granian", _granian), Server("uvicorn", _uvicorn))


@contextmanager
def running(
    server: Server, workers: int = 1, tls: tuple[str, str, str] | None = None
) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """A server that listens."""
    port = free_port()
    process = subprocess.Popen(server.command(port, workers, tls), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(400):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        time.sleep(0.5)
        yield process, port
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def call(path: str = "/", body: bytes = b"{}", length: int | None = None, more: str = "") -> bytes:
    """The bytes of one call."""
    size = len(body) if length is None else length
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n{more}\r\n".encode() + body


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def _closed_after(port: int, begin: bytes, drip: bytes = b"") -> str:
    """After how many seconds the server ends a connection on which this comes, and no more."""
    began = time.monotonic()
    with _connect(port) as connection:
        connection.sendall(begin)
        connection.settimeout(0.25)
        while time.monotonic() - began < PATIENCE:
            try:
                if not connection.recv(65536):
                    return f"closed after {time.monotonic() - began:.0f} s"
            except TimeoutError:
                with suppress(OSError):
                    connection.sendall(drip)
            except OSError:
                return f"reset after {time.monotonic() - began:.0f} s"
    return f"open after {PATIENCE:.0f} s"


def empty(port: int, pid: int) -> str:
    """A connection on which nothing comes."""
    return _closed_after(port, b"")


def half_head(port: int, pid: int) -> str:
    """A connection on which half a head comes."""
    return _closed_after(port, call()[:30])


def dripping_head(port: int, pid: int) -> str:
    """A head that comes byte after byte."""
    return _closed_after(port, b"POST / HTTP/1.1\r\nX: ", b"y")


def between_calls(port: int, pid: int) -> str:
    """A connection that rests after a call."""
    return _closed_after(port, call())


def slow_body(port: int, pid: int) -> str:
    """A body that comes byte after byte."""
    return _closed_after(port, call(length=1000), b" ")


def large_body(port: int, pid: int) -> str:
    """A body of 1 GB to an application that answers 413 without reading it."""
    before, sent, answer = memory_of(pid), 0, b""
    with _connect(port) as connection:
        connection.sendall(call("/unread", b"", 10**9))
        block = b" " * MEBIBYTE
        connection.settimeout(5)
        try:
            while sent < 10**9:
                sent += connection.send(block)
        except OSError:
            pass
        with suppress(OSError):
            answer = connection.recv(65536)
    status = answer.split()[1].decode() if answer.startswith(b"HTTP") else "no answer (reset)"
    return f"{status}; took {sent // MEBIBYTE} MiB, memory grew by {max(0, memory_of(pid) - before) // MEBIBYTE} MiB"


def endless_head(port: int, pid: int) -> str:
    """A head that never ends."""
    before, sent = memory_of(pid), 0
    with _connect(port) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\n")
        line = (b"X-A: " + b"y" * 4000 + b"\r\n") * 16
        connection.settimeout(3)
        answer = b""
        try:
            while sent < 64 * MEBIBYTE:
                sent += connection.send(line)
        except OSError:
            pass
        with suppress(OSError):
            answer = connection.recv(65536)
    status = answer.split()[1].decode() if answer.startswith(b"HTTP") else "reset"
    grown = max(0, memory_of(pid) - before) // MEBIBYTE
    return f"{status}; took {sent / MEBIBYTE:.1f} MiB, memory grew by {grown} MiB"


def half_close(port: int, pid: int) -> str:
    """A client that sends a call, says that it sends no more, and waits for its answer."""
    with _connect(port) as connection:
        connection.sendall(call("/slow"))
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        with suppress(OSError):
            answer = connection.recv(65536)
    return "answered" if answer.startswith(b"HTTP/1.1 200") else "not answered"


def deaf(port: int, pid: int) -> str:
    """A client that asks and asks and never reads."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.connect(("127.0.0.1", port))
        connection.setblocking(False)
        before, sent, end = memory_of(pid), 0, time.monotonic() + 10
        data = call() * 200
        while time.monotonic() < end:
            try:
                sent += connection.send(data)
            except BlockingIOError:
                time.sleep(0.05)
            except OSError:
                break
        grown = max(0, memory_of(pid) - before) // MEBIBYTE
    return f"read {sent / MEBIBYTE:.1f} MiB of calls in 10 s, memory grew by {grown} MiB"


PROBES = (empty, half_head, dripping_head, between_calls, slow_body, large_body, endless_head, half_close, deaf)


def stopped_under_load(server: Server) -> str:
    """SIGTERM while calls are under way, some of whose bodies are still to come."""
    with running(server) as (process, port):
        head, answered, lost = call("/slow", b"{"[:1], 2), [0], [0]
        connections = [_connect(port) for _ in range(40)]
        for connection in connections:
            connection.sendall(head)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        for connection in connections:
            answer = b""
            with suppress(OSError):
                connection.sendall(b"}")
                answer = connection.recv(65536)
            (answered if answer.startswith(b"HTTP/1.1 200") else lost)[0] += 1
        try:
            code: int | str = process.wait(30)
        except subprocess.TimeoutExpired:
            code = "none within 30 s"
    return f"{answered[0]} of {len(connections)} answered; exit code {code}"


def worker_killed(server: Server) -> str:
    """One of two workers is killed."""
    with running(server, 2) as (process, port):
        before = children_of(process.pid)
        before = [each for each in before if b"resource_tracker" not in Path(f"/proc/{each}/cmdline").read_bytes()]
        os.kill(before[0], signal.SIGKILL)
        began = time.monotonic()
        failed = 0
        while time.monotonic() - began < PATIENCE:
            try:
                with _connect(port) as connection:
                    connection.sendall(call())
                    failed += not connection.recv(100).startswith(b"HTTP/1.1 200")
            except OSError:
                failed += 1
            if process.poll() is not None:
                return "the server ended"
            alive = [each for each in children_of(process.pid) if each not in before and _runs(each)]
            if alive and time.monotonic() - began > 1:
                return f"replaced after {time.monotonic() - began:.0f} s; {failed} calls meanwhile failed"
            time.sleep(0.05)
    return f"not replaced within {PATIENCE:.0f} s"


def _runs(pid: int) -> bool:
    with suppress(OSError):
        return b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def client_certificates(server: Server, folder: Path) -> str:
    """TLS with a certificate that clients must show."""
    tls = _certificates(folder)
    with running(server, 1, tls) as (_, port):
        told = []
        for shows in (True, False):
            context = ssl.create_default_context(cafile=tls[2])
            context.check_hostname = False
            if shows:
                context.load_cert_chain(tls[0], tls[1])
            try:
                with context.wrap_socket(_connect(port)) as connection:
                    connection.sendall(call())
                    good = connection.recv(100).startswith(b"HTTP/1.1 200")
                    told.append(f"answered ({connection.version()})" if good else "refused")
            except OSError:
                told.append("refused")
    return f"with one {told[0]}, without one {told[1]}"


def _certificates(folder: Path) -> tuple[str, str, str]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    def make(name: str, signer: tuple[x509.Name, ec.EllipticCurvePrivateKey] | None) -> ec.EllipticCurvePrivateKey:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        issuer, by = signer or (subject, key)
        start = datetime.now(UTC) - timedelta(days=1)
        certificate = (
            x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=30))
            .add_extension(x509.BasicConstraints(signer is None, None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(by, hashes.SHA256())
        )
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        text = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / f"{name}.key").write_bytes(text)
        return key

    authority = make("authority", None)
    make("server", (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")]), authority))
    return str(folder / "server.pem"), str(folder / "server.key"), str(folder / "authority.pem")


def processor_time(rounds: int, calls: int) -> dict[str, dict[str, float]]:
    """Processor microseconds of the server for one call, in alternation: a small body, and that of a batch of 50."""
    item = {"subject": {"type": "supplier", "id": "X"}, "action": {"name": "read"}, "resource": {"id": "s"}}
    batch = json.dumps({"evaluations": [item] * 50}).encode()
    bodies = {"one evaluation": call(body=json.dumps(item).encode()), "a batch of 50": call(body=batch)}
    taken: dict[str, dict[str, list[float]]] = {name: {each.name: [] for each in SERVERS} for name in bodies}
    with running(SERVERS[0]) as first, running(SERVERS[1]) as second:
        for _ in range(rounds):
            for server, (process, port) in zip(SERVERS, (first, second), strict=True):
                for name, data in bodies.items():
                    before = processor_seconds(process.pid)
                    _ask(port, data, calls)
                    taken[name][server.name].append((processor_seconds(process.pid) - before) / calls * 1e6)
    return {name: {server: median(each) for server, each in by.items()} for name, by in taken.items()}


def _ask(port: int, data: bytes, calls: int, connections: int = 16) -> None:
    opened = [_connect(port) for _ in range(connections)]
    for _ in range(calls // connections):
        for connection in opened:
            connection.sendall(data)
        for connection in opened:
            connection.recv(65536)
    for connection in opened:
        connection.close()


def main() -> None:
    """Probe both servers, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.http.servers", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the processor times (default 5)")
    parser.add_argument("--calls", type=int, default=4000, help="calls a round (default 4,000)")
    options = parser.parse_args()
    rows: dict[str, dict[str, str]] = {}
    for name, by in processor_time(options.rounds, options.calls).items():
        rows[f"Processor time of {name}, an application that decides nothing"] = {
            server: f"{microseconds:.0f} µs" for server, microseconds in by.items()
        }

    def told(about: str, server: Server, cell: str) -> None:
        rows.setdefault(about.strip().rstrip("."), {})[server.name] = cell

    for server in SERVERS:
        with running(server) as (process, port):
            pid = (children_of(process.pid) or [process.pid])[0]
            # The first probes wait for the server to end a connection, and can wait together.
            with ThreadPoolExecutor() as pool:
                waiting = [pool.submit(probe, port, pid) for probe in PROBES[:5]]
            for probe, cell in zip(PROBES, waiting, strict=False):
                told(probe.__doc__ or "", server, cell.result())
            for probe in PROBES[5:]:
                told(probe.__doc__ or "", server, probe(port, pid))
        for whole in (stopped_under_load, worker_killed):
            told(whole.__doc__ or "", server, whole(server))
        with TemporaryDirectory(prefix="bench-") as folder:
            told(client_certificates.__doc__ or "", server, client_certificates(server, Path(folder)))
    print(f"| | {' | '.join(each.name for each in SERVERS)} |\n|---|{'---|' * len(SERVERS)}")
    for about, cells in rows.items():
        print(f"| {about} | {' | '.join(cells.get(each.name, '') for each in SERVERS)} |")


if __name__ == "__main__":
    main()

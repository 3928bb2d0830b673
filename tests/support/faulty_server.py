"""A server on loopback that follows a script and counts what it receives."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

ID = b"<id>"
PERMIT = b'{"decision": true}'
TWICE = b'{"decision": false, "decision": true}'
INVALID_JSON = "the response is not valid JSON"
NEITHER = "`decision` is neither true nor false"


@dataclass(slots=True)
class Exchange:
    """One request and its connection."""

    connection: socket.socket
    id: bytes

    def send(self, data: bytes) -> None:
        """Send bytes, with the id of the request in place of `<id>`."""
        self.connection.sendall(data.replace(ID, self.id))


Script = Callable[[Exchange], None]


@dataclass(slots=True)
class FaultyServer:
    """What a server received: connections, and the heads and bodies of requests."""

    url: str
    connections: int = 0
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


def http(body: bytes = PERMIT, status: str = "200 OK", kind: str = "application/json", *headers: str) -> bytes:
    """A valid HTTP response, but for the parts given otherwise."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "X-Request-ID: <id>",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def respond_with(*responses: bytes) -> Script:
    """A script that sends one response after another, and then the last one again and again."""
    left = list(responses)

    def script(call: Exchange) -> None:
        call.send(left.pop(0) if len(left) > 1 else left[0])

    return script


@contextmanager
def serve_script(
    script: Script, port: int = 0, close: bool = False, tls: ssl.SSLContext | None = None
) -> Iterator[FaultyServer]:
    """A server that runs the script on each request; with `close` it hangs up after each."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        scheme = "https" if tls else "http"
        server = FaultyServer(f"{scheme}://127.0.0.1:{listening.getsockname()[1]}")
        accepted_connections: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                server.connections += 1
                accepted_connections.append(connection)
                threading.Thread(target=play, args=(connection,), daemon=True).start()

        def play(accepted: socket.socket) -> None:
            with (
                accepted,
                contextlib.suppress(OSError),
                tls.wrap_socket(accepted, server_side=True) if tls else accepted as connection,
            ):
                while (id := read_request(connection, server)) is not None:
                    script(Exchange(connection, id))
                    if close:
                        return

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield server
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            for connection in accepted_connections:
                connection.close()
            accepting.join()


def read_request(connection: socket.socket, server: FaultyServer) -> bytes | None:
    """Read and record one complete request: its id, or None if the connection ends."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    server.heads.append(head)
    headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(headers[b"content-length"]):
        body += connection.recv(65536)
    server.bodies.append(body)
    return headers[b"x-request-id"]


def chunked(*parts: bytes) -> bytes:
    """A valid response with a chunked body; an empty last part ends it."""
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nX-Request-ID: <id>\r\n\r\n"
    )
    return head + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)

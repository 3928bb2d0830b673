"""A server that plays a script on loopback, and counts what came."""

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
UNSOUND = "the answer is not sound JSON"
NEITHER = "`decision` is neither true nor false"


@dataclass(slots=True)
class Call:
    """One request, on its connection."""

    connection: socket.socket
    id: bytes

    def send(self, data: bytes) -> None:
        """Send bytes, with the request's id where they leave room for it."""
        self.connection.sendall(data.replace(ID, self.id))


Script = Callable[[Call], None]


@dataclass(slots=True)
class Hostile:
    """What came to a server: connections, and requests with their heads."""

    url: str
    connections: int = 0
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


def http(body: bytes = PERMIT, status: str = "200 OK", kind: str = "application/json", *headers: str) -> bytes:
    """An answer that is sound but for what is asked otherwise."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "X-Request-ID: <id>",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def saying(*answers: bytes) -> Script:
    """Sends one answer after another, the last one ever again."""
    left = list(answers)

    def script(call: Call) -> None:
        call.send(left.pop(0) if len(left) > 1 else left[0])

    return script


@contextmanager
def playing(script: Script, port: int = 0, close: bool = False, tls: ssl.SSLContext | None = None) -> Iterator[Hostile]:
    """A server that does what the script says with each request; `close` if it hangs up after each."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        scheme = "https" if tls else "http"
        hostile = Hostile(f"{scheme}://127.0.0.1:{listening.getsockname()[1]}")
        open_ones: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                hostile.connections += 1
                open_ones.append(connection)
                threading.Thread(target=play, args=(connection,), daemon=True).start()

        def play(accepted: socket.socket) -> None:
            with (
                accepted,
                contextlib.suppress(OSError),
                tls.wrap_socket(accepted, server_side=True) if tls else accepted as connection,
            ):
                while (id := request(connection, hostile)) is not None:
                    script(Call(connection, id))
                    if close:
                        return

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield hostile
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            for connection in open_ones:
                connection.close()
            accepting.join()


def request(connection: socket.socket, hostile: Hostile) -> bytes | None:
    """Read one request whole, and count it: its id, or None if none comes."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    hostile.heads.append(head)
    headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(headers[b"content-length"]):
        body += connection.recv(65536)
    hostile.bodies.append(body)
    return headers[b"x-request-id"]


def chunked(*parts: bytes) -> bytes:
    """A sound answer in chunks, but for the last one if that is empty."""
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nX-Request-ID: <id>\r\n\r\n"
    )
    return head + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)

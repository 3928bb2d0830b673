"""One connection: calls that are here whole are answered as soon as their last byte is, with no task of their own.

This is uvicorn's own connection, which parses HTTP (llhttp) and runs the application for any call that has to wait:
whose body is still on its way, that wants the connection closed, that is not hot. What is added is a shorter way for
the others, since a task, a scope and an event for each call take longer than to decide it; and bounds on what one
connection may take: one call at a time, so many bytes that are no body, and so long for whatever it is to do.
"""

import asyncio
from typing import Any, NamedTuple

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import (
    HEADER_VALUE_RE,
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from authz_api.app import Service
from authz_api.authzen.pipeline import Answering, Endpoint
from authz_api.http_messages import Call, Outcome, headers_of, outcome_of
from authz_api.problems import Problem
from authz_api.rate_limit import SECONDS, Account

STEP = 65_536
"""How many bytes are parsed at once: what is behind them waits until the calls in them are answered."""
MOST_HEAD = 65_536
"""How many bytes may come that are no body: a head, trailers, the sizes of chunks."""
PATIENCE = SECONDS + 2
"""How long a head, a body or the reading of an answer may take; a body that is late is told so before it is over."""
IDLE_SECONDS = 30.0
"""How long a connection may rest between two calls."""
LOOK_SECONDS = 1.0
CONNECTIONS = 4_096
"""How many connections a process holds; the next are told 503 at once."""

END_OF_HEAD = b"\r\n\r\n"
KNOWN_HEADS, MOST_KNOWN = 16, 1_024
"""How many heads a connection remembers, and how long each may be: most callers send the same ones again."""

FULL = Problem(503, "too many connections", {"retry-after": "1"})
LONG_HEAD = Problem(431, "the head is too long")
NO_HTTP = Problem(400, "this is no HTTP request")
NO_UPGRADE = Problem(400, "no other protocol is spoken here: send no `Upgrade`")


class Head(NamedTuple):
    """What the parser found in the head of a call."""

    endpoint: Endpoint
    headers: list[tuple[bytes, bytes]]


class _Flow(FlowControl):
    """Reads on only when nothing waits to be parsed."""

    waiting = False

    def resume_reading(self) -> None:
        """Read on."""
        if not self.waiting:
            super().resume_reading()


class _Held(RequestResponseCycle):
    """A call under way for as long as its answer is held, as far as uvicorn looks at it."""

    def __init__(self, message_event: asyncio.Event) -> None:
        self.response_complete = self.disconnected = self.more_body = False
        self.keep_alive = True
        self.message_event = message_event


class Connection(HttpToolsProtocol):
    """A connection that answers at once what it can, and takes no more than its share of anything."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assert isinstance(self.app, Service)  # what `authz serve` configures
        self.answering: Answering = self.app.answering
        self.endpoints, self.most = self.app.at_once, self.app.connections
        self.endpoint: Endpoint | None = None
        self.parts: list[bytes] = []
        self.waiting = bytearray()
        self.heads: dict[tuple[bytes, int], Head] = {}
        self.answered: list[Head] = []
        """The heads of the calls in what is parsed now that were answered at once."""
        self.unread: Account | None = None
        self.running: RequestResponseCycle | None = None
        self.refusal, self.in_head, self.ended = NO_HTTP, True, False
        self.head = 0
        self.since = self.loop.time()
        self.rests = False
        self.nobody_waits = asyncio.Event()

    defaults: tuple[list[tuple[bytes, bytes]], bytes] = ([], b"")
    """The headers that all answers of this second have, such as the date, and how they are written."""

    # What the transport tells.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody connected."""
        super().connection_made(transport)
        self.flow: _Flow = _Flow(transport)
        self.since = self.loop.time()
        if len(self.connections) > self.most:
            self._refuse(FULL)
        else:
            self.timeout_keep_alive_task = self.loop.call_later(LOOK_SECONDS, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, and with it what waits on it."""
        self.waiting.clear()
        for cycle in (self.running, *(cycle for cycle, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
        self._read()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self.transport.is_closing() or self.ended:
            return
        if self.waiting or len(data) > STEP or self._under_way():
            self.waiting += data
            self._parse_waiting()
        elif not (self.heads and self.rests and self._is_known(data)):
            self._parse(data)

    def pause_writing(self) -> None:
        """The other side does not read its answers."""
        self.since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """The other side reads its answers."""
        self._read()
        super().resume_writing()

    # What the parser tells.

    def on_message_begin(self) -> None:
        """A call begins; what the application needs of it is made when it is known to need it."""
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self.in_head, self.rests, self.since = True, False, self.loop.time()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header is here, or a trailer, which is none: nobody proves who he is behind a body."""
        if self.in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The headers of a call are here."""
        self.in_head, self.head = False, 0
        if self.parser.should_upgrade():
            # The parser takes what is behind the head for another protocol's, whatever its length is said to be.
            self.refusal = NO_UPGRADE
            raise ValueError(NO_UPGRADE)
        self.endpoint = self.endpoints.get(self.url) if self._at_once() else None
        if self.endpoint is None:
            self._go_the_usual_way()

    def on_body(self, body: bytes) -> None:
        """A part of a body is here."""
        self.head = 0
        if self.endpoint is None:
            super().on_body(body)
        else:
            self.parts.append(body)

    def on_message_complete(self) -> None:
        """A call is here whole."""
        self.head = 0
        if self.endpoint is None:
            super().on_message_complete()
            self.rests = True
        elif self._answer(self.endpoint, self.headers, b"".join(self.parts)):
            self.answered.append(Head(self.endpoint, self.headers))
            self.endpoint, self.parts = None, []
            self.rests = True
        else:
            self._go_the_usual_way()
            super().on_message_complete()
            self.rests = True

    def on_response_complete(self) -> None:
        """An answer was sent: the next call may come."""
        self.since = self.loop.time()
        if self.pipeline:
            super().on_response_complete()
        else:
            self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.waiting:
            self.loop.call_soon(self._parse_waiting)
        elif self.ended and not self._under_way():
            self.transport.close()
        else:
            self.flow.resume_reading()

    def eof_received(self) -> bool:  # type: ignore[override]
        """The other side sends no more: what it asked is still answered."""
        self.ended = True
        return bool(self.waiting) or self._under_way()

    def timeout_keep_alive_handler(self) -> None:
        """Look now and then whether whoever is here does what it is to do."""
        busy = self.cycle is not None and not self.cycle.response_complete
        unread = self.transport.get_write_buffer_size() > 0
        answering = busy and not self.cycle.more_body and not unread
        patience = IDLE_SECONDS if self.rests and not busy and not unread else PATIENCE
        if not answering and self.loop.time() - self.since > patience:
            # Closing would wait until what was written is read.
            self.transport.abort()
        else:
            self.timeout_keep_alive_task = self.loop.call_later(LOOK_SECONDS, self.timeout_keep_alive_handler)

    def send_400_response(self, msg: str) -> None:
        """Say that this is no call; behind others, once they are answered."""
        if self._under_way():
            self.waiting.clear()
            self.ended = True
            self.flow.waiting = True
            self.flow.pause_reading()
        else:
            self._refuse(self.refusal)

    # The rest.

    def _unset_keepalive_if_required(self) -> None:
        """One timer serves the connection for as long as it lives."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self.running = cycle
        super()._start_asgi_task(cycle, app)

    def _parse_waiting(self) -> None:
        while self.waiting and not self._under_way() and not self.transport.is_closing():
            step = bytes(self.waiting[:STEP])
            del self.waiting[:STEP]
            self._parse(step)
        self.flow.waiting = bool(self.waiting)
        if self.waiting:
            self.flow.pause_reading()
        elif self.ended and not self._under_way():
            self.transport.close()
        elif not self.ended:
            self.flow.resume_reading()

    def _under_way(self) -> bool:
        """Whether a call that is here whole is not answered yet."""
        cycle = self.cycle
        return bool(self.pipeline) or (cycle is not None and not cycle.response_complete and not cycle.more_body)

    def _parse(self, data: bytes) -> None:
        self.head += len(data)
        began, self.answered = self.rests, []
        super().data_received(data)
        if self.transport.is_closing() or self.ended:
            self.endpoint, self.parts = None, []
            return
        if began and len(self.answered) == 1 and self.rests:
            self._remember(data)
        if self.endpoint is not None:
            # The rest of this call is still on its way.
            self._go_the_usual_way()
        if self.head > MOST_HEAD:
            self.refusal = LONG_HEAD
            self.send_400_response("")

    def _at_once(self) -> bool:
        """Whether a call on this connection may be answered at once now."""
        parser = self.parser
        return (
            (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and not self.expect_100_continue
            and parser.get_method() == b"POST"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
        )

    def _is_known(self, data: bytes) -> bool:
        """Whether this is one whole call whose head came before, letter for letter, and so says the same; answered."""
        head, _, body = data.partition(END_OF_HEAD)
        known = self.heads.get((head, len(body)))
        return known is not None and not self.flow.write_paused and self._answer(known.endpoint, known.headers, body)

    def _remember(self, data: bytes) -> None:
        """Know the head of a call that came whole and alone, and had a length, the next time."""
        head, _, body = data.partition(END_OF_HEAD)
        [known] = self.answered
        length = Call(known.headers).length
        if len(head) <= MOST_KNOWN and length.isdigit() and int(length) == len(body):
            if len(self.heads) >= KNOWN_HEADS:
                self.heads.clear()
            self.heads[head, len(body)] = known

    def _answer(self, endpoint: Endpoint, headers: list[tuple[bytes, bytes]], body: bytes) -> bool:
        """Whether a call was answered at once, or will be at its tick."""
        call = Call(headers)
        if call.request_id is not None and HEADER_VALUE_RE.search(call.request_id):
            return False
        outcome = self.answering.whole(endpoint, call, body)
        if outcome is None:
            return False
        if outcome.due:
            held = self.cycle = _Held(self.nobody_waits)
            self.answering.ticks.at(outcome.due, lambda: self._release(call, outcome, held))
        else:
            self._send(call, outcome)
        return True

    def _go_the_usual_way(self) -> None:
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        super().on_headers_complete()
        parts, self.endpoint, self.parts = self.parts, None, []
        for part in parts:
            super().on_body(part)

    def _release(self, call: Call, outcome: Outcome, held: _Held) -> None:
        held.response_complete = True
        self._send(call, outcome, held.keep_alive)

    def _send(self, call: Call, outcome: Outcome, keep_alive: bool = True) -> None:
        if not self.transport.is_closing():
            self._write(outcome, call, keep_alive)
        if outcome.account is not None:
            if self.flow.write_paused and self.unread is None:
                # Who does not read its answer keeps its place.
                self.unread = outcome.account
            else:
                self.answering.admission.leave(outcome.account)
        if not keep_alive or outcome.closes:
            self.transport.close()
        self.on_response_complete()

    def _write(self, outcome: Outcome, call: Call, keep_alive: bool) -> None:
        defaults = self.server_state.default_headers
        if defaults is not Connection.defaults[0]:
            Connection.defaults = defaults, _lines(defaults)
        said = _lines(headers_of(outcome, call, keep_alive))
        head = STATUS_LINE[outcome.status], Connection.defaults[1], said, b"\r\n"
        self.transport.write(b"".join((*head, outcome.body)))

    def _refuse(self, problem: Problem) -> None:
        """Tell why, and end the connection: there is no call to answer."""
        self._write(outcome_of(problem), Call([]), keep_alive=False)
        self.transport.close()

    def _read(self) -> None:
        if self.unread is not None:
            self.answering.admission.leave(self.unread)
            self.unread = None


def _lines(headers: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])

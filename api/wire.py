"""One connection: calls that are here whole are answered as soon as their last byte is, with no task of their own.

This is uvicorn's own connection, which parses HTTP (llhttp) and runs the application for any call that has to wait:
whose body is still on its way, that wants the connection closed, that comes while another is under way. What is added
is a shorter way for the others. A task, a scope and an event for each call take longer than to decide it.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    HEADER_VALUE_RE,
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from api.answering import Answering, Call, Endpoint, Outcome, broken, headers_of
from api.app import Service


class _Held(RequestResponseCycle):
    """A call under way for as long as its answer is held, as far as uvicorn looks at it."""

    def __init__(self, message_event: asyncio.Event) -> None:
        self.response_complete = self.disconnected = False
        self.keep_alive = True
        self.message_event = message_event


class Connection(HttpToolsProtocol):
    """A connection that answers at once what it can, and closes when nothing whole came for a while."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assert isinstance(self.app, Service)  # what `authz serve` configures
        self.answering: Answering = self.app.answering
        self.endpoints = self.app.at_once
        self.endpoint: Endpoint | None = None
        self.parts: list[bytes] = []
        self.idle_since = 0.0
        self.nobody_waits = asyncio.Event()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody connected: whoever sends nothing is not waited for longer than between two calls."""
        super().connection_made(transport)
        self._idle()

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        super().data_received(data)
        if self.endpoint is not None:
            # The rest of this call is still on its way.
            self._go_the_usual_way()

    def on_message_begin(self) -> None:
        """A call begins; what the application needs of it is made when it is known to need it."""
        self.url, self.headers, self.expect_100_continue = b"", [], False

    def on_headers_complete(self) -> None:
        """The headers of a call are here."""
        self.endpoint = self.endpoints.get(self.url) if self._at_once() else None
        if self.endpoint is None:
            self._go_the_usual_way()

    def on_body(self, body: bytes) -> None:
        """A part of a body is here."""
        if self.endpoint is None:
            super().on_body(body)
        else:
            self.parts.append(body)

    def on_message_complete(self) -> None:
        """A call is here whole."""
        if self.endpoint is None:
            super().on_message_complete()
        elif (outcome := self._outcome(call := Call(self.headers), self.endpoint)) is None:
            self._go_the_usual_way()
            super().on_message_complete()
        else:
            self.endpoint, self.parts = None, []
            if outcome.due:
                held = self.cycle = _Held(self.nobody_waits)
                self.answering.ticks.at(outcome.due, lambda: self._release(call, outcome, held))
            else:
                self._send(call, outcome)

    def on_response_complete(self) -> None:
        """An answer was sent."""
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        self._idle()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection on which nothing whole came for too long; one timer serves all its calls."""
        self.timeout_keep_alive_task = None
        if self.cycle is None or self.cycle.response_complete:
            left = self.idle_since + self.timeout_keep_alive - self.loop.time()
            if left <= 0:
                super().timeout_keep_alive_handler()
            else:
                self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)

    def _idle(self) -> None:
        self.idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _unset_keepalive_if_required(self) -> None:
        # While the connection lives, its timer looks at the time itself.
        if self.transport.is_closing():
            super()._unset_keepalive_if_required()

    def _at_once(self) -> bool:
        """Whether a call on this connection may be answered at once now."""
        parser, most = self.parser, self.limit_concurrency
        return (
            (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and not self.expect_100_continue
            and (most is None or (len(self.connections) < most and len(self.tasks) < most))
            and parser.get_method() == b"POST"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
        )

    def _outcome(self, call: Call, endpoint: Endpoint) -> Outcome | None:
        if call.request_id is not None and HEADER_VALUE_RE.search(call.request_id):
            return None
        try:
            return self.answering.whole(endpoint, call, b"".join(self.parts))
        except Exception as wrong:
            # What breaks is told to the log, and is no answer; raised here, the parser would take it for the caller's.
            self.logger.error("exception while answering", exc_info=wrong)
            return broken()

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
        if outcome.account is not None:
            self.answering.admission.leave(outcome.account)
        if self.transport.is_closing():
            return
        lines = [STATUS_LINE[outcome.status]]
        for name, value in (*self.server_state.default_headers, *headers_of(outcome, call, keep_alive)):
            lines += (name, b": ", value, b"\r\n")
        lines += (b"\r\n", outcome.body)
        self.transport.write(b"".join(lines))
        if not keep_alive or outcome.closes:
            self.transport.close()
        self.on_response_complete()

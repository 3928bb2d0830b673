"""One call: its body read, the request decided, the decision recorded, and only then the answer sent."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from itsdangerous import URLSafeSerializer
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api import batches, holding
from api.admission import SECONDS, Account, Admission
from api.answers import NOT_ITSELF, Answer, answer, evaluation_id, own
from api.bodies import parse_body, read_body, told
from api.callers import Caller, Right
from api.identity import Identity
from api.loaded import Loaded, Node
from api.metrics import Metrics
from api.problems import Problem, error
from api.records import Pseudonyms, Recorder, RecordLost
from api.searching import results
from authz import MalformedRequest
from authz.bundles.requests import parse_authzen
from authz.instants import format_instant
from authz.search import Searched

NOT_RECORDED = "the decision could not be recorded"
CLOSING = (401, 403, 408, 413, 429, 503)
"""After these the rest of a body may still be on its way."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call is answered with, what its record and the counters are told of it, and how many
    milliseconds after its arrival it may leave."""

    body: Mapping[str, Any]
    record: Mapping[str, Any]
    answers: tuple[Answer, ...] = ()
    held: int = 0


def now() -> datetime:
    """The instant, in UTC."""
    return datetime.now(UTC)


Endpoint = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An endpoint as the server calls it: nothing of a framework stands between."""
Replying = Callable[["Answering", Caller, Loaded, dict[str, Any], datetime], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Answering:
    """Answers calls of callers whom it knows, by what the node has loaded."""

    node: Node
    identity: Identity
    admission: Admission
    recorder: Recorder
    pseudonyms: Pseudonyms
    tokens: URLSafeSerializer = field(repr=False)
    metrics: Metrics
    clock: Callable[[], datetime] = now
    ticks: holding.Ticks = field(default_factory=holding.Ticks)
    explaining: Executor = field(default_factory=lambda: ThreadPoolExecutor(1, "explaining"))

    def evaluation(self) -> Endpoint:
        """Decide one request."""
        return self.endpoint("evaluation", Right.EVALUATE, Answering.evaluate)

    def evaluations(self) -> Endpoint:
        """Decide a batch; without items, one request."""
        return self.endpoint("evaluations", Right.EVALUATE, Answering.evaluate_all)

    def search(self, searched: Searched) -> Endpoint:
        """Find whoever or whatever would be allowed."""

        async def reply(self: Answering, caller: Caller, loaded: Loaded, given: dict[str, Any], at: datetime) -> Reply:
            return await self.find(searched, caller, loaded, given, at)

        return self.endpoint(f"search_{searched.value}", Right.SEARCH, reply)

    def endpoint(self, name: str, right: Right, replying: Replying) -> Endpoint:
        """What answers one kind of call: the caller known, admitted, answered, and its record standing."""

        async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
            started = time.perf_counter()
            call = Call(scope)
            try:
                caller = await self.identity.caller(call.authorization, right)
                with self.admission.admitted(caller.name) as account:
                    await self.answer(call, name, caller, account, replying, receive, send)
            except Problem as problem:
                # Nobody known asked, or more than is answered: that is counted, and leaves no record.
                self.metrics.observe(name, problem.status, time.perf_counter() - started)
                await call.reply(send, error(problem.status, problem.message), problem.status, problem.headers)

        return endpoint

    async def answer(
        self,
        call: "Call",
        endpoint: str,
        caller: Caller,
        account: Account,
        replying: Replying,
        receive: Receive,
        send: Send,
    ) -> None:
        """Answer a call, once its record stands."""
        started = time.perf_counter()
        loaded, status = self.node.loaded, 200
        at, since, data = self.clock(), 0, None
        try:
            async with asyncio.timeout(SECONDS):
                data = await read_body(call.kind, call.length, receive)
                # A slow client is answered by what is so when its body is here.
                loaded, at, since = self.node.loaded, self.clock(), holding.tick()
                said = await replying(self, caller, loaded, parse_body(data), at)
        except Problem as problem:
            status, said = problem.status, Reply(error(problem.status, problem.message), {})
        except TimeoutError:
            status, late = (408, "the body did not come") if data is None else (503, "there was no answer")
            said = Reply(error(status, f"{late} within {SECONDS:g} seconds"), {})
        account.left -= max(1, len(said.answers))
        asked_id = call.request_id
        entry = {
            "event": "access",
            "at": format_instant(at),
            "endpoint": endpoint,
            "status": status,
            "caller": caller.name or None,
            "request_id": None if asked_id is None else self.pseudonyms.request_id(asked_id.decode("latin-1")),
            "policy": loaded.policy.digest,
            "facts": loaded.facts.revision,
            "milliseconds": round((time.perf_counter() - started) * 1000, 3),
            **said.record,
        }
        try:
            self.recorder.write(entry)
        except RecordLost:
            status, said = 503, Reply(error(503, NOT_RECORDED), {})
        for one in said.answers:
            self.metrics.count(loaded, one)
        self.metrics.observe(endpoint, status, time.perf_counter() - started)
        if said.held:
            await self.ticks.until(since + said.held)
        await call.reply(send, said.body, status)

    async def evaluate(self, caller: Caller, loaded: Loaded, given: dict[str, Any], at: datetime) -> Reply:
        """One decision."""
        try:
            asked = parse_authzen(given, loaded.policy.bundle.vocabulary, "body")
        except MalformedRequest as wrong:
            raise Problem(400, told(wrong)) from None
        if not own(caller, loaded, asked):
            raise Problem(403, NOT_ITSELF)
        admin = Right.EXPLAIN in caller.rights
        decision = next(loaded.policy.decide_each((asked,), loaded.facts, at))
        explained = None
        if admin and wants_explanation(given) and not decision.error:
            # It can take seconds where a student has very many rows: others are answered meanwhile.
            explanation = await asyncio.get_running_loop().run_in_executor(self.explaining, decision.explain)
            explained = explanation.as_data(loaded.policy.bundle)
        one = answer(loaded, asked, decision, admin, explained)
        return Reply(one.body, {"evaluations": [self.pseudonyms.evaluation(loaded, one)]}, (one,), wait((one,)))

    async def evaluate_all(self, caller: Caller, loaded: Loaded, given: dict[str, Any], at: datetime) -> Reply:
        """The decisions of a batch, in order."""
        items, last = batches.items_of(given), batches.ending(given)
        if not items:
            return await self.evaluate(caller, loaded, given, at)
        answers = tuple(batches.answers(caller, loaded, given, items, last, at))
        record = {"evaluations": [self.pseudonyms.evaluation(loaded, one) for one in answers]}
        return Reply({"evaluations": [one.body for one in answers]}, record, answers, wait(answers))

    async def find(
        self, searched: Searched, caller: Caller, loaded: Loaded, given: dict[str, Any], at: datetime
    ) -> Reply:
        """A page of a search."""
        page = await results(caller, loaded, searched, given, at, self.tokens)
        id = evaluation_id()
        context = {
            "evaluation_id": id,
            "evaluated_at": format_instant(at),
            **page.body["context"],
            "policy": loaded.policy.digest,
            "facts": loaded.facts.revision,
        }
        record = {
            "evaluation_id": id,
            "search": {
                **self.pseudonyms.request(loaded, page.asked),
                "found": [self.found(searched, loaded, one.key) for one in page.found],
            },
        }
        return Reply({**page.body, "context": context}, record, held=0 if page.found else holding.SEARCH)

    def found(self, searched: Searched, loaded: Loaded, key: tuple[str, ...]) -> str:
        """A result, for a record."""
        if searched is Searched.ACTION:
            return key[0]
        subject, resource = loaded.policy.bundle.vocabulary.parties
        record = (subject if searched is Searched.SUBJECT else resource).record
        return self.pseudonyms.id(loaded, record, key[0])


def wants_explanation(given: Mapping[str, Any]) -> bool:
    """Whether a caller asks why: `options.explain` of a single evaluation."""
    options = given.get("options")
    return isinstance(options, dict) and options.get("explain") is True


def wait(answers: tuple[Answer, ...]) -> int:
    """How long answers wait, in milliseconds: by their number alone if one of them refuses."""
    if all(one.decision is None or one.decision for one in answers):
        return 0
    return holding.EVALUATION + len(answers) // holding.ITEMS_PER_MILLISECOND


class Call:
    """One call as the server gives it: the headers that count, and how its answer is sent."""

    __slots__ = ("authorization", "kind", "length", "request_id")

    def __init__(self, scope: Scope) -> None:
        self.authorization: bytes | None = None
        self.request_id: bytes | None = None
        self.kind, self.length = b"", b""
        for name, value in scope["headers"]:
            if name == b"content-type":
                self.kind = value
            elif name == b"authorization":
                # Two credentials are none.
                self.authorization = value if self.authorization is None else b""
            elif name == b"content-length":
                self.length = value
            elif name == b"x-request-id" and self.request_id is None:
                self.request_id = value

    async def reply(
        self, send: Send, body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send an answer that no cache keeps; after a body that was not read to its end, the connection closes."""
        data = json.dumps(body).encode()
        sent = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        sent.append((b"content-length", str(len(data)).encode()))
        if status != 200:
            sent += [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
            if status in CLOSING:
                sent.append((b"connection", b"close"))
        if self.request_id is not None:
            sent.append((b"x-request-id", self.request_id))
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": data})


def as_json(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer of what is not hot, that no cache keeps."""
    return Response(json.dumps(body), status, {"cache-control": "no-store", **(headers or {})}, "application/json")

"""One call: its body read, the request decided, the decision recorded, and only then the answer sent."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from itsdangerous import URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from api import batches, holding
from api.answers import Answer, answer, evaluation_id
from api.bodies import read_body, told
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


@dataclass(frozen=True, slots=True)
class Answering:
    """Answers calls by what the node has loaded; `admin` if callers may see every code of a refusal."""

    node: Node
    recorder: Recorder
    pseudonyms: Pseudonyms
    tokens: URLSafeSerializer = field(repr=False)
    metrics: Metrics
    admin: bool = False
    clock: Callable[[], datetime] = now
    ticks: holding.Ticks = field(default_factory=holding.Ticks)

    async def evaluation(self, request: Request) -> Response:
        """Decide one request."""
        return await self.call(request, "evaluation", self.evaluate)

    async def evaluations(self, request: Request) -> Response:
        """Decide a batch; without items, one request."""
        return await self.call(request, "evaluations", self.evaluate_all)

    def search(self, searched: Searched) -> Callable[[Request], Awaitable[Response]]:
        """What answers one of the three searches."""

        async def reply(loaded: Loaded, given: Mapping[str, Any], at: datetime) -> Reply:
            return await self.find(searched, loaded, given, at)

        async def endpoint(request: Request) -> Response:
            return await self.call(request, f"search_{searched.value}", reply)

        endpoint.__doc__ = f"Find every {searched.value} that would be allowed."
        return endpoint

    async def call(
        self,
        request: Request,
        endpoint: str,
        reply: Callable[[Loaded, Mapping[str, Any], datetime], Awaitable[Reply]],
    ) -> Response:
        """The answer to a call, once its record stands."""
        started = time.perf_counter()
        loaded, status = self.node.loaded, 200
        at, since = self.clock(), holding.tick()
        try:
            given = await read_body(request)
            # A slow client is answered by what is so when its body is here.
            loaded, at, since = self.node.loaded, self.clock(), holding.tick()
            said = await reply(loaded, given, at)
        except Problem as problem:
            status, said = problem.status, Reply(error(problem.status, problem.message), {})
        asked_id = request.headers.get("x-request-id")
        entry = {
            "event": "access",
            "at": format_instant(at),
            "endpoint": endpoint,
            "status": status,
            "caller": None,
            "request_id": None if asked_id is None else self.pseudonyms.request_id(asked_id),
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
        self.metrics.seconds.labels(endpoint, str(status)).observe(time.perf_counter() - started)
        response = as_json(said.body, status)
        if said.held:
            await self.ticks.until(since + said.held)
        return response

    async def evaluate(self, loaded: Loaded, given: Mapping[str, Any], at: datetime) -> Reply:
        """One decision."""
        try:
            asked = parse_authzen(given, loaded.policy.bundle.vocabulary, "body")
        except MalformedRequest as wrong:
            raise Problem(400, told(wrong)) from None
        decision = next(loaded.policy.decide_each((asked,), loaded.facts, at))
        explained = None
        if self.admin and wants_explanation(given) and not decision.error:
            # It can take seconds where a student has very many rows: others are answered meanwhile.
            explanation = await asyncio.to_thread(decision.explain)
            explained = explanation.as_data(loaded.policy.bundle)
        one = answer(loaded, asked, decision, self.admin, explained)
        return Reply(one.body, {"evaluations": [self.pseudonyms.evaluation(loaded, one)]}, (one,), wait((one,)))

    async def evaluate_all(self, loaded: Loaded, given: Mapping[str, Any], at: datetime) -> Reply:
        """The decisions of a batch, in order."""
        items, last = batches.items_of(given), batches.ending(given)
        if not items:
            return await self.evaluate(loaded, given, at)
        answers = tuple(batches.answers(loaded, given, items, last, at, self.admin))
        record = {"evaluations": [self.pseudonyms.evaluation(loaded, one) for one in answers]}
        return Reply({"evaluations": [one.body for one in answers]}, record, answers, wait(answers))

    async def find(self, searched: Searched, loaded: Loaded, given: Mapping[str, Any], at: datetime) -> Reply:
        """A page of a search."""
        page = await results(loaded, searched, given, at, self.tokens)
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


def as_json(body: Mapping[str, Any], status: int = 200) -> Response:
    """An answer that no cache keeps; after a body that was not read to its end, the connection closes."""
    headers = {"cache-control": "no-store"}
    if status in (408, 413):
        headers["connection"] = "close"
    return Response(json.dumps(body), status, headers, "application/json")

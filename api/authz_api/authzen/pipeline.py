"""One call: who asks is known and admitted, the request decided, the decision recorded, and only then the answer sent.

Most calls are here whole and take no waiting: `whole` answers those in one go, and `wire.py` calls it as soon as the
last byte is here. Any other goes by `Asgi`: a body that is still on its way, a search, an explanation, keys to fetch.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from itsdangerous import URLSafeSerializer
from starlette.types import Receive, Scope, Send

from authz import EvaluationRequest, MalformedRequestError
from authz.documents.json import json_bytes
from authz.engine.evaluation import decide, gather_inputs
from authz.engine.search import Searched
from authz_api import response_delay as holding
from authz_api.authn.authenticator import Identity
from authz_api.authn.callers import Caller, Right
from authz_api.authzen import evaluations as batches
from authz_api.authzen.request_body import check_kind, parse_body, read_body, told
from authz_api.authzen.responses import NOT_ITSELF, Answer, answer, evaluation_id, own
from authz_api.authzen.search import results
from authz_api.decision_log.recorder import DecisionLogError, Pseudonyms, Recorder
from authz_api.http_messages import BROKEN, Call, Outcome, headers_of, outcome_of
from authz_api.logs import log
from authz_api.metrics import Metrics
from authz_api.problems import Problem, error
from authz_api.rate_limit import SECONDS, Account, Admission
from authz_api.state import Loaded, Node

NOT_RECORDED = "the decision could not be recorded"


@dataclass(slots=True)
class Reply:
    """What a call is answered with, what its record and the counters are told of it, and how many
    milliseconds after its arrival it may leave."""

    body: Mapping[str, Any]
    record: Mapping[str, Any]
    answers: tuple[Answer, ...] = ()
    held: int = 0
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def now() -> datetime:
    """The instant, in UTC."""
    return datetime.now(UTC)


AtOnce = Callable[[Caller, Loaded, dict[str, Any], datetime], Reply | None]
InTime = Callable[[Caller, Loaded, dict[str, Any], datetime], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One kind of call: the right it asks for, and what answers it; at once if it can, else in time."""

    name: str
    right: Right
    at_once: AtOnce | None
    in_time: InTime


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
        return Endpoint("evaluation", Right.EVALUATE, self.evaluate, self.evaluate_explained)

    def evaluations(self) -> Endpoint:
        """Decide a batch; without items, one request."""
        return Endpoint("evaluations", Right.EVALUATE, self.evaluate_all, self.evaluate_all_in_turns)

    def search(self, searched: Searched) -> Endpoint:
        """Find whoever or whatever would be allowed."""

        async def find(caller: Caller, loaded: Loaded, given: dict[str, Any], at: datetime) -> Reply:
            return await self.find(searched, caller, loaded, given, at)

        return Endpoint(f"search_{searched.value}", Right.SEARCH, None, find)

    # From a call to what is sent.

    def whole(self, endpoint: Endpoint, call: Call, data: bytes) -> Outcome | None:
        """What answers a call that is here whole; None if that takes waiting, and nothing was done yet."""
        if endpoint.at_once is None:
            return None
        try:
            caller = self.identity.known(call.authorization, endpoint.right)
            if caller is None:
                return None
            account = self.admission.enter(caller.name)
        except Problem as problem:
            return self.turned_away(endpoint, call, problem)
        outcome = None
        try:
            loaded, at, since = self.node.loaded, self.clock(), holding.tick()
            try:
                check_kind(call.kind)
                said = endpoint.at_once(caller, loaded, parse_body(data), at)
            except Problem as problem:
                said = _refused(problem)
            if said is not None:
                outcome = self.settle(endpoint, call, caller, account, loaded, at, since, said)
        except Exception:  # noqa: BLE001 - whatever breaks is told to the log, and is no answer
            return self.broken(endpoint, call)
        finally:
            if outcome is None:
                self.admission.leave(account)
        return outcome

    async def awaited(self, endpoint: Endpoint, call: Call, receive: Receive) -> Outcome:
        """What answers a call whose body may still be on its way."""
        try:
            caller = await self.identity.caller(call.authorization, endpoint.right)
            account = self.admission.enter(caller.name)
        except Problem as problem:
            return self.turned_away(endpoint, call, problem)
        outcome = None
        loaded, at, since, data = self.node.loaded, self.clock(), 0, None
        try:
            try:
                async with asyncio.timeout(SECONDS):
                    data = await read_body(call.kind, call.length, receive)
                    # A slow client is answered by what is so when its body is here, and so is who it is.
                    caller = await self.identity.caller(call.authorization, endpoint.right)
                    loaded, at, since = self.node.loaded, self.clock(), holding.tick()
                    given = parse_body(data)
                    said = endpoint.at_once(caller, loaded, given, at) if endpoint.at_once else None
                    if said is None:
                        said = await endpoint.in_time(caller, loaded, given, at)
            except Problem as problem:
                said = _refused(problem)
            except TimeoutError:
                status, late = (408, "the body did not come") if data is None else (503, "there was no answer")
                said = _refused(Problem(status, f"{late} within {SECONDS:g} seconds"))
            outcome = self.settle(endpoint, call, caller, account, loaded, at, since, said)
        except Exception:  # noqa: BLE001 - whatever breaks is told to the log, and is no answer
            return self.broken(endpoint, call)
        finally:
            if outcome is None:
                self.admission.leave(account)
        return outcome

    def turned_away(self, endpoint: Endpoint, call: Call, problem: Problem) -> Outcome:
        """Nobody known asked, or more than is answered: that is counted, and leaves no record."""
        self.metrics.observe(endpoint.name, problem.status, time.perf_counter() - call.started)
        return outcome_of(problem)

    def broken(self, endpoint: Endpoint, call: Call) -> Outcome:
        """Something here broke, and the caller is told no more: the service's own log is told what."""
        log().error("exception while answering", exc_info=True)
        self.metrics.observe(endpoint.name, BROKEN.status, time.perf_counter() - call.started)
        return BROKEN

    def settle(
        self,
        endpoint: Endpoint,
        call: Call,
        caller: Caller,
        account: Account,
        loaded: Loaded,
        at: datetime,
        since: int,
        said: Reply,
    ) -> Outcome:
        """What is sent once the record of it stands."""
        account.left -= len(said.answers) or 1
        # Before the record: what cannot be said is not recorded as said.
        body = json_bytes(said.body)
        asked_id = call.request_id
        seconds = time.perf_counter() - call.started
        entry = {
            "event": "access",
            "at": at,
            "endpoint": endpoint.name,
            "status": said.status,
            "caller": caller.name or None,
            "request_id": None if asked_id is None else self.pseudonyms.request_id(asked_id.decode("latin-1")),
            "policy": loaded.policy.digest,
            "facts": loaded.facts.revision,
            "milliseconds": round(seconds * 1000, 3),
            **said.record,
        }
        try:
            self.recorder.write(entry)
        except DecisionLogError:
            said = _refused(Problem(503, NOT_RECORDED))
            body = json_bytes(said.body)
        self.metrics.count(loaded, said.answers)
        self.metrics.observe(endpoint.name, said.status, seconds)
        return Outcome(said.status, body, said.headers, since + said.held if said.held else 0, account)

    # What is said.

    def evaluate(self, caller: Caller, loaded: Loaded, given: dict[str, Any], at: datetime) -> Reply | None:
        """One decision; None if its caller may ask why, and does, for that takes a while."""
        if "options" in given and wants_explanation(caller, given):
            return None
        asked = self.asked(caller, loaded, given)
        inputs = gather_inputs(loaded.policy, asked, loaded.facts, at)
        return self.said(loaded, answer(loaded, inputs, decide(inputs), may_see_all(caller)))

    async def evaluate_explained(self, caller: Caller, loaded: Loaded, given: dict[str, Any], at: datetime) -> Reply:
        """One decision, and why."""
        asked = self.asked(caller, loaded, given)
        decision = loaded.policy.decide(asked, loaded.facts, at)
        explained = None
        if not decision.error:
            # It can take seconds where a student has very many rows: others are answered meanwhile.
            explanation = await asyncio.get_running_loop().run_in_executor(self.explaining, decision.explain)
            explained = explanation.as_data(loaded.policy.bundle)
        return self.said(loaded, answer(loaded, decision.inputs, decision, True, explained))

    def evaluate_all(self, caller: Caller, loaded: Loaded, given: dict[str, Any], at: datetime) -> Reply | None:
        """The decisions of a batch, in order; None if it is so long that others are to have their turn meanwhile."""
        items, last = batches.items_of(given), batches.ending(given)
        if not items:
            return self.evaluate(caller, loaded, given, at)
        if len(items) > batches.AT_ONCE:
            return None
        return self.said_all(loaded, tuple(batches.answers(caller, loaded, given, items, last, at)))

    async def evaluate_all_in_turns(self, caller: Caller, loaded: Loaded, given: dict[str, Any], at: datetime) -> Reply:
        """The decisions of a long batch, in order, with pauses; or, of a batch without items, one and why."""
        items, last = batches.items_of(given), batches.ending(given)
        if not items:
            return await self.evaluate_explained(caller, loaded, given, at)
        answers: list[Answer] = []
        for one in batches.answers(caller, loaded, given, items, last, at):
            answers.append(one)
            if len(answers) % batches.AT_ONCE == 0:
                await asyncio.sleep(0)
        return self.said_all(loaded, tuple(answers))

    def said_all(self, loaded: Loaded, answers: tuple[Answer, ...]) -> Reply:
        """The answers of a batch as a reply."""
        record = {"evaluations": [self.pseudonyms.evaluation(loaded, one) for one in answers]}
        return Reply({"evaluations": [one.body for one in answers]}, record, answers, wait(answers))

    def asked(self, caller: Caller, loaded: Loaded, given: dict[str, Any]) -> EvaluationRequest:
        """The request of a single evaluation.

        Raises:
            Problem: 400 if it is malformed, 403 if its caller may not ask it.
        """
        try:
            asked = loaded.policy.bundle.requests.read_live(given)
        except MalformedRequestError as wrong:
            raise Problem(400, told(wrong)) from None
        if caller.subject is not None and not own(caller, loaded, asked):
            raise Problem(403, NOT_ITSELF)
        return asked

    def said(self, loaded: Loaded, one: Answer) -> Reply:
        """A single answer as a reply."""
        held = 0 if one.body["decision"] else holding.EVALUATION
        return Reply(one.body, {"evaluations": [self.pseudonyms.evaluation(loaded, one)]}, (one,), held)

    async def find(
        self, searched: Searched, caller: Caller, loaded: Loaded, given: dict[str, Any], at: datetime
    ) -> Reply:
        """A page of a search."""
        page = await results(caller, loaded, searched, given, at, self.tokens)
        id = evaluation_id()
        context = {
            "evaluation_id": id,
            "evaluated_at": at,
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
        return self.pseudonyms.id(loaded, (subject if searched is Searched.SUBJECT else resource).type, key[0])


def _refused(problem: Problem) -> Reply:
    return Reply(error(problem.status, problem.message), {}, status=problem.status, headers=problem.headers)


def may_see_all(caller: Caller) -> bool:
    """Whether a caller sees every code of a refusal, and may ask why."""
    return Right.EXPLAIN in caller.rights


def wants_explanation(caller: Caller, given: Mapping[str, Any]) -> bool:
    """Whether a caller asks why, and may: `options.explain` of a single evaluation."""
    options = given.get("options")
    return may_see_all(caller) and isinstance(options, dict) and options.get("explain") is True


def wait(answers: tuple[Answer, ...]) -> int:
    """How long answers wait, in milliseconds: by their number alone if one of them refuses."""
    for one in answers:
        if one.decision is not None and not one.decision:
            return holding.EVALUATION + len(answers) // holding.ITEMS_PER_MILLISECOND
    return 0


@dataclass(frozen=True, slots=True)
class Asgi:
    """An endpoint as any server calls it: nothing of a framework stands between."""

    answering: Answering
    endpoint: Endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = Call(scope["headers"])
        outcome = await self.answering.awaited(self.endpoint, call, receive)
        try:
            if outcome.due:
                await self.answering.ticks.until(outcome.due)
            headers = headers_of(outcome, call)
            await send({"type": "http.response.start", "status": outcome.status, "headers": headers})
            await send({"type": "http.response.body", "body": outcome.body})
        finally:
            if outcome.account is not None:
                self.answering.admission.leave(outcome.account)

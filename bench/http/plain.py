"""The plain contender: FastAPI routes with pydantic models that do what `authz serve` does, as most would write them.

    python -m bench.http.plain --policy DIR --facts FILE --callers FILE --record FILE --port N

It knows its callers, decides with the same library, answers the same members, and records before it answers. It leaves
out what else the service does: refusals held to a tick, counters, I-JSON, bounds on calls, reloading, search, batches
that end early, and reasons for administrators.
"""

import argparse
import hmac
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from authz_api.authn.authenticator import caller_of_key
from authz_api.authn.callers import Caller, Callers, Right, load_callers
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

from authz import Decision, EvaluationRequest, Facts, MalformedRequestError, Policy, load_bundle, load_facts
from authz.engine.evaluation import EvaluationInputs, decide, gather_batch
from authz.engine.expiry import expires_at
from authz.engine.public_reason import public_reason


class Party(BaseModel):
    """A subject or a resource."""

    type: str
    id: str
    properties: dict[str, Any] = {}


class Action(BaseModel):
    """What is to be done."""

    name: str
    properties: dict[str, Any] = {}


class Evaluation(BaseModel):
    """One request."""

    subject: Party
    action: Action
    resource: Party
    context: dict[str, Any] = {}


class Item(BaseModel):
    """One request of a batch, or the defaults of all."""

    subject: Party | None = None
    action: Action | None = None
    resource: Party | None = None
    context: dict[str, Any] | None = None


class Evaluations(Item):
    """A batch, with defaults."""

    evaluations: Annotated[list[Item], Field(min_length=1, max_length=1000)]


class Reason(BaseModel):
    """A reason that everybody may see."""

    code: str
    en: str
    nl: str


class Context(BaseModel):
    """What an answer says beside the decision."""

    error: dict[str, Any] | None
    reason_user: Reason | None
    evaluation_id: str
    evaluated_at: datetime
    purpose: str | None
    expires_at: datetime | None
    policy: str
    facts: str


class Answer(BaseModel):
    """The answer to one request."""

    decision: bool
    context: Context


class Answers(BaseModel):
    """The answers to a batch, in order."""

    evaluations: Sequence[Answer]


@dataclass(frozen=True, slots=True)
class Deciding:
    """The policy and its facts, and where decisions are recorded."""

    policy: Policy
    facts: Facts = field(repr=False)
    record: int
    key: bytes = field(repr=False)

    def answer(self, inputs: EvaluationInputs, decision: Decision) -> Answer:
        """A decision as everybody who asks may see it."""
        reason = error = None
        if decision.error:
            error = {"status": 500, "message": "the request could not be judged"}
        elif not decision:
            code, bundle = (
                public_reason(inputs.policy, inputs.request, inputs.gathered, decision.reasons),
                self.policy.bundle,
            )
            said = bundle.reasons.get(code, bundle.substitute)
            reason = Reason(code=said.code, en=said.en, nl=said.nl)
        context = Context(
            error=error,
            reason_user=reason,
            evaluation_id=secrets.token_hex(16),
            evaluated_at=decision.at,
            purpose=inputs.request.properties.get("purpose"),
            expires_at=expires_at(inputs.policy, inputs.gathered) if decision else None,
            policy=decision.policy_digest,
            facts=decision.facts_revision,
        )
        return Answer(decision=bool(decision), context=context)

    def answers(self, requests: list[EvaluationRequest], at: datetime) -> Iterator[tuple[Answer, dict[str, Any]]]:
        """The answer to each request, and what its record says."""
        for inputs in gather_batch(self.policy, requests, self.facts, at):
            decision = decide(inputs)
            answer = self.answer(inputs, decision)
            yield answer, self.recorded(inputs.request, decision, answer)

    def recorded(self, asked: EvaluationRequest, decision: Decision, answer: Answer) -> dict[str, Any]:
        """An evaluation for the record: the student is a pseudonym there."""
        pseudonym = hmac.digest(self.key, asked.resource_id.encode(), "sha256").hex()[:32]
        return {
            "evaluation_id": answer.context.evaluation_id,
            "decision": answer.decision,
            "subject": {"type": asked.subject_type, "id": asked.subject_id},
            "action": asked.action,
            "resource": {"type": asked.resource_type, "id": pseudonym},
            "properties": {name: value for name, value in asked.properties.items() if value is not None},
            "codes": decision.reasons,
        }

    def write(self, endpoint: str, caller: Caller, at: datetime, evaluations: Sequence[dict[str, Any]]) -> None:
        """Append a line to the record."""
        entry = {
            "event": "access",
            "at": at.isoformat(),
            "endpoint": endpoint,
            "caller": caller.name,
            "policy": self.policy.digest,
            "facts": self.facts.revision,
            "evaluations": evaluations,
        }
        os.write(self.record, json.dumps(entry, default=str).encode() + b"\n")


def create_app(deciding: Deciding, callers: Callers) -> FastAPI:
    """The application."""
    app = FastAPI(title="The plain contender")

    async def known(sent: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> Caller:
        caller = caller_of_key(callers, sent.credentials)
        if caller is None:
            raise HTTPException(401, "the key is not known", {"www-authenticate": "Bearer"})
        if Right.EVALUATE not in caller.rights:
            raise HTTPException(403, "this caller may not evaluate")
        return caller

    def read(caller: Caller, given: dict[str, Any]) -> EvaluationRequest:
        asked = deciding.policy.bundle.requests.read(given)
        if caller.subject is not None and asked.subject_id != caller.subject:
            raise HTTPException(403, "this caller asks only as itself")
        return asked

    @app.post("/access/v1/evaluation", response_model_exclude_none=True)
    async def evaluation(body: Evaluation, caller: Annotated[Caller, Depends(known)]) -> Answer:
        """Decide one request."""
        at = datetime.now(UTC)
        answer, entry = next(deciding.answers([read(caller, body.model_dump())], at))
        deciding.write("evaluation", caller, at, [entry])
        return answer

    @app.post("/access/v1/evaluations", response_model_exclude_none=True)
    async def evaluations(body: Evaluations, caller: Annotated[Caller, Depends(known)]) -> Answers:
        """Decide a batch."""
        at = datetime.now(UTC)
        defaults = body.model_dump(exclude_none=True, exclude={"evaluations"})
        requests = [read(caller, {**defaults, **item.model_dump(exclude_none=True)}) for item in body.evaluations]
        answers, entries = zip(*deciding.answers(requests, at), strict=True)
        deciding.write("evaluations", caller, at, entries)
        return Answers(evaluations=answers)

    @app.exception_handler(MalformedRequestError)
    async def malformed(_request: Request, wrong: MalformedRequestError) -> JSONResponse:
        return JSONResponse({"detail": [one.problem for one in wrong.diagnostics]}, 400)

    return app


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(prog="python -m bench.http.plain")
    for name in ("policy", "facts", "callers", "record"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    policy = load_bundle(options.policy)
    facts = load_facts(options.facts, policy)
    record = os.open(options.record, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    deciding = Deciding(policy, facts, record, secrets.token_bytes(32))
    uvicorn.run(create_app(deciding, load_callers(options.callers)), port=options.port, access_log=False)


if __name__ == "__main__":
    main()

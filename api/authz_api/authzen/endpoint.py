"""What an endpoint is: a right, and a function from a parsed body to a result."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from authz_api.authn.callers import Caller, Right
from authz_api.authzen.responses import EvaluationResult
from authz_api.decision_log.entry import EventName
from authz_api.state import Snapshot


@dataclass(frozen=True, slots=True)
class Question:
    """A parsed body with what it is answered by: its caller, one snapshot, one instant."""

    caller: Caller
    snapshot: Snapshot
    body: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class EndpointResult:
    """The result of a call, before it is logged and sent.

    `log_request` and `log_response` are the payloads for the decision log, without personal data. `delay` is the number
    of milliseconds after the arrival before which the response may not leave; 0 sends it at once.
    """

    body: Mapping[str, Any]
    log_request: Mapping[str, Any]
    log_response: Mapping[str, Any]
    event: EventName
    evaluations: tuple[EvaluationResult, ...] = ()
    data_subject: str = ""
    delay: int = 0
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: `answer` returns None if the answer takes waiting, which `answer_slowly` then does."""

    name: str
    event: EventName
    right: Right
    answer: Callable[[Question], EndpointResult | None]
    answer_slowly: Callable[[Question], Awaitable[EndpointResult]]

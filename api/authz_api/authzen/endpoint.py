"""What an endpoint is: a right, and a function from a call with its parsed body to a result."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from authz import EvaluationRequest
from authz_api.authn.callers import Caller, Right
from authz_api.decision_log.entry import EventName
from authz_api.http_messages import HttpRequest
from authz_api.rate_limit import Quota
from authz_api.state import Snapshot

NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(slots=True)
class EndpointCall:
    """A call that was admitted: its caller, one snapshot, one instant, and its body once it was parsed.

    `since` is the arrival of the body on the monotonic clock, in nanoseconds; 0 until then.
    """

    request: HttpRequest
    caller: Caller
    quota: Quota
    snapshot: Snapshot
    at: datetime
    since: int = 0
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)


class EvaluationResult(NamedTuple):
    """The response to one evaluation, with what log and metrics need.

    `outcome` is `allow` or `deny`; without a decision it is `error` if deciding broke, `malformed`, or `forbidden` for
    the caller. `error` is the kind of exception that occurred while deciding.
    """

    body: Mapping[str, Any]
    evaluation_id: str
    outcome: str
    request: EvaluationRequest | None = None
    reasons: tuple[str, ...] = ()
    error: str = ""

    def __repr__(self) -> str:
        return f"EvaluationResult({self.evaluation_id}, {self.outcome})"  # requests are personal data


class EndpointResult(NamedTuple):
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
    headers: Mapping[str, str] = NONE


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: `answer` returns None if the answer takes waiting, which `answer_slowly` then does."""

    name: str
    event: EventName
    right: Right
    answer: Callable[[EndpointCall], EndpointResult | None]
    answer_slowly: Callable[[EndpointCall], Awaitable[EndpointResult]]

"""Read HTTP responses strictly: pure functions from bytes to a response of the client.

A permit is a complete JSON object (I-JSON, RFC 7493) with `"decision": true`, under status 200 and the right content
type. Everything else is a refusal, a rejected request, or no response at all.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from authz.client.models import (
    ClientError,
    EvaluationOutcome,
    EvaluationResponse,
    Reason,
    RejectedRequestError,
    SearchRequest,
    UnansweredError,
)
from authz.client.pending import EvaluationResponses
from authz.documents.json import parse_json_bytes
from authz.language.diagnostics import DiagnosticError

EVALUATION, EVALUATIONS, SEARCH = "/access/v1/evaluation", "/access/v1/evaluations", "/access/v1/search/"
MAX_PAGES = 10_000
MAX_MESSAGE_LENGTH = 500

Entity = TypeVar("Entity")


@dataclass(frozen=True, slots=True)
class RawResponse:
    """An HTTP response: a status, headers by lower-case name, and a complete body within bounds.

    `secret` is a text that no message may repeat.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    secret: str = field(default="", repr=False)


def encode_request(request: Mapping[str, Any]) -> bytes:
    """A request as JSON in UTF-8.

    Raises:
        TypeError, ValueError: it has a value that JSON cannot express.
    """
    return json.dumps(request, allow_nan=False).encode()


def without_decision(error: ClientError) -> EvaluationResponse:
    """The response for an evaluation that failed with this error."""
    rejected = isinstance(error, RejectedRequestError)
    outcome = EvaluationOutcome.MALFORMED if rejected else EvaluationOutcome.UNANSWERED
    return EvaluationResponse(outcome, message=str(error))


def read_evaluation(raw: RawResponse) -> EvaluationResponse:
    """The response to one evaluation."""
    try:
        return _evaluation(_content(raw), raw.secret)
    except ClientError as error:
        return without_decision(error)


def read_evaluations(raw: RawResponse, count: int) -> EvaluationResponses:
    """The responses to a batch of `count` evaluations, in order; if one is malformed, none counts."""
    try:
        items = _content(raw).get("evaluations")
        if not isinstance(items, list):
            raise UnansweredError("the response has no list `evaluations`")
        if len(items) != count:
            raise UnansweredError(f"{count} evaluations were requested and {len(items)} returned")
        return EvaluationResponses(_evaluation(item, raw.secret) for item in items)
    except ClientError as error:
        return EvaluationResponses((without_decision(error),) * count)


def _evaluation(item: object, secret: str) -> EvaluationResponse:
    if not isinstance(item, dict):
        raise UnansweredError("an evaluation is not an object")
    decision, context = item.get("decision"), item.get("context", {})
    if decision is not True and decision is not False:
        raise UnansweredError("`decision` is neither true nor false")
    if not isinstance(context, dict):
        raise UnansweredError("`context` is not an object")
    if "error" in context:
        status, message = _error(context, secret)
        if decision:
            raise UnansweredError("a response has both a permit and an error")
        outcome = EvaluationOutcome.MALFORMED if status == 400 else EvaluationOutcome.UNANSWERED
        return EvaluationResponse(outcome, message=message or "the server could not decide", context=context)
    if decision:
        return EvaluationResponse(EvaluationOutcome.PERMITTED, context=context)
    return EvaluationResponse(EvaluationOutcome.REFUSED, _reason(context), context=context)


def _reason(context: Mapping[str, Any]) -> Reason | None:
    member = context.get("reason_user")
    values = [member.get(name) for name in ("code", "en", "nl")] if isinstance(member, dict) else []
    texts = [value for value in values if isinstance(value, str)]
    return Reason(*texts) if len(texts) == 3 else None


class Pages(Generic[Entity]):
    """The progress of a search through its pages: the next request to send, until there is none."""

    def __init__(self, search: SearchRequest[Entity], limit: int | None = None) -> None:
        self._search, self._limit = search, limit
        self._tokens: set[str] = set()
        self._token = ""
        self.path = SEARCH + search.searched
        self.more = True

    def body(self) -> bytes:
        """The request for the next page."""
        members = {"token": self._token or None, "limit": self._limit}
        page = {name: value for name, value in members.items() if value is not None}
        return encode_request(self._search.as_data() | ({"page": page} if page else {}))

    def read(self, raw: RawResponse) -> tuple[Entity, ...]:
        """The entities on a page.

        Raises:
            UnansweredError: the response is not a page, or the pages do not end.
            RejectedRequestError: the server rejected the search as malformed.
        """
        content = _content(raw)
        results, page = content.get("results"), content.get("page", {})
        if not isinstance(results, list) or not isinstance(page, dict):
            raise UnansweredError("the response is not a page of results")
        token, count = page.get("next_token", ""), page.get("count", len(results))
        if not isinstance(token, str) or count is True or count != len(results):
            raise UnansweredError("the page has a wrong `count` or `next_token`")
        if token and (not results or token in self._tokens or len(self._tokens) == MAX_PAGES):
            raise UnansweredError("the pages do not end")
        self._tokens.add(token)
        self._token, self.more = token, token != ""
        try:
            return tuple(self._search.parse_result(result) for result in results)
        except (KeyError, TypeError, AttributeError):
            raise UnansweredError(f"a result is not of the kind `{self._search.searched}`") from None


def _content(raw: RawResponse) -> dict[str, Any]:
    """The JSON object in a successful response.

    Raises:
        RejectedRequestError: the server rejected the request as malformed.
        UnansweredError: anything else that is not a complete JSON object under status 200.
    """
    header = raw.headers.get
    if raw.status == 400:
        raise RejectedRequestError(_error_message(raw) or "the request is malformed; the server gave no details")
    if raw.status != 200:
        message = _error_message(raw)
        raise UnansweredError(f"the server answered {raw.status}" + (f": {message}" if message else ""))
    if header("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise UnansweredError("the content type is not application/json")
    if header("content-encoding", "identity").lower() != "identity":
        raise UnansweredError("the response has a content encoding that was not requested")
    if "content-length" not in raw.headers and header("transfer-encoding", "").lower() != "chunked":
        # A body that ends with its connection may have been cut off.
        raise UnansweredError("the response does not state its length")
    content = parse(raw.body)
    if not isinstance(content, dict):
        raise UnansweredError("the response is not an object")
    return content


def _error_message(raw: RawResponse) -> str:
    """The server's error message, if the response has one in the shape of AuthZEN errors."""
    try:
        content = parse(raw.body)
    except UnansweredError:
        return ""
    return _error(content, raw.secret)[1] if isinstance(content, dict) else ""


def _error(content: Mapping[str, Any], secret: str) -> tuple[object, str]:
    """The status and the message of an `error` member."""
    error = content.get("error")
    if not isinstance(error, dict):
        return None, ""
    message = error.get("message")
    return error.get("status"), sanitize(message, secret) if isinstance(message, str) else ""


def sanitize(text: str, secret: str = "") -> str:
    """A text from the server as part of a message: one short line without the secret."""
    text = text.replace(secret, "...") if secret else text
    return "".join(c if c.isprintable() else " " for c in text[:MAX_MESSAGE_LENGTH])


def parse(data: bytes) -> Any:
    """The value of a JSON text, read as strictly as the service reads requests.

    Raises:
        UnansweredError: it is not JSON in UTF-8, has a duplicate member, or nests too deep.
    """
    try:
        return parse_json_bytes(data, "response")
    except DiagnosticError:
        raise UnansweredError("the response is not valid JSON") from None

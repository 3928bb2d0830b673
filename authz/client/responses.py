"""From what came over the wire to an answer: pure, and strict wherever two readers of the same bytes could differ.

A permit is a whole JSON object (I-JSON, RFC 7493) with `"decision": true`, under status 200 and the right content
type. Whatever else comes is a refusal, a malformed request, or no answer at all.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from authz.client.models import Answer, Malformed, NoAnswer, Outcome, Reason, Search, Unanswered
from authz.documents.json import parse_json_bytes
from authz.language.diagnostics import DiagnosticError

EVALUATION, EVALUATIONS, SEARCH = "/access/v1/evaluation", "/access/v1/evaluations", "/access/v1/search/"
MOST_PAGES = 10_000
LONGEST_MESSAGE = 500

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a status, headers by lower-case name, and a body within bounds and whole by its framing.

    `secret` is what no message may repeat.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    secret: str = field(default="", repr=False)


def body_of(asked: Mapping[str, Any]) -> bytes:
    """A question as bytes.

    Raises:
        TypeError, ValueError: it holds what JSON does not.
    """
    return json.dumps(asked, allow_nan=False).encode()


def unanswered(why: NoAnswer) -> Answer:
    """What a question is answered with that has no answer."""
    outcome = Outcome.MALFORMED if isinstance(why, Malformed) else Outcome.UNANSWERED
    return Answer(outcome, message=str(why))


def read_answer(reply: Reply) -> Answer:
    """The answer to one question."""
    try:
        return _answer(_content(reply), reply.secret)
    except NoAnswer as why:
        return unanswered(why)


def read_answers(reply: Reply, count: int) -> tuple[Answer, ...]:
    """The answers to a batch, in order; one that is malformed makes all of them so."""
    try:
        given = _content(reply).get("evaluations")
        if not isinstance(given, list):
            raise Unanswered("the answer has no list `evaluations`")
        if len(given) != count:
            raise Unanswered(f"{count} were asked, and {len(given)} are answered")
        return tuple(_answer(one, reply.secret) for one in given)
    except NoAnswer as why:
        return (unanswered(why),) * count


def _answer(given: object, secret: str) -> Answer:
    if not isinstance(given, dict):
        raise Unanswered("an answer is no object")
    decision, context = given.get("decision"), given.get("context", {})
    if decision is not True and decision is not False:
        raise Unanswered("`decision` is neither true nor false")
    if not isinstance(context, dict):
        raise Unanswered("`context` is no object")
    if "error" in context:
        status, message = _error(context, secret)
        if decision:
            raise Unanswered("an answer permits, and has an error")
        outcome = Outcome.MALFORMED if status == 400 else Outcome.UNANSWERED
        return Answer(outcome, message=message or "the server could not decide", context=context)
    if decision:
        return Answer(Outcome.PERMITTED, context=context)
    return Answer(Outcome.REFUSED, _reason(context), context=context)


def _reason(context: Mapping[str, Any]) -> Reason | None:
    given = context.get("reason_user")
    words = [given.get(name) for name in ("code", "en", "nl")] if isinstance(given, dict) else []
    texts = [word for word in words if isinstance(word, str)]
    return Reason(*texts) if len(texts) == 3 else None


class Pages(Generic[Found]):
    """A search on its way through its pages: what to ask next, until it has all."""

    def __init__(self, search: Search[Found], limit: int | None = None) -> None:
        self._search, self._limit = search, limit
        self._tokens: set[str] = set()
        self._token = ""
        self.path = SEARCH + search.searched
        self.more = True

    def body(self) -> bytes:
        """The question for the next page."""
        asked = {"token": self._token or None, "limit": self._limit}
        page = {name: value for name, value in asked.items() if value is not None}
        return body_of(self._search.as_data() | ({"page": page} if page else {}))

    def read(self, reply: Reply) -> tuple[Found, ...]:
        """What a page found.

        Raises:
            Unanswered: it is no page, or leads nowhere.
            Malformed: the server says that the search is.
        """
        content = _content(reply)
        results, page = content.get("results"), content.get("page", {})
        if not isinstance(results, list) or not isinstance(page, dict):
            raise Unanswered("the answer is no page of results")
        token, count = page.get("next_token", ""), page.get("count", len(results))
        if not isinstance(token, str) or count is True or count != len(results):
            raise Unanswered("the page says wrongly what it holds, or what is next")
        if token and (not results or token in self._tokens or len(self._tokens) == MOST_PAGES):
            raise Unanswered("the pages do not end")
        self._tokens.add(token)
        self._token, self.more = token, token != ""
        try:
            return tuple(self._search.found(one) for one in results)
        except (KeyError, TypeError, AttributeError):
            raise Unanswered(f"a result is no {self._search.searched}") from None


def _content(reply: Reply) -> dict[str, Any]:
    """The object that a reply with an answer holds.

    Raises:
        Malformed: the server says that the request is.
        Unanswered: it holds no answer.
    """
    header = reply.headers.get
    if reply.status == 400:
        raise Malformed(_said(reply) or "the server says no more than that the request is malformed")
    if reply.status != 200:
        said = _said(reply)
        raise Unanswered(f"the server answered {reply.status}" + (f": {said}" if said else ""))
    if header("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Unanswered("the content type is not application/json")
    if header("content-encoding", "identity").lower() != "identity":
        raise Unanswered("the answer is encoded, and that was not asked")
    if "content-length" not in reply.headers and header("transfer-encoding", "").lower() != "chunked":
        # A body that ends with its connection may have been cut off.
        raise Unanswered("the answer does not say where it ends")
    content = parse(reply.body)
    if not isinstance(content, dict):
        raise Unanswered("the answer is no object")
    return content


def _said(reply: Reply) -> str:
    """What a server says is wrong, if it says so in the shape that errors have."""
    try:
        content = parse(reply.body)
    except Unanswered:
        return ""
    return _error(content, reply.secret)[1] if isinstance(content, dict) else ""


def _error(given: Mapping[str, Any], secret: str) -> tuple[object, str]:
    error = given.get("error")
    if not isinstance(error, dict):
        return None, ""
    message = error.get("message")
    return error.get("status"), clean(message, secret) if isinstance(message, str) else ""


def clean(text: str, secret: str = "") -> str:
    """A text from elsewhere as part of a message: one short line, and without the secret."""
    text = text.replace(secret, "...") if secret else text
    return "".join(one if one.isprintable() else " " for one in text[:LONGEST_MESSAGE])


def parse(data: bytes) -> Any:
    """The value of a JSON text, read as strictly as the service reads its own.

    Raises:
        Unanswered: it is not JSON, not UTF-8, names a member twice, or nests too deep.
    """
    try:
        return parse_json_bytes(data, "answer")
    except DiagnosticError:
        raise Unanswered("the answer is not sound JSON") from None

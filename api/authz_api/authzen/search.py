"""Searches in pages (AuthZEN 1.0, section 8): tokens are signed, bound to the request, and name a place in an order."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from authz import EvaluationRequest, MalformedRequestError
from authz.engine.search import Candidate, Searched, search
from authz.facts.store import Key
from authz_api.authn.callers import Caller
from authz_api.authzen.request_body import told
from authz_api.authzen.responses import NOT_ITSELF, echoed, own
from authz_api.problems import Problem
from authz_api.state import Loaded

DEFAULT_LIMIT, MOST_RESULTS = 100, 1000
PAUSE = 200
"""After how many candidates other calls get a turn."""
BOUND = ("subject", "action", "resource", "context")


@dataclass(frozen=True, slots=True)
class Page:
    """Where a page begins, and how many results it has at most."""

    after: Key
    limit: int


@dataclass(frozen=True, slots=True)
class Results:
    """A page of results, beside the request it answers and the candidates that were found."""

    body: Mapping[str, Any]
    asked: EvaluationRequest
    found: tuple[Candidate, ...]


async def results(
    caller: Caller,
    loaded: Loaded,
    searched: Searched,
    given: Mapping[str, Any],
    at: datetime,
    tokens: URLSafeSerializer,
) -> Results:
    """One page of a search.

    Raises:
        Problem: 400 if the request is malformed, or its token forged or another's; 403 if the caller may not ask it.
    """
    try:
        asked = loaded.policy.bundle.requests.read_live(given, searched=searched.value)
    except MalformedRequestError as wrong:
        raise Problem(400, told(wrong)) from None
    if searched is not Searched.SUBJECT and not own(caller, loaded, asked):
        raise Problem(403, NOT_ITSELF)
    bound = _bound(caller, searched, given)
    page = _page(given, bound, tokens)
    found: list[Candidate] = []
    more = False
    for count, candidate in enumerate(search(loaded.policy, loaded.facts, asked, searched, at, page.after), 1):
        # Who is bound to a subject learns nothing of others, nor how many there are.
        if candidate.allowed and own(caller, loaded, candidate.request):
            if len(found) == page.limit:
                more = True
                break
            found.append(candidate)
        if count % PAUSE == 0:
            await asyncio.sleep(0)
    token = _signed(tokens, bound, list(found[-1].key), page.limit) if more else ""
    body = {
        "results": [_result(loaded, searched, given, candidate) for candidate in found],
        "page": {"next_token": token, "count": len(found)},
        "context": echoed(loaded, asked),
    }
    return Results(body, asked, tuple(found))


def _signed(tokens: URLSafeSerializer, bound: str, after: list[str], limit: int) -> str:
    """The token of the page behind a place: what it says is signed, not hidden, and known to the caller already."""
    token = tokens.dumps([bound, after, limit])
    return token if isinstance(token, str) else token.decode()


def _page(given: Mapping[str, Any], bound: str, tokens: URLSafeSerializer) -> Page:
    page = given.get("page", {})
    if not isinstance(page, dict):
        raise Problem(400, "page: is not an object")
    token, limit = page.get("token", ""), page.get("limit")
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        raise Problem(400, "page.limit: is not an integer of at least 1")
    if not isinstance(token, str):
        raise Problem(400, "page.token: is not a string")
    if not token:
        return Page((), min(limit or DEFAULT_LIMIT, MOST_RESULTS))
    try:
        whose, after, usual = tokens.loads(token)
    except BadData:
        raise Problem(400, "page.token: was not given here") from None
    # One text is the token: other texts that decode to the same are not.
    if _signed(tokens, whose, after, usual) != token:
        raise Problem(400, "page.token: was not given here")
    if whose != bound:
        raise Problem(400, "page.token: was given for another request")
    return Page(tuple(after), min(limit or usual, MOST_RESULTS))


def _bound(caller: Caller, searched: Searched, given: Mapping[str, Any]) -> str:
    """The digest of what a token is bound to: caller, search and entities, the ignored id or action apart."""
    entities = {name: given[name] for name in BOUND if name in given}
    if isinstance(entities.get(searched.value), dict):
        ignored = "name" if searched is Searched.ACTION else "id"
        entities[searched.value] = {k: v for k, v in entities[searched.value].items() if k != ignored}
    text = json.dumps([caller.name, searched.value, entities], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _result(loaded: Loaded, searched: Searched, given: Mapping[str, Any], candidate: Candidate) -> dict[str, Any]:
    """A result as an entity of a request: put there, it is allowed. It repeats what the search said of it."""
    counting = loaded.policy.bundle.vocabulary.properties
    said = given.get(searched.value, {}).get("properties", {})
    properties = {
        kind.source[2]: candidate.named.get(name, said.get(kind.source[2]))
        for name, kind in counting.items()
        if kind.source[:2] == (searched.value, "properties") and (name in candidate.named or kind.source[2] in said)
    }
    asked = candidate.request
    entity: dict[str, Any] = {
        Searched.SUBJECT: {"type": asked.subject_type, "id": asked.subject_id},
        Searched.RESOURCE: {"type": asked.resource_type, "id": asked.resource_id},
        Searched.ACTION: {"name": asked.action},
    }[searched]
    return {**entity, "properties": properties} if properties else entity

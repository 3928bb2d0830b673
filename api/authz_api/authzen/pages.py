"""Pages of a search: signed tokens, bound to their caller and request, that name a place in the order of results."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from authz.engine.search import Searched
from authz.facts.store import Key
from authz_api.authn.callers import Caller
from authz_api.problems import ProblemError

DEFAULT_LIMIT, MAX_LIMIT = 100, 1000
BOUND_MEMBERS = ("subject", "action", "resource", "context")
FORGED = "page.token: was not issued by this service"


@dataclass(frozen=True, slots=True)
class Page:
    """A page: the key after which it begins, and the maximum number of its results."""

    after: Key
    limit: int


def read_page(body: Mapping[str, Any], digest: str, tokens: URLSafeSerializer) -> Page:
    """The page that a body asks for; `digest` is that of its request (AuthZEN 1.0, section 8.2).

    A request for a later page repeats the limit of the first one, or leaves it out.

    Raises:
        ProblemError: 400 if it is malformed, its token is forged or of another request, or its limit has changed.
    """
    page = body.get("page", {})
    if not isinstance(page, dict):
        raise ProblemError(400, "page: is not an object")
    token, limit = page.get("token", ""), page.get("limit", DEFAULT_LIMIT)
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
        raise ProblemError(400, "page.limit: is not an integer of at least 0")
    limit = min(limit, MAX_LIMIT)
    if not isinstance(token, str):
        raise ProblemError(400, "page.token: is not a string")
    if not token:
        return Page((), limit)
    try:
        bound, after, first_limit = tokens.loads(token)
    except BadData:
        raise ProblemError(400, FORGED) from None
    # Other texts can decode to the same value: only the text that was issued is a token.
    if page_token(tokens, bound, after, first_limit) != token:
        raise ProblemError(400, FORGED)
    if bound != digest:
        raise ProblemError(400, "page.token: was issued for another request")
    if "limit" in page and limit != first_limit:
        raise ProblemError(400, "page.limit: is not that of the first page")
    return Page(tuple(after), first_limit)


def page_token(tokens: URLSafeSerializer, digest: str, after: list[str], limit: int) -> str:
    """The token of the page after a key. It is signed, not encrypted: it names a result that its caller has seen."""
    token = tokens.dumps([digest, after, limit])
    return token if isinstance(token, str) else token.decode()


def request_digest(caller: Caller, searched: Searched, body: Mapping[str, Any]) -> str:
    """The digest of caller, search and entities, without the member that the search ignores."""
    entities = {name: body[name] for name in BOUND_MEMBERS if name in body}
    if isinstance(entities.get(searched.value), dict):
        ignored = "name" if searched is Searched.ACTION else "id"
        entities[searched.value] = {k: v for k, v in entities[searched.value].items() if k != ignored}
    text = json.dumps([caller.name, searched.value, entities], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()

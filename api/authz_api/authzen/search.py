"""Subject, Resource and Action Search: everyone and everything that would be permitted (AuthZEN 1.0, section 8)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from itsdangerous import URLSafeSerializer

from authz import EvaluationRequest, MalformedRequestError
from authz.engine.search import Candidate, Searched, search
from authz_api import response_delay
from authz_api.authn.callers import Right
from authz_api.authzen.endpoint import Endpoint, EndpointCall, EndpointResult
from authz_api.authzen.evaluation import OTHER_SUBJECT, UNDECIDED, caller_may_ask, data_subject
from authz_api.authzen.pages import Page, page_token, read_page, request_digest
from authz_api.decision_log.entry import EventName, random_id
from authz_api.decision_log.pseudonyms import Pseudonyms
from authz_api.http_messages import message_of
from authz_api.problems import ProblemError, error_body
from authz_api.state import Snapshot

CANDIDATES_AT_ONCE = 200
"""The number of candidates that are decided before other calls get a turn."""
EVENTS: Mapping[Searched, EventName] = {
    Searched.SUBJECT: "adl.search_subject",
    Searched.RESOURCE: "adl.search_resource",
    Searched.ACTION: "adl.search_action",
}


@dataclass(frozen=True, slots=True)
class SearchEndpoint:
    """Searches one kind of entity, page by page."""

    searched: Searched
    pseudonyms: Pseudonyms
    tokens: URLSafeSerializer = field(repr=False)

    def endpoint(self) -> Endpoint:
        """The endpoint `/access/v1/search/...`."""
        return Endpoint(
            f"search_{self.searched.value}", EVENTS[self.searched], Right.SEARCH, _never_at_once, self.answer_slowly
        )

    async def answer_slowly(self, call: EndpointCall) -> EndpointResult:
        """One page of results.

        Raises:
            ProblemError: 400 if the request or its page is malformed; 403 if the caller may not ask it.
        """
        snapshot = call.snapshot
        request = self._read_request(call)
        digest = request_digest(call.caller, self.searched, call.body)
        page = read_page(call.body, digest, self.tokens)
        hits = await self._find(call, request, page)
        found = hits.permitted
        last = found[-1].key if found else page.after
        token = page_token(self.tokens, digest, list(last), page.limit) if hits.more else ""
        evaluation_id = random_id()
        policy, facts = snapshot.versions
        context = {"evaluation_id": evaluation_id, "evaluated_at": call.at, **echoed_properties(snapshot, request)}
        body: dict[str, Any] = {
            "results": [_result(snapshot, self.searched, call.body, candidate) for candidate in found],
            "page": {"next_token": token, "count": len(found)},
            "context": {**context, "policy": policy, "facts": facts},
        }
        if hits.error:
            body["context"].update(error_body(500, UNDECIDED))
        logged = self.pseudonyms.of_request(snapshot, request)
        results = self.pseudonyms.of_results("\n".join(candidate.key) for candidate in found)
        logged_context = {"evaluation_id": evaluation_id, "results": results}
        if hits.error:
            logged_context["error"] = hits.error.partition(":")[0]  # the message could hold personal data
        log_response = {"page": {"count": len(found)}, "context": logged_context}
        delay = 0 if found else response_delay.SEARCH
        subject = "" if self.searched is Searched.RESOURCE else data_subject(snapshot, logged)
        return EndpointResult(body, logged, log_response, EVENTS[self.searched], data_subject=subject, delay=delay)

    def _read_request(self, call: EndpointCall) -> EvaluationRequest:
        try:
            request = call.snapshot.policy.bundle.requests.live[self.searched.value](call.body)
        except MalformedRequestError as error:
            raise ProblemError(400, message_of(error)) from None
        if self.searched is not Searched.SUBJECT and not caller_may_ask(call.caller, call.snapshot, request):
            raise ProblemError(403, OTHER_SUBJECT)
        return request

    async def _find(self, call: EndpointCall, request: EvaluationRequest, page: Page) -> "_Hits":
        snapshot, hits = call.snapshot, _Hits()
        # In a thread, because the first search after a reload sorts all ids, and other calls go on meanwhile.
        candidates = await asyncio.to_thread(
            search, snapshot.policy, snapshot.facts, request, self.searched, call.at, page.after
        )
        for count, candidate in enumerate(candidates, 1):
            # A caller bound to a subject learns neither who the others are nor how many.
            if (candidate.allowed or candidate.error) and caller_may_ask(call.caller, snapshot, candidate.request):
                hits.error = hits.error or candidate.error
                if candidate.allowed:
                    if len(hits.permitted) == page.limit:
                        hits.more = True
                        return hits
                    hits.permitted.append(candidate)
            if count % CANDIDATES_AT_ONCE == 0:
                await asyncio.sleep(0)
        return hits


@dataclass(slots=True)
class _Hits:
    """The permitted candidates of a page, whether there are more behind it, and an error of deciding a candidate."""

    permitted: list[Candidate] = field(default_factory=list)
    more: bool = False
    error: str = ""


def echoed_properties(snapshot: Snapshot, request: EvaluationRequest) -> dict[str, Any]:
    """The properties that a response repeats, defaults filled in, such as the purpose; the bundle names them."""
    return {name: value for name in snapshot.echoed if (value := request.properties[name]) is not None}


def _never_at_once(_call: EndpointCall) -> None:
    """A search gives other calls a turn, so it never answers at once."""


def _result(snapshot: Snapshot, searched: Searched, body: Mapping[str, Any], candidate: Candidate) -> dict[str, Any]:
    """A result as an entity of a request, with the properties of the search: put into the request, it is permitted."""
    properties = snapshot.policy.bundle.vocabulary.properties
    sent = body.get(searched.value, {}).get("properties", {})
    repeated = {
        kind.source[2]: candidate.named.get(name, sent.get(kind.source[2]))
        for name, kind in properties.items()
        if kind.source[:2] == (searched.value, "properties") and (name in candidate.named or kind.source[2] in sent)
    }
    request = candidate.request
    entity: dict[str, Any] = {
        Searched.SUBJECT: {"type": request.subject_type, "id": request.subject_id},
        Searched.RESOURCE: {"type": request.resource_type, "id": request.resource_id},
        Searched.ACTION: {"name": request.action},
    }[searched]
    return {**entity, "properties": repeated} if repeated else entity

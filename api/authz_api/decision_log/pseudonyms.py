"""Keyed pseudonyms: what the decision log holds in place of persons, and of every text that it may not repeat.

A text may stand as it is if the bundle declares it, or if it is the id of a known record that is no person. Any other
text of a caller could be a person's name or id. Whoever holds the key can find the entries of a person; nobody else.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from authz import EvaluationRequest
from authz_api.state import Snapshot

PLAIN_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
CACHED, MAX_CACHED_LENGTH = 16_384, 128
CACHED_LONG = 8
"""The longer texts that are cached: a batch can name one in each of its thousand items, through its defaults."""


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Maps a text of a kind to its pseudonym: equal texts have equal pseudonyms under one key."""

    key: bytes = field(repr=False)
    cache: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)
    long_cache: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)

    def of(self, kind: str, text: str) -> str:
        """The pseudonym of a text: `~` and 128 bits of its keyed digest (BLAKE2, RFC 7693)."""
        cache, size = (self.cache, CACHED) if len(text) <= MAX_CACHED_LENGTH else (self.long_cache, CACHED_LONG)
        if (cached := cache.get((kind, text))) is not None:
            return cached
        digest = hashlib.blake2b((kind + "\0" + text).encode(), key=self.key, digest_size=16)
        pseudonym = f"~{digest.hexdigest()}"
        if len(cache) >= size:
            cache.clear()
        cache[kind, text] = pseudonym
        return pseudonym

    def of_request_id(self, text: str) -> str:
        """A caller's request id if it has the form of an id, else its pseudonym."""
        return text if PLAIN_REQUEST_ID.fullmatch(text) else self.of("request", text)

    def of_request(self, snapshot: Snapshot, request: EvaluationRequest) -> dict[str, Any]:
        """A request in AuthZEN's shape without personal data; the properties are those that the bundle reads."""
        vocabulary = snapshot.policy.bundle.vocabulary
        action = request.action
        logged: dict[str, Any] = {
            "subject": self.of_entity(snapshot, vocabulary.subject.type, request.subject_type, request.subject_id),
            "action": {"name": action if action in snapshot.actions else self.of("action", action)},
            "resource": self.of_entity(snapshot, vocabulary.resource.type, request.resource_type, request.resource_id),
        }
        properties = request.properties
        for place, last, members in snapshot.logged_properties:
            values: dict[str, object] = {}
            for name, member, public, kind in members:
                value = properties[name]
                if isinstance(value, str):
                    values[member] = value if value in public else self.of(kind, value)
                elif value is not None:
                    values[member] = value if isinstance(value, bool | int) else str(value)
            if values:
                holder = logged
                for step in place:
                    holder = holder.setdefault(step, {})
                holder[last] = {**holder[last], **values} if last in holder else values
        return logged

    def of_entity(self, snapshot: Snapshot, type: str, actual: str, id: str) -> dict[str, Any]:
        """A subject or resource; the id of an entity of another type than the bundle's is never public."""
        if actual != type:
            return {"type": self.of("type", actual), "id": self.of("id", id)}
        return {"type": type, "id": self.of_id(snapshot, type, id)} if id else {"type": type}

    def of_id(self, snapshot: Snapshot, type: str, id: str) -> str:
        """An id if it is that of a known record that is no person, else its pseudonym."""
        public, kind = snapshot.public_ids[type]
        return id if id in public else self.of(kind, id)

    def of_results(self, keys: Iterable[str]) -> str:
        """One pseudonym for a list of search results: equal lists have equal digests, and no result can be read."""
        return self.of("results", "\0".join(keys))

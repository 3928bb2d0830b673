"""The requests and responses of the AuthZEN client, as frozen values without any network.

ClientError
 +- UnansweredError         there is no valid response: an error, a time-out, something malformed
 +- RejectedRequestError    the server rejected the request as malformed
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeVar

Entity = TypeVar("Entity", covariant=True)


class ClientError(Exception):
    """A call without a decision; the message says why."""


class UnansweredError(ClientError):
    """The server sent no valid response."""


class RejectedRequestError(ClientError):
    """The server rejected the request as malformed; the message is the server's."""


class EvaluationOutcome(StrEnum):
    """How an evaluation ended."""

    PERMITTED = "permitted"
    REFUSED = "refused"
    MALFORMED = "malformed"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a request is refused, in texts that every caller may see."""

    code: str
    en: str
    nl: str


@dataclass(frozen=True, slots=True)
class EvaluationResponse:
    """The response to one evaluation: a permit, a refusal with its reason, or neither with a `message` that says why.

    `context` is what the server returns beside its decision, such as `evaluation_id` and `expires_at`.
    """

    outcome: EvaluationOutcome
    reason: Reason | None = None
    message: str = ""
    context: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __bool__(self) -> bool:
        """True for a permit alone, so that `if client.evaluate(...)` fails closed."""
        return self.outcome is EvaluationOutcome.PERMITTED

    @property
    def decision(self) -> bool:
        """The same under AuthZEN's name."""
        return bool(self)


@dataclass(frozen=True, slots=True)
class Subject:
    """The party that wants access."""

    type: str
    id: str
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def as_data(self) -> dict[str, Any]:
        """The subject in AuthZEN's JSON form."""
        return {"type": self.type, "id": self.id, **_properties(self.properties)}


@dataclass(frozen=True, slots=True)
class Action:
    """The kind of access."""

    name: str
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def as_data(self) -> dict[str, Any]:
        """The action in AuthZEN's JSON form."""
        return {"name": self.name, **_properties(self.properties)}


@dataclass(frozen=True, slots=True)
class Resource:
    """The thing that access is wanted to."""

    type: str
    id: str
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def as_data(self) -> dict[str, Any]:
        """The resource in AuthZEN's JSON form."""
        return {"type": self.type, "id": self.id, **_properties(self.properties)}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A request for one decision: may this subject do this to this resource?"""

    subject: Subject
    action: Action
    resource: Resource
    context: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def as_data(self) -> dict[str, Any]:
        """The request in AuthZEN's JSON form."""
        subject, action, resource = self.subject.as_data(), self.action.as_data(), self.resource.as_data()
        return {"subject": subject, "action": action, "resource": resource} | _context(self.context)


class SearchRequest(Protocol[Entity]):
    """A request that leaves one entity open."""

    @property
    def searched(self) -> str:
        """The open entity: `subject`, `resource` or `action`."""

    def as_data(self) -> dict[str, Any]:
        """The request in AuthZEN's JSON form."""

    def parse_result(self, result: Mapping[str, Any]) -> Entity:
        """The entity in one result of the server.

        Raises:
            KeyError, TypeError: a member is missing or ill-typed.
        """


@dataclass(frozen=True, slots=True)
class SubjectSearch:
    """Which subjects of this type may do this to this resource?"""

    type: str
    action: Action
    resource: Resource
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)
    context: Mapping[str, Any] = field(default_factory=dict, hash=False)
    searched = "subject"

    def as_data(self) -> dict[str, Any]:
        """The request in AuthZEN's JSON form."""
        subject = {"type": self.type, **_properties(self.properties)}
        entities = {"subject": subject, "action": self.action.as_data(), "resource": self.resource.as_data()}
        return entities | _context(self.context)

    def parse_result(self, result: Mapping[str, Any]) -> Subject:
        """The subject in one result of the server."""
        return Subject(_text(result["type"]), _text(result["id"]), _properties_of(result))


@dataclass(frozen=True, slots=True)
class ResourceSearch:
    """To which resources of this type may this subject do this?"""

    subject: Subject
    action: Action
    type: str
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)
    context: Mapping[str, Any] = field(default_factory=dict, hash=False)
    searched = "resource"

    def as_data(self) -> dict[str, Any]:
        """The request in AuthZEN's JSON form."""
        resource = {"type": self.type, **_properties(self.properties)}
        entities = {"resource": resource, "subject": self.subject.as_data(), "action": self.action.as_data()}
        return entities | _context(self.context)

    def parse_result(self, result: Mapping[str, Any]) -> Resource:
        """The resource in one result of the server."""
        return Resource(_text(result["type"]), _text(result["id"]), _properties_of(result))


@dataclass(frozen=True, slots=True)
class ActionSearch:
    """Which actions may this subject do to this resource?"""

    subject: Subject
    resource: Resource
    context: Mapping[str, Any] = field(default_factory=dict, hash=False)
    searched = "action"

    def as_data(self) -> dict[str, Any]:
        """The request in AuthZEN's JSON form."""
        return {"subject": self.subject.as_data(), "resource": self.resource.as_data()} | _context(self.context)

    def parse_result(self, result: Mapping[str, Any]) -> Action:
        """The action in one result of the server."""
        return Action(_text(result["name"]), _properties_of(result))


def _properties(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"properties": dict(properties)} if properties else {}


def _context(context: Mapping[str, Any]) -> dict[str, Any]:
    return {"context": dict(context)} if context else {}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _properties_of(result: Mapping[str, Any]) -> Mapping[str, Any]:
    value = result.get("properties", {})
    if not isinstance(value, dict):
        raise TypeError
    return value

"""What is asked and what is answered, as values; nothing here knows of a network.

NoAnswer
 +- Unanswered    whatever came, it was no answer: an error, a time-out, something malformed
 +- Malformed     the server says that the request is malformed
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeVar

Found = TypeVar("Found", covariant=True)


class NoAnswer(Exception):
    """There is no answer; the message says why."""


class Unanswered(NoAnswer):
    """The server did not answer, or what came is no answer."""


class Malformed(NoAnswer):
    """The request says nothing that could be decided; the message is the server's."""


class Outcome(StrEnum):
    """What came of a question."""

    PERMITTED = "permitted"
    REFUSED = "refused"
    MALFORMED = "malformed"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a request is refused, in words that everybody who asks may see."""

    code: str
    en: str
    nl: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one question: a permit, a refusal with its reason, or neither, and `message` says why.

    `context` is what the server says beside its decision, such as `evaluation_id` and `expires_at`.
    """

    outcome: Outcome
    reason: Reason | None = None
    message: str = ""
    context: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __bool__(self) -> bool:
        """True for a permit alone, so that `if client.evaluate(...)` fails closed."""
        return self.outcome is Outcome.PERMITTED

    @property
    def decision(self) -> bool:
        """The same, by the name that AuthZEN gives it."""
        return bool(self)


@dataclass(frozen=True, slots=True)
class Subject:
    """Who asks."""

    type: str
    id: str
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def as_data(self) -> dict[str, Any]:
        """The subject as AuthZEN writes it."""
        return {"type": self.type, "id": self.id, **_properties(self.properties)}


@dataclass(frozen=True, slots=True)
class Action:
    """What is to be done."""

    name: str
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def as_data(self) -> dict[str, Any]:
        """The action as AuthZEN writes it."""
        return {"name": self.name, **_properties(self.properties)}


@dataclass(frozen=True, slots=True)
class Resource:
    """To what."""

    type: str
    id: str
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def as_data(self) -> dict[str, Any]:
        """The resource as AuthZEN writes it."""
        return {"type": self.type, "id": self.id, **_properties(self.properties)}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A question: may this subject do this to this resource?"""

    subject: Subject
    action: Action
    resource: Resource
    context: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def as_data(self) -> dict[str, Any]:
        """The question as AuthZEN writes it."""
        subject, action, resource = self.subject.as_data(), self.action.as_data(), self.resource.as_data()
        return {"subject": subject, "action": action, "resource": resource} | _context(self.context)


class Search(Protocol[Found]):
    """A question with one entity left open."""

    @property
    def searched(self) -> str:
        """Which entity: `subject`, `resource` or `action`."""

    def as_data(self) -> dict[str, Any]:
        """The question as AuthZEN writes it."""

    def found(self, given: Mapping[str, Any]) -> Found:
        """The entity that a result is.

        Raises:
            KeyError, TypeError: a member is missing or ill-typed.
        """


@dataclass(frozen=True, slots=True)
class SubjectSearch:
    """Who, of this type, may do this to this resource?"""

    type: str
    action: Action
    resource: Resource
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)
    context: Mapping[str, Any] = field(default_factory=dict, hash=False)
    searched = "subject"

    def as_data(self) -> dict[str, Any]:
        """The question as AuthZEN writes it."""
        asked = {"subject": {"type": self.type, **_properties(self.properties)}}
        return asked | {"action": self.action.as_data(), "resource": self.resource.as_data()} | _context(self.context)

    def found(self, given: Mapping[str, Any]) -> Subject:
        """The subject that a result is."""
        return Subject(_text(given["type"]), _text(given["id"]), _object(given))


@dataclass(frozen=True, slots=True)
class ResourceSearch:
    """To what, of this type, may this subject do this?"""

    subject: Subject
    action: Action
    type: str
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)
    context: Mapping[str, Any] = field(default_factory=dict, hash=False)
    searched = "resource"

    def as_data(self) -> dict[str, Any]:
        """The question as AuthZEN writes it."""
        asked = {"resource": {"type": self.type, **_properties(self.properties)}}
        return asked | {"subject": self.subject.as_data(), "action": self.action.as_data()} | _context(self.context)

    def found(self, given: Mapping[str, Any]) -> Resource:
        """The resource that a result is."""
        return Resource(_text(given["type"]), _text(given["id"]), _object(given))


@dataclass(frozen=True, slots=True)
class ActionSearch:
    """What may this subject do to this resource?"""

    subject: Subject
    resource: Resource
    context: Mapping[str, Any] = field(default_factory=dict, hash=False)
    searched = "action"

    def as_data(self) -> dict[str, Any]:
        """The question as AuthZEN writes it."""
        return {"subject": self.subject.as_data(), "resource": self.resource.as_data()} | _context(self.context)

    def found(self, given: Mapping[str, Any]) -> Action:
        """The action that a result is."""
        return Action(_text(given["name"]), _object(given))


def _properties(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"properties": dict(properties)} if properties else {}


def _context(context: Mapping[str, Any]) -> dict[str, Any]:
    return {"context": dict(context)} if context else {}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _object(given: Mapping[str, Any]) -> Mapping[str, Any]:
    value = given.get("properties", {})
    if not isinstance(value, dict):
        raise TypeError
    return value

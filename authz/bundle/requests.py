"""Parse a request, AuthZEN's or a scenario's flat form, into a typed one; what it cannot mean is malformed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authz.bundle.values import read_value
from authz.bundle.vocabulary import PropertyKind, Vocabulary
from authz.documents.places import Loc, diagnostic_at
from authz.language.diagnostics import Diagnostic, DiagnosticError, did_you_mean
from authz.language.types import INSTANT, STRING, Enumeration, Optional


class MalformedRequestError(DiagnosticError):
    """A request that says nothing that could be decided; `faults` holds every reason."""


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What is asked: subject, action, resource, the properties that count, and the instant if it names one.

    `properties` has every property of the vocabulary: a value, an id, or None where it is absent.
    """

    subject_type: str
    subject_id: str
    action: str
    resource_type: str
    resource_id: str
    properties: Mapping[str, Any]
    at: datetime | None = None


def parse_request(given: object, vocabulary: Vocabulary, shown: str = "request", at: Loc = ()) -> EvaluationRequest:
    """The typed request that a document gives.

    AuthZEN's form has `subject` and `resource` as objects, and unknown members are ignored at every level; the flat
    form names the parties by their types, and unknown members are faults.

    Raises:
        MalformedRequestError: with every fault, each with its place under `at`.
    """
    reading = _Reading(vocabulary, shown, at)
    if not isinstance(given, Mapping):
        raise MalformedRequestError([diagnostic_at(shown, at, "is not an object")])
    request = reading.authzen(given) if {"subject", "resource"} & given.keys() else reading.flat(given)
    if reading.diagnostics:
        raise MalformedRequestError(reading.diagnostics)
    return request


def parse_authzen(
    given: object, vocabulary: Vocabulary, shown: str = "request", at: Loc = (), searched: str = ""
) -> EvaluationRequest:
    """The typed request that a live AuthZEN body gives; what it says the time is counts for nothing.

    `searched` is what a search asks for, `subject`, `resource` or `action`: its id or name is ignored, and empty here.

    Raises:
        MalformedRequestError: with every fault, each with its place under `at`.
    """
    reading = _Reading(vocabulary, shown, at)
    if not isinstance(given, Mapping):
        raise MalformedRequestError([diagnostic_at(shown, at, "is not an object")])
    live = {name: value for name, value in given.items() if name != "at"}
    request = reading.authzen({"action": {}, **live} if searched == "action" else live, searched)
    if reading.diagnostics:
        raise MalformedRequestError(reading.diagnostics)
    return request


class _Reading:
    def __init__(self, vocabulary: Vocabulary, shown: str, at: Loc) -> None:
        self.vocabulary, self.shown, self.at = vocabulary, shown, at
        self.diagnostics: list[Diagnostic] = []

    def wrong(self, loc: Loc, problem: str, help: str = "") -> None:
        self.diagnostics.append(diagnostic_at(self.shown, (*self.at, *loc), problem, help))

    def flat(self, given: Mapping[str, Any]) -> EvaluationRequest:
        vocabulary = self.vocabulary
        subject, resource = vocabulary.subject.type, vocabulary.resource.type
        known = {subject, "action", resource, "at", *vocabulary.properties, *vocabulary.ignored}
        for name in given.keys() - known:
            self.wrong((name,), "is not known here", did_you_mean(str(name), known))
        for name, kind in vocabulary.ignored.items():
            if name in given:
                self.value(kind, given[name], (name,))
        properties = {name: self.property(kind, given, name, (name,)) for name, kind in vocabulary.properties.items()}
        subject_id, action, resource_id = (self.text(given, name, (name,)) for name in (subject, "action", resource))
        return EvaluationRequest(subject, subject_id, action, resource, resource_id, properties, self.instant(given))

    def authzen(self, given: Mapping[str, Any], searched: str = "") -> EvaluationRequest:
        subject, action, resource = (self.entity(given, name) for name in ("subject", "action", "resource"))
        self.optional_object(given, "context", ("context",))
        properties = {name: self.sourced(kind, given) for name, kind in self.vocabulary.properties.items()}
        return EvaluationRequest(
            self.text(subject, "type", ("subject", "type")),
            "" if searched == "subject" else self.text(subject, "id", ("subject", "id")),
            "" if searched == "action" else self.text(action, "name", ("action", "name")),
            self.text(resource, "type", ("resource", "type")),
            "" if searched == "resource" else self.text(resource, "id", ("resource", "id")),
            properties,
            self.instant(given),
        )

    def entity(self, given: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
        """An entity of the request, whose properties, if any, are an object; None after a fault."""
        if name not in given:
            self.wrong((name,), "is missing")
            return None
        if not isinstance(given[name], Mapping):
            self.wrong((name,), "is not an object")
            return None
        entity: Mapping[str, Any] = given[name]
        self.optional_object(entity, "properties", (name, "properties"))
        return entity

    def optional_object(self, given: Mapping[str, Any], name: str, loc: Loc) -> None:
        if name in given and not isinstance(given[name], Mapping):
            self.wrong(loc, "is not an object")

    def sourced(self, kind: PropertyKind, given: Mapping[str, Any]) -> Any:
        holder: Any = given
        for depth, step in enumerate(kind.source[:-1], 1):
            holder = holder.get(step, {})
            if not isinstance(holder, Mapping):
                self.wrong(kind.source[:depth], "is not an object")
                return kind.default
        return self.property(kind, holder, kind.source[-1], kind.source)

    def property(self, kind: PropertyKind, given: Mapping[str, Any], name: str, loc: Loc) -> Any:
        """The value of one property; what a default or the absent value stands for is settled here."""
        if name not in given:
            return kind.default
        wanted = Optional(STRING) if kind.names else kind.type
        if kind.unknown_is_nil:
            known = wanted.of if isinstance(wanted, Optional) else wanted
            text = self.value(STRING, given[name], loc)
            return text if isinstance(known, Enumeration) and text in known.values else None
        return self.value(wanted, given[name], loc)

    def value(self, kind: Any, given: object, loc: Loc) -> Any:
        try:
            return read_value(kind, given, self.vocabulary.bare_date_zone)
        except ValueError as error:
            self.wrong(loc, str(error))
            return None

    def text(self, given: Mapping[str, Any] | None, name: str, loc: Loc) -> str:
        if given is None:
            return ""
        if name not in given:
            self.wrong(loc, "is missing")
            return ""
        return self.value(STRING, given[name], loc) or ""

    def instant(self, given: Mapping[str, Any]) -> datetime | None:
        moment: datetime | None = self.value(INSTANT, given["at"], ("at",)) if "at" in given else None
        return moment

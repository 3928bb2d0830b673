"""Gather the records of one request: what it names, the rows under its keys, the derived fields; nothing of others."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from authz.bundles.records import Classes
from authz.bundles.requests import EvaluationRequest
from authz.bundles.tables import AgeTable, HoursTable, PartTable
from authz.bundles.vocabulary import REQUEST, Derivation, Vocabulary, attribute
from authz.facts.document import Facts
from authz.instants import hours_after, midnight_of_age
from authz.language.types import Enumeration

Gather = Callable[[EvaluationRequest, Facts, datetime, Any], Any]


def gatherer(vocabulary: Vocabulary, classes: Classes) -> Gather:
    """The function that puts a request record together: `(request, facts, at, parameters) -> Request`."""
    make = classes[REQUEST]
    subject, resource = vocabulary.parties
    named = {name: kind.names for name, kind in vocabulary.properties.items() if kind.names}
    plain = {name: kind for name, kind in vocabulary.properties.items() if not kind.names}
    collections = [(name, kind.by) for name, kind in vocabulary.collections.items()]
    derive = [(name, _derivation(table, vocabulary)) for name, table in vocabulary.derived.items()]
    renamed = [name for name in vocabulary.schema.records[REQUEST].fields if attribute(name) != name]

    def gather(request: EvaluationRequest, facts: Facts, at: datetime, parameters: Any) -> Any:
        ids = {subject.type: request.subject_id, resource.type: request.resource_id}
        ids |= {name: request.properties[name] for name in named}
        fields: dict[str, Any] = {
            "action": request.action,
            "at": at,
            "subject_type": request.subject_type,
            "resource_type": request.resource_type,
            "parameters": parameters,
        }
        for name, record in ((subject.type, subject.record), (resource.type, resource.record), *named.items()):
            id = ids[name]
            fields[name] = None if id is None else facts.entity(record, id)
            fields[f"{name}_id"] = id
        for name, kind in plain.items():
            value = request.properties[name]
            fields[name] = _follow(fields, kind.stored) if value is None and kind.stored else value
        for name in vocabulary.values:
            fields[name] = facts.values[name]
        for name, by in collections:
            key = tuple(ids[part] for part in by)
            fields[name] = () if None in key else facts.rows(name, key)
        for name, derivation in derive:
            fields[name] = derivation(fields)
        for name in renamed:
            fields[attribute(name)] = fields.pop(name)
        return make(**fields)

    return gather


def hours_after_asking(vocabulary: Vocabulary, gathered: Any) -> set[int]:
    """The hours by which some derived field lies after the instant asked at, and so moves with it."""
    tables = [table for table in vocabulary.derived.values() if isinstance(table, HoursTable)]
    return {follow(gathered, table.hours) for table in tables if table.hours_after == "at"} - {None}


def follow(record: Any, path: str) -> Any:
    """The value at a path from a record, None as soon as something on it is absent."""
    for name in path.split("."):
        record = None if record is None else getattr(record, attribute(name))
    return record


def _follow(fields: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """The value at a path, None as soon as something on it is absent."""
    value = fields[path[0]]
    for name in path[1:]:
        if value is None:
            return None
        value = getattr(value, attribute(name))
    return value


def _derivation(table: Derivation, vocabulary: Vocabulary) -> Callable[[Mapping[str, Any]], Any]:
    """The meaning of one derived field; nil as soon as something it needs is nil."""
    match table:
        case PartTable():
            path = tuple(table.of.split("."))
            kind = vocabulary.schema.named(table.type)
            known = frozenset(kind.values) if isinstance(kind, Enumeration) else None
            first = table.part == "before_underscore"

            def part(fields: Mapping[str, Any]) -> str | None:
                text = _follow(fields, path)
                head, found, tail = (text or "").partition("_")
                value: str = head if first else tail
                return value if found and (known is None or value in known) else None

            return part
        case AgeTable():
            birth, years = tuple(table.midnight_of_age.split(".")), tuple(table.years.split("."))
            zone = table.zone

            def of_age(fields: Mapping[str, Any]) -> datetime | None:
                born, age = _follow(fields, birth), _follow(fields, years)
                return None if born is None or age is None else midnight_of_age(born, age, zone)

            return of_age
        case HoursTable():
            start, count = tuple(table.hours_after.split(".")), tuple(table.hours.split("."))

            def later(fields: Mapping[str, Any]) -> datetime | None:
                instant, hours = _follow(fields, start), _follow(fields, count)
                return None if instant is None or hours is None else hours_after(instant, hours)

            return later

"""Gather the records of one request: the records that it names, the rows under its keys, and its derived fields.

The functions are generated from the vocabulary, with one assignment per field of the request record.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from authz.bundle.derived import PYTHON_NAMES, kind_of, source_paths
from authz.bundle.records import Classes
from authz.bundle.requests import EvaluationRequest
from authz.bundle.vocabulary import REQUEST, PropertyKind, Vocabulary, attribute
from authz.codegen.generated import compile_source
from authz.facts.store import FactsSnapshot

Gather = Callable[[EvaluationRequest, FactsSnapshot, datetime, Any], Any]
"""`(request, snapshot, at, parameters) -> record`: the request record with everything that rules can read."""
Redact = Callable[[EvaluationRequest, Any], Any]
"""`(request, record) -> record`: the record as it would be if the store had no fact about the data subject."""
SubjectOf = Callable[[Any], Any | None]
"""`(record) -> row`: the subject; None if it is unknown, or if a type is not one that the bundle decides on."""
MoveTo = Callable[[Any, datetime], Any]
"""`(record, at) -> record`: the same rows, decided at another instant."""


def compile_gather(vocabulary: Vocabulary, classes: Classes) -> Gather:
    """The function that gathers a request record; generated, because it runs once per decision."""
    return _compiled("gather", gather_source(vocabulary), vocabulary, classes)  # type: ignore[no-any-return]


def compile_redact(vocabulary: Vocabulary, classes: Classes) -> Redact:
    """The function that removes from a record what was gathered about its data subject."""
    return _compiled("redact", redact_source(vocabulary), vocabulary, classes)  # type: ignore[no-any-return]


def compile_move_to(vocabulary: Vocabulary, classes: Classes) -> MoveTo:
    """The function that copies a record to another instant and derives its derived fields again."""
    return _compiled("move_to", move_to_source(vocabulary), vocabulary, classes)  # type: ignore[no-any-return]


def compile_subject_of(vocabulary: Vocabulary) -> SubjectOf:
    """The function that gives the subject of a record."""
    subject, resource = vocabulary.parties
    lines = [
        f"if record.subject_type == {subject.type!r} and record.resource_type == {resource.type!r}:",
        f"    return record.{attribute(subject.type)}",
        "return None",
    ]
    source = "\n    ".join(["def subject_of(record):", *lines]) + "\n"
    subject_of: SubjectOf = compile_source(source, "subject of")["subject_of"]
    return subject_of


def _compiled(name: str, source: str, vocabulary: Vocabulary, classes: Classes) -> Any:
    return compile_source(source, name, Request=classes[REQUEST], **PYTHON_NAMES)[name]


def redacted_fields(vocabulary: Vocabulary) -> frozenset[str]:
    """The fields of a request that `redact` may change: the data subject, the rows about it, and what comes of them."""
    fields = set(vocabulary.data_subject_fields)
    fields |= {*_redacted_collections(vocabulary)}
    fields |= {name for name, kind in vocabulary.properties.items() if kind.stored}
    for name, table in vocabulary.derived.items():  # a derived field may read those before it
        if fields & {path.partition(".")[0] for path in source_paths(table)}:
            fields.add(name)
    return frozenset(fields)


def _redacted_collections(vocabulary: Vocabulary) -> Iterator[str]:
    """The collections whose rows are found by a data subject, or name it."""
    redacted = vocabulary.data_subject_fields
    for name, collection in vocabulary.collections.items():
        if redacted & {*collection.by, *_fields_named_by(vocabulary, collection.of, redacted)}:
            yield name


def gather_source(vocabulary: Vocabulary) -> str:
    """The source of `gather`: a local `id_x` for each id, and `field_x` for each field of the request record."""
    subject, resource = vocabulary.parties
    named = {name: kind.names for name, kind in vocabulary.properties.items() if kind.names}
    lines = [
        "given, values, records, rows = request.properties, facts.values, facts.records, facts.rows",
        "field_at, field_parameters = at, parameters",
        "field_action = request.action",
        "field_subject_type, field_resource_type = request.subject_type, request.resource_type",
        f"id_{subject.type}, id_{resource.type} = request.subject_id, request.resource_id",
        *(f"id_{name} = given[{name!r}]" for name in named),
    ]
    for name, record in vocabulary.entities.items():
        # No record has the id None, so an id that the request leaves out finds nothing.
        lines += [f"field_{name} = records[{record!r}].get(id_{name}, None)", f"field_{name}_id = id_{name}"]
    lines += [_property(name, kind) for name, kind in vocabulary.properties.items() if not kind.names]
    lines += [f"field_{name} = values[{name!r}]" for name in vocabulary.values]
    for name, collection in vocabulary.collections.items():
        key = "".join(f"id_{part}, " for part in collection.by)
        absent = " or ".join(f"id_{part} is None" for part in collection.by if part in named)
        found = f"rows[{name!r}].get(({key}), ())"
        lines.append(f"field_{name} = {f'() if {absent} else {found}' if absent else found}")
    return _function("gather(request, facts, at, parameters)", lines, vocabulary)


def redact_source(vocabulary: Vocabulary) -> str:
    """The source of `redact`: records of the data subject and rows about it are absent, whatever was gathered."""
    lines = ["given = request.properties", *_fields_of_record(vocabulary)]
    lines += [f"field_{name} = None" for name in vocabulary.data_subject_fields]
    lines += [f"field_{name} = ()" for name in _redacted_collections(vocabulary)]
    lines += [_property(name, kind) for name, kind in vocabulary.properties.items() if kind.stored]
    return _function("redact(request, record)", lines, vocabulary)


def move_to_source(vocabulary: Vocabulary) -> str:
    """The source of `move_to`: every field of a record but the instant."""
    return _function("move_to(record, at)", [*_fields_of_record(vocabulary), "field_at = at"], vocabulary)


def _function(signature: str, lines: list[str], vocabulary: Vocabulary) -> str:
    """A function that binds `field_x` for each field, derives the derived fields and returns the request record."""
    derived = []
    for name, table in vocabulary.derived.items():
        sources = tuple(_path(tuple(path.split("."))) for path in source_paths(table))
        derived += kind_of(table).python(table, vocabulary.schema, f"field_{name}", sources)
    fields = ", ".join(f"field_{name}" for name in vocabulary.schema.records[REQUEST].fields)
    return "\n    ".join([f"def {signature}:", *lines, *derived, f"return Request({fields})"]) + "\n"


def _fields_of_record(vocabulary: Vocabulary) -> list[str]:
    return [f"field_{name} = record.{attribute(name)}" for name in vocabulary.schema.records[REQUEST].fields]


def _property(name: str, kind: PropertyKind) -> str:
    """The line that binds a property of the request, or the stored value where the request leaves it out."""
    stored = f" if given[{name!r}] is not None else {_path(kind.stored)}" if kind.stored else ""
    return f"field_{name} = given[{name!r}]{stored}"


def _fields_named_by(vocabulary: Vocabulary, row: str, fields: frozenset[str]) -> set[str]:
    """Those of these fields of a request whose record types the rows of a type refer to."""
    named = {field.names for field in vocabulary.rows[row].fields.values()}
    return {field for field in fields if vocabulary.entities[field] in named}


def moving_hours(vocabulary: Vocabulary) -> tuple[str, ...]:
    """The paths to the hours of derived fields that lie some hours after the request's `at`, and so move with it."""
    paths = [kind_of(table).hours_after_request(table) for table in vocabulary.derived.values()]
    return tuple(path for path in paths if path)


def follow(record: Any, path: str) -> Any:
    """The value at a dotted path from a record; None as soon as a part of the path is absent."""
    for name in path.split("."):
        record = None if record is None else getattr(record, attribute(name))
    return record


def _path(path: tuple[str, ...]) -> str:
    """The expression for the value at a path of fields; None as soon as a part of the path is absent."""
    value = f"field_{path[0]}"
    for name in path[1:]:
        value = f"(None if (found := {value}) is None else found.{attribute(name)})"
    return value

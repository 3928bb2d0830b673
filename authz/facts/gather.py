"""Gather the records of one request: what it names, the rows under its keys, the derived fields; nothing of others."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from authz.bundle.derived import kind_of, source_paths
from authz.bundle.records import Classes
from authz.bundle.requests import EvaluationRequest
from authz.bundle.vocabulary import REQUEST, Vocabulary, attribute
from authz.codegen.generated import compile_source
from authz.facts.memory import Facts

Gather = Callable[[EvaluationRequest, Facts, datetime, Any], Any]


def gatherer(vocabulary: Vocabulary, classes: Classes, hidden: frozenset[str] = frozenset()) -> Gather:
    """The function that puts a request record together: `(request, facts, at, parameters) -> Request`.

    It is generated, one line a field, for it runs as often as the policy itself. The records of the `hidden` fields,
    and all rows under their ids, are absent whatever the facts say.
    """
    derive = {
        f"derive_{name}": kind_of(table).function(table, vocabulary.schema)
        for name, table in vocabulary.derived.items()
    }
    names = compile_source(generate(vocabulary, hidden), "gathering", Request=classes[REQUEST], **derive)
    gather: Gather = names["gather"]
    return gather


def of_data_subjects(vocabulary: Vocabulary) -> frozenset[str]:
    """The fields of a request that hold the data subject: the resource, where its record is a person."""
    record = vocabulary.resource.record
    person = vocabulary.rows[record].person
    return frozenset(name for name, of in vocabulary.entities.items() if person and of == record)


def generate(vocabulary: Vocabulary, hidden: frozenset[str] = frozenset()) -> str:
    """The source of what gathers: a local `id_x` for each id, and `field_x` for each field of the request."""
    subject, resource = vocabulary.parties
    named = {name: kind.names for name, kind in vocabulary.properties.items() if kind.names}
    lines = [
        "def gather(request, facts, at, parameters):",
        "given, values, entities, rows = request.properties, facts.values, facts.entities, facts.collections",
        "field_at, field_parameters = at, parameters",
        "field_action = request.action",
        "field_subject_type, field_resource_type = request.subject_type, request.resource_type",
        f"id_{subject.type}, id_{resource.type} = request.subject_id, request.resource_id",
        *(f"id_{name} = given[{name!r}]" for name in named),
    ]
    for name, record in vocabulary.entities.items():
        # No record's id is None.
        found = "None" if name in hidden else f"entities[{record!r}].get(id_{name})"
        lines += [f"field_{name} = {found}", f"field_{name}_id = id_{name}"]
    for name, kind in vocabulary.properties.items():
        if not kind.names:
            stored = f" if given[{name!r}] is not None else {_path(kind.stored)}" if kind.stored else ""
            lines.append(f"field_{name} = given[{name!r}]{stored}")
    lines += [f"field_{name} = values[{name!r}]" for name in vocabulary.values]
    for name, collection in vocabulary.collections.items():
        key = "".join(f"id_{part}, " for part in collection.by)
        absent = " or ".join(f"id_{part} is None" for part in collection.by if part in named)
        about = {*collection.by, *(_names(vocabulary, collection.of, hidden))}
        found = "()" if hidden & about else f"rows[{name!r}].get(({key}), ())"
        lines.append(f"field_{name} = {f'() if {absent} else {found}' if absent else found}")
    for name, table in vocabulary.derived.items():
        lines.append(
            f"field_{name} = derive_{name}({', '.join(_path(tuple(p.split('.'))) for p in source_paths(table))})"
        )
    fields = ", ".join(f"field_{name}" for name in vocabulary.schema.records[REQUEST].fields)
    return "\n    ".join([*lines, f"return Request({fields})"]) + "\n"


def _names(vocabulary: Vocabulary, row: str, fields: frozenset[str]) -> set[str]:
    """Of these fields of a request, those whose records the rows of a type name."""
    named = {field.names for field in vocabulary.rows[row].fields.values()}
    return {field for field in fields if vocabulary.entities[field] in named}


def moving_hours(vocabulary: Vocabulary) -> tuple[str, ...]:
    """The paths to the hours by which some derived field lies after the instant asked at, and so moves with it."""
    paths = [kind_of(table).hours_after_request(table) for table in vocabulary.derived.values()]
    return tuple(path for path in paths if path)


def follow(record: Any, path: str) -> Any:
    """The value at a path from a record, None as soon as something on it is absent."""
    for name in path.split("."):
        record = None if record is None else getattr(record, attribute(name))
    return record


def _path(path: tuple[str, ...]) -> str:
    """The expression for the value at a path of fields, None as soon as something on it is absent."""
    value = f"field_{path[0]}"
    for name in path[1:]:
        value = f"(None if (found := {value}) is None else found.{attribute(name)})"
    return value

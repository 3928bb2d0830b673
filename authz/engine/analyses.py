"""What the engine computes once per bundle: generated functions, readers, and the results of passes over its rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from authz.analysis.comparisons import Comparisons, find_comparisons
from authz.analysis.fields_read import Fields, fields_read
from authz.analysis.required_rows import required_rows
from authz.bundle.loading import Bundle
from authz.bundle.vocabulary import Vocabulary, attribute
from authz.codegen.python.instants import CollectInstants, compile_instants
from authz.facts.document import FactsReader, facts_reader
from authz.facts.gather import (
    Gather,
    MoveTo,
    Redact,
    compile_gather,
    compile_move_to,
    compile_redact,
    moving_hours,
)

SubjectOf = Callable[[Any], Any | None]


@dataclass(frozen=True, slots=True)
class Analyses:
    """The analyses of one bundle; they depend on its vocabulary and rules alone, never on parameters or facts."""

    gather: Gather
    redact: Redact
    move_to: MoveTo
    subject_of: SubjectOf
    """The subject of a gathered record; None if it is unknown, or if a type is not one that the bundle decides on."""
    data_subject_fields: frozenset[str]
    """The fields of a request that hold the data subject."""
    required_rows: frozenset[str]
    """The collections of a request without a row of which nothing is permitted."""
    comparisons: Comparisons
    fields_read: Mapping[str, Fields]
    """By rule: the fields of the request that it reads."""
    instants_read: CollectInstants
    moving_hours: tuple[str, ...]
    """The paths to the hours by which a derived field lies after the request's `at`."""
    facts_reader: FactsReader


def analyze(bundle: Bundle) -> Analyses:
    """The analyses of a checked bundle."""
    vocabulary, classes, program = bundle.vocabulary, bundle.classes, bundle.program
    return Analyses(
        gather=compile_gather(vocabulary, classes),
        redact=compile_redact(vocabulary, classes),
        move_to=compile_move_to(vocabulary, classes),
        subject_of=_subject_of(vocabulary),
        data_subject_fields=vocabulary.data_subject_fields,
        required_rows=required_rows(program),
        comparisons=find_comparisons(program),
        fields_read=fields_read(program),
        instants_read=compile_instants(program, attribute),
        moving_hours=moving_hours(vocabulary),
        facts_reader=facts_reader(vocabulary, classes, bundle.schema_digest),
    )


def _subject_of(vocabulary: Vocabulary) -> SubjectOf:
    subject_type, resource_type = vocabulary.subject.type, vocabulary.resource.type
    subject = attrgetter(attribute(subject_type))

    def subject_of(record: Any) -> Any | None:
        decidable = record.subject_type == subject_type and record.resource_type == resource_type
        return subject(record) if decidable else None

    return subject_of

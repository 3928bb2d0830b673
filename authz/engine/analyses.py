"""What the engine computes once per bundle: generated functions, readers, and the results of passes over its rules."""

from collections.abc import Mapping
from dataclasses import dataclass

from authz.analysis.comparisons import Comparisons, find_comparisons
from authz.analysis.fields_read import Fields, fields_read
from authz.analysis.required_rows import required_rows
from authz.bundle.loading import Bundle
from authz.bundle.vocabulary import attribute
from authz.codegen.python.instants import CollectInstants, compile_instants
from authz.facts.document import FactsReader, facts_reader
from authz.facts.gather import (
    Gather,
    MoveTo,
    Redact,
    SubjectOf,
    compile_gather,
    compile_move_to,
    compile_redact,
    compile_subject_of,
    moving_hours,
)


@dataclass(frozen=True, slots=True)
class Analyses:
    """The analyses of one bundle; they depend on its vocabulary and rules alone, never on parameters or facts."""

    gather: Gather
    redact: Redact
    move_to: MoveTo
    subject_of: SubjectOf
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
        subject_of=compile_subject_of(vocabulary),
        data_subject_fields=vocabulary.data_subject_fields,
        required_rows=required_rows(program),
        comparisons=find_comparisons(program),
        fields_read=fields_read(program),
        instants_read=compile_instants(program, attribute),
        moving_hours=moving_hours(vocabulary),
        facts_reader=facts_reader(vocabulary, classes, bundle.schema_digest),
    )

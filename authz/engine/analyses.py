"""What the engine computes once per bundle: generated functions, readers, and the results of passes over its rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from authz.analysis.comparisons import Comparisons, find_comparisons
from authz.analysis.definitions import reason_definitions
from authz.analysis.fields_read import Fields, fields_read, fields_read_by
from authz.analysis.required_rows import required_rows
from authz.bundle.loading import Bundle
from authz.bundle.vocabulary import attribute
from authz.codegen.python import compile_program
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
    redacted_fields,
)
from authz.language.ir import FALSE, Constant, Program


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
    public_order: Mapping[str, int]
    """The reason codes for the audience `user`, with their places in the bundle's `reasons.toml`."""
    redacted_codes: frozenset[str]
    """Those of them that may depend on facts about the data subject."""
    redacted_reasons: Callable[[Any], tuple[str, ...]] | None
    """The `redacted_codes` that hold of a redacted record; None if there are none."""


def analyze(bundle: Bundle) -> Analyses:
    """The analyses of a checked bundle."""
    vocabulary, classes, program = bundle.vocabulary, bundle.classes, bundle.program
    public = {code: place for place, (code, table) in enumerate(bundle.reasons.items()) if table.audience == "user"}
    fields, redacted = fields_read(program), redacted_fields(vocabulary)
    hidden = frozenset(
        code
        for code, definition in reason_definitions(program).items()
        if code in public and redacted & fields_read_by(definition.formula, fields, program.schema.request)
    )
    return Analyses(
        gather=compile_gather(vocabulary, classes),
        redact=compile_redact(vocabulary, classes),
        move_to=compile_move_to(vocabulary, classes),
        subject_of=compile_subject_of(vocabulary),
        data_subject_fields=vocabulary.data_subject_fields,
        required_rows=required_rows(program),
        comparisons=find_comparisons(program),
        fields_read=fields,
        instants_read=compile_instants(program, attribute),
        moving_hours=moving_hours(vocabulary),
        facts_reader=facts_reader(vocabulary, classes, bundle.schema_digest),
        public_order=public,
        redacted_codes=hidden,
        redacted_reasons=_reasons_among(program, hidden) if hidden else None,
    )


def _reasons_among(program: Program, codes: frozenset[str]) -> Callable[[Any], tuple[str, ...]]:
    """The compiled function of these reason codes alone."""
    rules = {
        "allow": tuple(replace(rule, body=FALSE) for rule in program.rules["allow"]),
        "reason": tuple(
            rule for rule in program.rules["reason"] if rule.parameters[1] in {Constant(code) for code in codes}
        ),
    }
    schema = replace(program.schema, codes=tuple(code for code in program.schema.codes if code in codes))
    return compile_program(replace(program, rules={**program.rules, **rules}, schema=schema), attribute).reasons

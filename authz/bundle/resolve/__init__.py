"""Resolve the TOML tables of a bundle to its vocabulary, in stages: each a function from values to values.

A stage reports what it finds wrong and goes on; `resolve` stops before the first stage that needs sound input.
"""

from authz.bundle.report import Report
from authz.bundle.resolve.changes import check_changes
from authz.bundle.resolve.collections import resolve_collection
from authz.bundle.resolve.names import check_type_names, check_zone, resolve_enumeration
from authz.bundle.resolve.paths import check_stored, resolve_derived
from authz.bundle.resolve.records import check_rows, resolve_rows
from authz.bundle.resolve.request import resolve_actions, resolve_parameter, resolve_party, resolve_properties
from authz.bundle.resolve.schema import record_types, request_fields
from authz.bundle.resolve.types import KnownTypes, resolve_value, type_named
from authz.bundle.toml_schema import ManifestTable, VocabularyTable
from authz.bundle.vocabulary import REQUEST, Vocabulary
from authz.language.types import Record, RecordType, Schema


def resolve(
    manifest: ManifestTable, table: VocabularyTable, codes: tuple[str, ...], paths: tuple[str, str]
) -> Vocabulary:
    """The vocabulary that two tables declare; `paths` are those of `bundle.toml` and `vocabulary.toml`.

    Raises:
        DiagnosticError: with every problem of both files that the stages reached.
    """
    in_manifest = Report(paths[0], [])
    in_vocabulary = Report(paths[1], in_manifest.diagnostics)
    known = _known_types(table, in_vocabulary)
    rows = resolve_rows(table.records, known, in_vocabulary)
    in_vocabulary.require_none()

    check_rows(rows, table, known, in_vocabulary)
    values = {name: resolve_value(name, value, known, in_vocabulary) for name, value in table.values.items()}
    check_changes(table, rows, in_vocabulary)
    parameters = {n: resolve_parameter(n, each, known, in_manifest) for n, each in manifest.parameters.items()}
    properties = resolve_properties(manifest.request.fields, known, in_manifest)
    subject = resolve_party("subject", manifest.request.subject, known, in_manifest)
    resource = resolve_party("resource", manifest.request.resource, known, in_manifest)
    in_vocabulary.require_none()

    entities = {subject.type: subject.record, resource.type: resource.record}
    entities |= {name: kind.names for name, kind in properties.items() if kind.names}
    collections = {
        name: resolve_collection(name, each, rows, entities, in_vocabulary) for name, each in table.collections.items()
    }
    fields = request_fields((subject, resource), properties, values, collections, table, in_manifest, in_vocabulary)
    in_vocabulary.require_none()

    records = record_types(rows, parameters, manifest)
    about = "what is asked, with all records it can reach"
    plain = Schema(
        {**records, REQUEST: RecordType(REQUEST, fields, about=about)},
        known.enumerations,
        Record(subject.record),
        Record(REQUEST),
        codes,
    )
    for name, kind in properties.items():
        check_stored(name, kind, plain, in_manifest)
    derived = {name: resolve_derived(name, each, plain, in_vocabulary) for name, each in table.derived.items()}
    actions = resolve_actions(manifest.actions, known, in_manifest)
    ignored = {
        name: type_named(text, ("request", "ignored", name), known, in_manifest)
        for name, text in manifest.request.ignored.items()
    }
    in_vocabulary.require_none()
    request = RecordType(REQUEST, {**fields, **derived}, about=about)
    return Vocabulary(
        rows=rows,
        enumerations=known.enumerations,
        subject=subject,
        resource=resource,
        properties=properties,
        ignored=ignored,
        values=values,
        collections=collections,
        derived=table.derived,
        parameters=manifest.parameters,
        parameter_types=parameters,
        schema=Schema({**records, REQUEST: request}, plain.enumerations, plain.subject, plain.request, codes),
        actions=actions,
        bare_date_zone=table.bare_date_zone,
        writers=table.writers,
        changes=table.changes,
    )


def _known_types(table: VocabularyTable, report: Report) -> KnownTypes:
    enumerations = {name: resolve_enumeration(name, each, report) for name, each in table.enumerations.items()}
    check_zone(table.bare_date_zone, report)
    check_type_names(table, report)
    keyed = tuple(name for name, record in table.records.items() if record.key)
    return KnownTypes(enumerations, keyed, table.bare_date_zone)

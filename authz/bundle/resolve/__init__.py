"""Resolve the TOML tables of a bundle to its vocabulary, in stages: each a function from values to values.

A stage reports what it finds wrong and goes on; `resolve` stops before the first stage that needs sound input.
"""

from authz.bundle.report import Report
from authz.bundle.resolve.changes import check_changes
from authz.bundle.resolve.collections import resolve_collections
from authz.bundle.resolve.names import check_type_names, check_zone, resolve_enumeration
from authz.bundle.resolve.paths import check_stored, resolve_derived
from authz.bundle.resolve.records import check_rows, resolve_rows
from authz.bundle.resolve.request import DeclaredRequest, resolve_actions, resolve_ignored, resolve_request
from authz.bundle.resolve.schema import keys_that_may_be_absent, record_types, request_fields, schema_with
from authz.bundle.resolve.types import KnownTypes, resolve_value
from authz.bundle.toml_schema import ManifestTable, VocabularyTable
from authz.bundle.vocabulary import CollectionKind, FieldKind, RowType, Vocabulary
from authz.language.types import Field


def resolve(
    manifest: ManifestTable,
    table: VocabularyTable,
    codes: tuple[str, ...],
    in_manifest: Report,
    in_vocabulary: Report,
) -> Vocabulary:
    """The vocabulary that two tables declare; the reports of the two files share one list.

    Raises:
        DiagnosticError: with every problem of both files that the stages reached.
    """
    check_zone(manifest.bare_date_zone, in_manifest)
    known = _known_types(table, manifest.bare_date_zone, in_vocabulary)
    rows = resolve_rows(table.records, known, in_vocabulary)
    in_vocabulary.require_none()

    check_rows(rows, table, known, in_vocabulary)
    values = {name: resolve_value(name, value, known, in_vocabulary) for name, value in table.values.items()}
    check_changes(table, rows, in_vocabulary)
    declared = resolve_request(manifest, known, in_manifest)
    in_vocabulary.require_none()

    collections = resolve_collections(table.collections, rows, declared.entities, in_vocabulary)
    fields = request_fields(declared, values, collections, table, in_manifest, in_vocabulary)
    in_vocabulary.require_none()

    return _vocabulary(
        manifest, table, codes, known, rows, declared, values, collections, fields, in_manifest, in_vocabulary
    )


def _vocabulary(
    manifest: ManifestTable,
    table: VocabularyTable,
    codes: tuple[str, ...],
    known: KnownTypes,
    rows: dict[str, RowType],
    declared: DeclaredRequest,
    values: dict[str, FieldKind],
    collections: dict[str, CollectionKind],
    fields: dict[str, Field],
    in_manifest: Report,
    in_vocabulary: Report,
) -> Vocabulary:
    """The last stage: what needs the schema, and the vocabulary itself."""
    records = record_types(rows, declared.parameter_types, manifest)
    keys = keys_that_may_be_absent(declared, collections)
    stated = schema_with(fields, records, known, declared.subject.record, codes, keys)
    for name, kind in declared.properties.items():
        check_stored(name, kind, stated, in_manifest)
    derived = {name: resolve_derived(name, each, stated, in_vocabulary) for name, each in table.derived.items()}
    actions = resolve_actions(manifest.actions, known, in_manifest)
    ignored = resolve_ignored(manifest, known, in_manifest)
    in_vocabulary.require_none()
    return Vocabulary(
        rows=rows,
        enumerations=known.enumerations,
        subject=declared.subject,
        resource=declared.resource,
        properties=declared.properties,
        ignored=ignored,
        values=values,
        collections=collections,
        derived=table.derived,
        parameters=manifest.parameters,
        parameter_types=declared.parameter_types,
        schema=schema_with({**fields, **derived}, records, known, declared.subject.record, codes, keys),
        actions=actions,
        bare_date_zone=manifest.bare_date_zone,
        writers=table.writers,
        changes=table.changes,
    )


def _known_types(table: VocabularyTable, zone: str, report: Report) -> KnownTypes:
    enumerations = {name: resolve_enumeration(name, each, report) for name, each in table.enumerations.items()}
    check_type_names(table, report)
    keyed = tuple(name for name, record in table.records.items() if record.key)
    return KnownTypes(enumerations, keyed, zone)

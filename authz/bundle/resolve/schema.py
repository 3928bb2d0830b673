"""The schema that rules are checked by: the record types, the parameters, and the request with all that it reaches."""

from collections.abc import Mapping

from authz.bundle.catalogue import names as catalogue
from authz.bundle.report import Report
from authz.bundle.resolve.names import check_name
from authz.bundle.resolve.request import DeclaredRequest
from authz.bundle.resolve.types import KnownTypes
from authz.bundle.toml_schema import ManifestTable, VocabularyTable
from authz.bundle.vocabulary import PARAMETERS, REQUEST, CollectionKind, FieldKind, RowType
from authz.documents.places import Loc
from authz.language.types import INSTANT, STRING, Collection, Field, Optional, Record, RecordType, Schema, Type

_BUILT_IN: Mapping[str, Field] = {
    "action": Field(STRING, "the action, as the caller names it"),
    "at": Field(INSTANT, "the instant of the request"),
    "subject_type": Field(STRING, "the type of the subject"),
    "resource_type": Field(STRING, "the type of the resource"),
    "parameters": Field(Record(PARAMETERS), "the bundle's parameters"),
}


def record_types(
    rows: Mapping[str, RowType], parameter_types: Mapping[str, Type], manifest: ManifestTable
) -> dict[str, RecordType]:
    """The record types that rules may name, but for the request."""
    records = {
        name: RecordType(
            name,
            {field: Field(kind.type, kind.about, kind.names) for field, kind in row.fields.items()},
            row.extends,
            row.about,
        )
        for name, row in rows.items()
    }
    parameters = {name: Field(kind, manifest.parameters[name].about) for name, kind in parameter_types.items()}
    records[PARAMETERS] = RecordType(PARAMETERS, parameters, about="the bundle's parameters")
    return records


def schema_with(
    request: Mapping[str, Field],
    records: Mapping[str, RecordType],
    known: KnownTypes,
    subject: str,
    codes: tuple[str, ...],
    collection_keys: Mapping[str, tuple[str, ...]],
) -> Schema:
    """The schema whose request has these fields; `subject` is the record type that `allow` receives first."""
    about = "the request, with all records that it reaches"
    types = {**records, REQUEST: RecordType(REQUEST, request, about=about)}
    return Schema(types, known.enumerations, Record(subject), Record(REQUEST), codes, collection_keys)


def keys_that_may_be_absent(
    declared: DeclaredRequest, collections: Mapping[str, CollectionKind]
) -> dict[str, tuple[str, ...]]:
    """The keys of each collection but for the subject: `allow` is evaluated for known subjects alone."""
    subject = declared.subject.type
    return {name: tuple(key for key in each.by if key != subject) for name, each in collections.items()}


def request_fields(
    declared: DeclaredRequest,
    values: Mapping[str, FieldKind],
    collections: Mapping[str, CollectionKind],
    table: VocabularyTable,
    in_manifest: Report,
    in_vocabulary: Report,
) -> dict[str, Field]:
    """The fields of a request but for the derived ones; each name is one field."""
    fields = dict(_BUILT_IN)

    def report_twice(name: str, loc: Loc, report: Report) -> None:
        problem = f"a request has two fields `{name}`"
        report.add(catalogue.DUPLICATE_REQUEST_FIELD, loc, problem, "choose another name")

    def add(name: str, field: Field, loc: Loc, report: Report) -> None:
        if name in fields or name in table.derived:
            report_twice(name, loc, report)
        fields[name] = field

    for name in table.derived:
        if name in _BUILT_IN:
            report_twice(name, ("derived", name), in_vocabulary)

    unknown = "nil if there is none of that id"
    for party in (declared.subject, declared.resource):
        add(party.type, Field(Optional(Record(party.record)), unknown), ("request",), in_manifest)
        add(f"{party.type}_id", Field(STRING, "the id in the request"), ("request",), in_manifest)
    for name, kind in declared.properties.items():
        loc: Loc = ("request", "fields", name)
        add(name, Field(kind.type, kind.about or (unknown if kind.names else "")), loc, in_manifest)
        if kind.names:
            add(f"{name}_id", Field(Optional(STRING), "the id in the request; nil if it names none"), loc, in_manifest)
    for name, value in values.items():
        add(name, Field(value.type, value.about), ("values", name), in_vocabulary)
    for name, rows in collections.items():
        check_name(name, ("collections", name), in_vocabulary)
        add(name, Field(Collection(Record(rows.of)), rows.about), ("collections", name), in_vocabulary)
    return fields

"""Paths from the request to fields: those of derived fields, and those of stored values."""

from authz.bundle.catalogue import names as names_catalogue
from authz.bundle.catalogue import request as request_catalogue
from authz.bundle.catalogue import types as catalogue
from authz.bundle.derived import Derivation, kind_of
from authz.bundle.report import Report
from authz.bundle.resolve.names import check_name
from authz.bundle.vocabulary import PropertyKind
from authz.documents.places import Loc
from authz.language.diagnostics import did_you_mean
from authz.language.types import Field, Optional, Record, Schema, Type


def resolve_derived(name: str, table: Derivation, schema: Schema, report: Report) -> Field:
    """A derived field of the request; it is nil as soon as one of its sources is."""
    loc: Loc = ("derived", name)
    check_name(name, loc, report)
    kind = kind_of(table)
    for source in kind.sources(table):
        check_path(source.path, source.type, (*loc, source.key), schema, report)
    for key, problem, help in kind.problems(table, schema):
        entry = names_catalogue.UNKNOWN_TIME_ZONE if key == "zone" else catalogue.INVALID_DERIVED_TYPE
        report.add(entry, (*loc, key), problem, help)
    return Field(Optional(kind.type(table, schema)), table.about)


def check_stored(name: str, kind: PropertyKind, schema: Schema, report: Report) -> None:
    """Report a `stored` that is no field, of the property's own type, of a record that the request names."""
    if not kind.stored:
        return
    path, loc = ".".join(kind.stored), ("request", "fields", name, "stored")
    if len(kind.stored) != 2:
        problem = f"`{path}` is no field of a record"
        report.add(request_catalogue.INVALID_STORED, loc, problem, "write `record.field`")
        return
    check_path(path, kind.type.of if isinstance(kind.type, Optional) else kind.type, loc, schema, report)


def check_path(path: str, expected: Type, loc: Loc, schema: Schema, report: Report) -> None:
    """Report a path from the request that leads to no field, or to a field of another type; it may be optional."""
    kind: Type = schema.request
    for name in path.split("."):
        kind = kind.of if isinstance(kind, Optional) else kind
        field = schema.field(kind, name) if isinstance(kind, Record) else None
        if field is None:
            near = did_you_mean(name, schema.records[kind.name].fields) if isinstance(kind, Record) else ""
            report.add(catalogue.UNKNOWN_PATH, loc, f"`{path}`: `{kind}` has no field `{name}`", near)
            return
        kind = field.type
    if (kind.of if isinstance(kind, Optional) else kind) != expected:
        report.add(catalogue.WRONG_PATH_TYPE, loc, f"`{path}` is a `{kind}`, and a `{expected}` is needed")

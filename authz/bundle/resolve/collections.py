"""Collections: the rows that a request carries because both name the same ids."""

from collections.abc import Mapping

from authz.bundle.catalogue import records as catalogue
from authz.bundle.report import Report
from authz.bundle.toml_schema import CollectionTable
from authz.bundle.vocabulary import CollectionKind, RowType
from authz.documents.places import Loc
from authz.language.diagnostics import did_you_mean


def resolve_collections(
    tables: Mapping[str, CollectionTable], rows: Mapping[str, RowType], entities: Mapping[str, str], report: Report
) -> dict[str, CollectionKind]:
    """All collections; `entities` are the fields of the request that hold a record, each with its record type."""
    return {name: _collection(name, table, rows, entities, report) for name, table in tables.items()}


def _collection(
    name: str, table: CollectionTable, rows: Mapping[str, RowType], entities: Mapping[str, str], report: Report
) -> CollectionKind:
    loc: Loc = ("collections", name)
    row = rows.get(table.of)
    if row is None or not row.facts:
        near = did_you_mean(table.of, [row.name for row in rows.values() if row.facts])
        problem = f"`{table.of}` is no record type that facts list"
        report.add(catalogue.COLLECTION_WITHOUT_FACTS, (*loc, "of"), problem, near)
        return CollectionKind(table.of, table.by)
    for key in table.by:
        _check_key(key, row, entities, (*loc, "by"), report)
    return CollectionKind(table.of, table.by, table.about or _described(table.of, table.by))


def _check_key(key: str, row: RowType, entities: Mapping[str, str], loc: Loc, report: Report) -> None:
    if key not in row.fields or not row.fields[key].names:
        near = did_you_mean(key, [name for name, field in row.fields.items() if field.names])
        report.add(catalogue.COLLECTION_KEY_NOT_ID, loc, f"`{key}` is no `id of` field of `{row.name}`", near)
    elif entities.get(key) != row.fields[key].names:
        problem = f"a request has no `{key}` that is a `{row.fields[key].names}`"
        report.add(catalogue.COLLECTION_KEY_NOT_IN_REQUEST, loc, problem, did_you_mean(key, entities))


def _described(of: str, by: tuple[str, ...]) -> str:
    return f"rows of {of} with the request's {', '.join(by[:-1]) + ' and ' if by[1:] else ''}{by[-1]}"

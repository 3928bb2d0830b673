"""Record types: their fields and constraints, with what they inherit."""

from collections.abc import Iterable, Mapping

from authz.bundle.catalogue import records as catalogue
from authz.bundle.report import Report
from authz.bundle.resolve.names import check_name
from authz.bundle.resolve.types import KnownTypes, check_keyed, resolve_field
from authz.bundle.toml_schema import RecordTable, VocabularyTable
from authz.bundle.vocabulary import FieldKind, RowType
from authz.documents.places import Loc
from authz.language.diagnostics import did_you_mean
from authz.language.types import INSTANT, STRING, Enumeration, Optional


def resolve_rows(tables: Mapping[str, RecordTable], known: KnownTypes, report: Report) -> dict[str, RowType]:
    """All record types, with inherited fields and constraints."""
    return {name: _row(name, tables, known, report) for name in tables}


def _row(
    name: str, tables: Mapping[str, RecordTable], known: KnownTypes, report: Report, below: tuple[str, ...] = ()
) -> RowType:
    """A record type; `below` are those that extend it, on the way here."""
    table = tables[name]
    base = _base(name, tables, known, report, below)
    fields: dict[str, FieldKind] = dict(base.fields) if base else {}
    if table.interval is not None:
        _check_interval(name, table.interval, base, report)
        fields |= {
            bound: FieldKind(INSTANT, about=about)
            for bound, about in zip(table.interval, ("from", "up to, exclusive"), strict=True)
        }
    for field, declared in table.fields.items():
        loc: Loc = ("records", name, "fields", field)
        kind = resolve_field(field, declared, loc, known, report)
        if field in fields:
            report.add(catalogue.INHERITED_FIELD, loc, f"`{field}` is inherited already")
        fields[field] = kind
    return RowType(
        name,
        fields,
        base.name if base else "",
        table.about,
        table.facts or "",
        table.key or (base.key if base else ""),
        table.interval or (base.interval if base else None),
        {**(base.needs if base else {}), **table.needs},
        {**(base.when if base else {}), **table.when},
        {**(base.no_id_of if base else {}), **table.no_id_of},
        {**(base.refuses if base else {}), **table.refuses},
        table.person or (base.person if base else False),
    )


def _base(
    name: str, tables: Mapping[str, RecordTable], known: KnownTypes, report: Report, below: tuple[str, ...]
) -> RowType | None:
    extends, loc = tables[name].extends, ("records", name, "extends")
    if extends is None:
        return None
    if extends not in tables:
        near = did_you_mean(extends, tables)
        report.add(catalogue.UNKNOWN_BASE_RECORD, loc, f"unknown record `{extends}`", near)
        return None
    if extends in (name, *below):
        report.add(catalogue.RECORD_EXTENDS_ITSELF, loc, f"`{name}` extends itself")
        return None
    return _row(extends, tables, known, report, (name, *below))


def _check_interval(name: str, interval: tuple[str, str], base: RowType | None, report: Report) -> None:
    loc: Loc = ("records", name, "interval")
    for bound in interval:
        check_name(bound, loc, report)
    if len(set(interval)) < 2 or (base and set(interval) & set(base.fields)):
        report.add(catalogue.INTERVAL_BOUNDS, loc, "the two bounds are two new fields")
    if base and base.interval:
        report.add(catalogue.SECOND_INTERVAL, loc, f"`{base.name}` has an interval already")


# The declarations of a record type, once all types are known.


def check_rows(rows: Mapping[str, RowType], table: VocabularyTable, known: KnownTypes, report: Report) -> None:
    """Report keys of facts documents that are taken, keys of rows that are none, and constraints that cannot apply."""
    for name, row in rows.items():
        _check_facts_key(name, row, rows, table, report)
        _check_key(name, row, report)
        _check_needs(name, row, report)
        _check_variants(name, row, report)
        for field, record in row.no_id_of.items():
            _check_string(row, field, ("records", name, "no_id_of"), report)
            check_keyed(record, ("records", name, "no_id_of", field), known, report)
        for field in row.refuses:
            _check_string(row, field, ("records", name, "refuses"), report)


def check_fields_exist(row: RowType, names: Iterable[str], loc: Loc, report: Report) -> None:
    """Report names that are no fields of a record type."""
    for name in names:
        if name not in row.fields:
            near = did_you_mean(name, row.fields)
            report.add(catalogue.UNKNOWN_ROW_FIELD, (*loc, name), f"`{row.name}` has no field `{name}`", near)


def check_may_be_absent(row: RowType, name: str, loc: Loc, report: Report) -> None:
    """Report a field that every row has."""
    if name in row.fields and not isinstance(row.fields[name].type, Optional):
        problem = f"`{name}` is always there"
        report.add(catalogue.FIELD_ALWAYS_PRESENT, (*loc, name), problem, "make it optional: `?`")


def _check_facts_key(
    name: str, row: RowType, rows: Mapping[str, RowType], table: VocabularyTable, report: Report
) -> None:
    loc: Loc = ("records", name, "facts")
    if row.facts and row.facts in table.values:
        report.add(catalogue.FACTS_KEY_TAKEN, loc, f"`{row.facts}` is the name of a value")
    for other in rows.values():
        if other.name < name and row.facts and other.facts == row.facts:
            report.add(catalogue.FACTS_KEY_TAKEN, loc, f"`{row.facts}` lists `{other.name}` already")


def _check_key(name: str, row: RowType, report: Report) -> None:
    loc: Loc = ("records", name, "key")
    if row.key and (row.key not in row.fields or row.fields[row.key].type != STRING):
        report.add(catalogue.KEY_NOT_STRING, loc, f"`{row.key}` is no `String` field of `{name}`")
    if row.key and not row.facts:
        problem, help = "a record type with a key is listed in facts", f'write `facts = "{name.lower()}s"`'
        report.add(catalogue.KEY_WITHOUT_FACTS, loc, problem, help)


def _check_needs(name: str, row: RowType, report: Report) -> None:
    loc: Loc = ("records", name, "needs")
    for field, others in row.needs.items():
        check_fields_exist(row, (field, *others), loc, report)
        check_may_be_absent(row, field, loc, report)


def _check_variants(name: str, row: RowType, report: Report) -> None:
    loc: Loc = ("records", name, "when")
    for field, variants in row.when.items():
        check_fields_exist(row, (field,), loc, report)
        kind = row.fields[field].type if field in row.fields else None
        for value, variant in variants.items():
            if not isinstance(kind, Enumeration) or value not in kind.values:
                problem = f"`{value}` is not a value of `{field}`"
                report.add(catalogue.UNKNOWN_VARIANT, (*loc, field, value), problem)
            check_fields_exist(row, (*variant.needs, *variant.without), (*loc, field, value), report)


def _check_string(row: RowType, name: str, loc: Loc, report: Report) -> None:
    check_fields_exist(row, (name,), loc, report)
    if name in row.fields and row.fields[name].type not in (STRING, Optional(STRING)):
        report.add(catalogue.FIELD_NOT_STRING, (*loc, name), f"`{name}` is no `String`")

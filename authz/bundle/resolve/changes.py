"""Changes: how each list or value of a facts document may change, and who may write the change."""

from collections.abc import Mapping

from authz.bundle.catalogue import records as catalogue
from authz.bundle.report import Report
from authz.bundle.resolve.records import check_fields_exist, check_may_be_absent
from authz.bundle.toml_schema import ChangeTable, VocabularyTable
from authz.bundle.vocabulary import RowType
from authz.documents.places import Loc
from authz.language.diagnostics import did_you_mean


def check_changes(table: VocabularyTable, rows: Mapping[str, RowType], report: Report) -> None:
    """Report changes of what facts do not have, of a kind that cannot be, or by writers that are not declared."""
    listed = {row.facts: row for row in rows.values() if row.facts}
    for name, change in table.changes.items():
        if name not in listed and name not in table.values:
            near = did_you_mean(name, [*listed, *table.values])
            report.add(catalogue.UNKNOWN_FACTS_KEY, ("changes", name), f"facts have no `{name}`", near)
            continue
        _check_writers(name, change, table, report)
        if name in listed:
            _check_row_change(name, change, listed[name], report)
        elif change.add or change.end or change.fill:
            report.add(catalogue.IMPOSSIBLE_CHANGE, ("changes", name), "a value is `set`, and nothing else")


def _check_writers(name: str, change: ChangeTable, table: VocabularyTable, report: Report) -> None:
    writers_by_kind = {"add": change.add, "end": change.end, "set": change.set, **change.fill}
    for kind, writers in writers_by_kind.items():
        for writer in writers:
            if writer not in table.writers:
                near = did_you_mean(writer, table.writers)
                report.add(catalogue.UNKNOWN_WRITER, ("changes", name, kind), f"unknown writer `{writer}`", near)


def _check_row_change(name: str, change: ChangeTable, row: RowType, report: Report) -> None:
    loc: Loc = ("changes", name)
    if change.set:
        problem = "rows are added, ended or filled: only a value is set"
        report.add(catalogue.IMPOSSIBLE_CHANGE, (*loc, "set"), problem)
    if change.end and not row.interval:
        problem = f"`{row.name}` has no interval that could end"
        report.add(catalogue.IMPOSSIBLE_CHANGE, (*loc, "end"), problem)
    check_fields_exist(row, change.fill, (*loc, "fill"), report)
    for field in change.fill:
        check_may_be_absent(row, field, (*loc, "fill"), report)

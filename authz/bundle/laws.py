"""Laws of a bundle: what `authz fuzz` tries to break. Here they are checked to be about something."""

from collections.abc import Sequence

from authz.bundle.catalogue import reasons as catalogue
from authz.bundle.report import Report
from authz.bundle.toml_schema import LawTable
from authz.bundle.vocabulary import Vocabulary
from authz.documents.places import Loc
from authz.language.diagnostics import did_you_mean
from authz.language.ir import Program
from authz.language.types import Record


def check_laws(laws: Sequence[LawTable], vocabulary: Vocabulary, program: Program, report: Report) -> None:
    """Report laws about lists or rules that do not exist, and rules over anything but a request and a row."""
    listed = {row.facts: row.name for row in vocabulary.rows.values() if row.facts}
    for index, law in enumerate(laws):
        if law.never_grants not in listed:
            near = did_you_mean(law.never_grants, listed)
            loc: Loc = ("laws", index, "never_grants")
            report.add(catalogue.UNKNOWN_LAW_LIST, loc, f"facts have no list `{law.never_grants}`", near)
        elif law.when is not None:
            _check_rule(law.when, law, listed[law.never_grants], ("laws", index, "when"), vocabulary, program, report)


def _check_rule(
    rule: str, law: LawTable, record: str, loc: Loc, vocabulary: Vocabulary, program: Program, report: Report
) -> None:
    if rule not in program.rules:
        near = did_you_mean(rule, program.rules)
        report.add(catalogue.UNKNOWN_LAW_RULE, loc, f"there is no rule `{rule}`", near)
        return
    schema = vocabulary.schema
    actual = [getattr(parameter, "type", None) for parameter in program.rules[rule][0].parameters]
    expected = [schema.request, Record(record)][-len(actual) :] if actual else []
    fits = len(actual) == len(expected) and all(
        isinstance(parameter, Record) and schema.is_subtype(argument, parameter)
        for parameter, argument in zip(actual, expected, strict=True)
    )
    if not actual or not fits:
        problem = f"`{rule}` is no rule over a request and a row of `{law.never_grants}`"
        help = f"write `{rule}(request: {schema.request}, row: {record}) if ...`"
        report.add(catalogue.LAW_RULE_PARAMETERS, loc, problem, help)

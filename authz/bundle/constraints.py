"""What makes a row complete, beyond the type of each field: ids that exist, intervals, fields that stand together.

A half-filled row must not permit, so a closure without its date is an error in the facts. `CONSTRAINTS` is the closed
list. Generators and the counterfactual search make rows, and ask here what stands for a field that is left out.
"""

from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any

from stdnum.nl import bsn, onderwijsnummer

from authz.bundle.vocabulary import RowType, attribute
from authz.instants import BEGIN, END
from authz.language.types import STRING, Collection

Ids = Mapping[str, Container[str]]
"""The ids that exist, by record type."""
Violations = Iterator[tuple[str, str]]
"""The field and the problem of each violation."""
Check = Callable[[Any, Mapping[str, Any]], Violations]
"""Finds the violations of a row; it is given the row as a record, and as a document has it."""


def row_check(kind: RowType, ids: Ids) -> Check:
    """Every constraint that rows of a type have."""
    checks = [check for prepare in CONSTRAINTS.values() if (check := prepare(kind, ids)) is not None]

    def check_row(row: Any, raw: Mapping[str, Any]) -> Violations:
        for check in checks:
            yield from check(row, raw)

    return check_row


def absent_value(kind: RowType, name: str) -> Any:
    """What stands in a record for a field that a document leaves out: an end of time, an empty list, or None."""
    if kind.interval and name in kind.interval:
        return BEGIN if name == kind.interval[0] else END
    return () if isinstance(kind.fields[name].type, Collection) else None


def needed_fields(kind: RowType, value_of: Callable[[str], Any]) -> frozenset[str]:
    """The fields that a row must carry because of the values of others."""
    variants = [by_value.get(value_of(name)) for name, by_value in kind.when.items()]
    return frozenset(name for variant in variants if variant for name in variant.needs)


def excluded_fields(kind: RowType, value_of: Callable[[str], Any]) -> frozenset[str]:
    """The fields that a row may not carry because of the values of others."""
    variants = [by_value.get(value_of(name)) for name, by_value in kind.when.items()]
    return frozenset(name for variant in variants if variant for name in variant.without)


def _present(raw: Mapping[str, Any], name: str) -> bool:
    return raw.get(name) is not None


def _ids_exist(kind: RowType, ids: Ids) -> Check | None:
    references = [(name, attribute(name), field.names) for name, field in kind.fields.items() if field.names]

    def check(row: Any, raw: Mapping[str, Any]) -> Violations:
        for name, attr, record in references:
            id = getattr(row, attr)
            if id is not None and id not in ids[record]:
                yield name, f"there is no {record} `{id}`"

    return check if references else None


def _texts_are_not_empty(kind: RowType, ids: Ids) -> Check | None:
    texts = [(name, attribute(name)) for name, field in kind.fields.items() if field.type == STRING and not field.names]

    def check(row: Any, raw: Mapping[str, Any]) -> Violations:
        return ((name, "is empty") for name, attr in texts if not getattr(row, attr))

    return check if texts else None


def _no_id_of(kind: RowType, ids: Ids) -> Check | None:
    def check(row: Any, raw: Mapping[str, Any]) -> Violations:
        for name, record in kind.no_id_of.items():
            if getattr(row, attribute(name)) in ids[record]:
                yield name, f"`{raw[name]}` is the id of a {record}"

    return check if kind.no_id_of else None


def _interval_is_not_empty(kind: RowType, ids: Ids) -> Check | None:
    if not kind.interval:
        return None
    first, last = kind.interval
    start, end = attribute(first), attribute(last)

    def check(row: Any, raw: Mapping[str, Any]) -> Violations:
        if getattr(row, start) >= getattr(row, end):
            yield last, f"the interval is empty: `{last}` is not after `{first}`"

    return check


def _needs(kind: RowType, ids: Ids) -> Check | None:
    def check(row: Any, raw: Mapping[str, Any]) -> Violations:
        for name, others in kind.needs.items():
            if _present(raw, name):
                yield from ((name, f"stands only beside `{other}`") for other in others if not _present(raw, other))

    return check if kind.needs else None


def _when(kind: RowType, ids: Ids) -> Check | None:
    def check(row: Any, raw: Mapping[str, Any]) -> Violations:
        for name, variants in kind.when.items():
            variant = variants.get(getattr(row, attribute(name)))
            if variant is None:
                continue
            for other in variant.needs:
                if not _present(raw, other):
                    yield other, f"is missing: a row with {name} `{raw[name]}` needs it"
            for other in variant.without:
                if _present(raw, other):
                    yield other, f"a row with {name} `{raw[name]}` carries none"

    return check if kind.when else None


def _refuses(kind: RowType, ids: Ids) -> Check | None:
    def check(row: Any, raw: Mapping[str, Any]) -> Violations:
        for name, form in kind.refuses.items():
            text = getattr(row, attribute(name))
            if text is not None and REFUSED_FORMS[form](text):
                yield name, "this is a citizen service or education number (BSN, PGN): use a pseudonym"

    return check if kind.refuses else None


def _is_dutch_citizen_number(text: str) -> bool:
    return len(text) == 9 and text.isdigit() and (bsn.is_valid(text) or onderwijsnummer.is_valid(text))


REFUSED_FORMS: Mapping[str, Callable[[str], bool]] = {"dutch_citizen_number": _is_dutch_citizen_number}
"""The forms that a text may be forbidden to have, by the name that `refuses` gives them."""

CONSTRAINTS: Mapping[str, Callable[[RowType, Ids], Check | None]] = {
    "ids exist": _ids_exist,
    "texts are not empty": _texts_are_not_empty,
    "no_id_of": _no_id_of,
    "interval": _interval_is_not_empty,
    "needs": _needs,
    "when": _when,
    "refuses": _refuses,
}
"""Each constraint, by the key of `vocabulary.toml` that declares it where one does. A type may lack one: None."""

"""Types as a TOML file writes them: `String?`, `[Colour]`, `id of Door`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authz.bundle.catalogue import request as request_catalogue
from authz.bundle.catalogue import types as catalogue
from authz.bundle.report import Report
from authz.bundle.resolve.names import check_name
from authz.bundle.toml_schema import FieldTable
from authz.bundle.values import read_value, value_help
from authz.bundle.vocabulary import FieldKind
from authz.documents.places import Loc
from authz.language.diagnostics import did_you_mean
from authz.language.types import SCALARS, STRING, BasicType, Collection, Enumeration, Optional, Type

_ID_OF = "id of "


@dataclass(frozen=True, slots=True)
class KnownTypes:
    """The types that a text can name: enumerations, and the record types that have a key."""

    enumerations: Mapping[str, Enumeration]
    keyed_records: tuple[str, ...]
    zone: str


def type_named(text: str, loc: Loc, known: KnownTypes, report: Report) -> Type:
    """The type that a text names; `id of X` is a string. An unknown type is reported, and taken for a string."""
    plain = text.removesuffix("?")
    is_list = plain.startswith("[") and plain.endswith("]")
    inner = plain[1:-1] if is_list else plain
    basic: BasicType | None
    if inner.startswith(_ID_OF) and not is_list:
        check_keyed(inner.removeprefix(_ID_OF).strip(), loc, known, report)
        basic = STRING
    else:
        basic = SCALARS.get(inner) or known.enumerations.get(inner)
    if basic is None:
        report.add(catalogue.UNKNOWN_FIELD_TYPE, loc, f"unknown type `{inner}`", _type_help(inner, known))
        basic = STRING
    if is_list:
        if plain != text:
            problem = f"`{text}`: a list that is left out is empty, and never `nil`"
            report.add(catalogue.OPTIONAL_LIST, loc, problem, f"write `{plain}`")
        return Collection(basic)
    return Optional(basic) if plain != text else basic


_OTHER_NAMES = {
    "String": ("str", "text", "varchar", "char"),
    "Integer": ("int", "number", "long", "float", "decimal"),
    "Boolean": ("bool", "bit"),
    "Instant": ("datetime", "timestamp", "time"),
    "Date": ("day",),
}
"""The names that other languages give to types, by ours."""


def _type_help(name: str, known: KnownTypes) -> str:
    """The likely type, or all types that there are."""
    types = [*SCALARS, *known.enumerations]
    for kind, others in _OTHER_NAMES.items():
        if name.lower() in (kind.lower(), *others):
            return f"did you mean `{kind}`?"
    if name in known.keyed_records:
        return f"write `{_ID_OF}{name}` for the id of a record"
    return (
        did_you_mean(name, types) or f"types are {', '.join(f'`{each}`' for each in types)}, `[...]` and `{_ID_OF}...`"
    )


def check_keyed(record: str, loc: Loc, known: KnownTypes, report: Report) -> None:
    """Report an id of a record type that has no ids."""
    if record not in known.keyed_records:
        near = did_you_mean(record, known.keyed_records)
        report.add(catalogue.RECORD_WITHOUT_KEY, loc, f"`{record}` is no record type with a key", near)


def resolve_field(name: str, table: FieldTable, loc: Loc, known: KnownTypes, report: Report) -> FieldKind:
    """A declared field of a record type, or a value of the facts."""
    check_name(name, loc, report)
    plain = table.type.removesuffix("?")
    names = plain.removeprefix(_ID_OF).strip() if plain.startswith(_ID_OF) else ""
    return FieldKind(type_named(table.type, loc, known, report), names, table.about)


def resolve_value(name: str, table: FieldTable, known: KnownTypes, report: Report) -> FieldKind:
    """A value that stands alone in a facts document."""
    kind = resolve_field(name, table, ("values", name), known, report)
    if kind.names:
        report.add(catalogue.VALUE_IS_ID, ("values", name), "a value is no id: list it in rows")
    return kind


def resolve_default(kind: Type, value: object, loc: Loc, known: KnownTypes, report: Report) -> Any:
    """The default that a table gives, as a value of its type; None without one."""
    try:
        return None if value is None else read_value(kind, value, known.zone)
    except ValueError as error:
        report.add(request_catalogue.INVALID_DEFAULT, loc, str(error), value_help(kind, value))
        return None

"""Names: each is one thing, and both Polar and Python can use it."""

from authz.bundle.catalogue import names as catalogue
from authz.bundle.report import Report
from authz.bundle.toml_schema import VocabularyTable
from authz.bundle.vocabulary import PARAMETERS, REQUEST
from authz.documents.places import Loc
from authz.instants import zone
from authz.language.reserved import CLASS_ATTRIBUTES, KEYWORDS, OSO_CLASSES
from authz.language.types import SCALARS, Enumeration

_ANOTHER = "choose another name"


def check_name(name: str, loc: Loc, report: Report) -> None:
    """Report a name that rules could not use."""
    if name in KEYWORDS:
        report.add(catalogue.RESERVED_NAME, loc, f"`{name}` is a word of Polar's own", _ANOTHER)
    if name in CLASS_ATTRIBUTES:
        report.add(catalogue.RESERVED_NAME, loc, f"`{name}` is an attribute of every Python class", _ANOTHER)
    if name.endswith("_"):
        report.add(catalogue.TRAILING_UNDERSCORE, loc, f"`{name}` ends in `_`", _ANOTHER)


def check_request_name(name: str, loc: Loc, report: Report) -> None:
    """Report a name that neither rules nor a request in the flat form could use."""
    check_name(name, loc, report)
    if name in ("subject", "resource"):
        report.add(catalogue.RESERVED_NAME, loc, f"`{name}` is a word of AuthZEN's own", _ANOTHER)


def check_type_names(table: VocabularyTable, report: Report) -> None:
    """Report enumerations and record types that have the name of another type."""
    taken = {REQUEST, PARAMETERS, *SCALARS, *OSO_CLASSES}
    for kind, names in (("enumerations", table.enumerations), ("records", table.records)):
        for name in names:
            if name in taken:
                report.add(catalogue.TYPE_NAME_TAKEN, (kind, name), f"`{name}` is the name of another type")
            taken.add(name)
            check_name(name, (kind, name), report)


def check_zone(name: str, report: Report) -> None:
    """Report a `bare_date_zone` that is no time zone."""
    try:
        zone(name)
    except ValueError as error:
        report.add(catalogue.UNKNOWN_TIME_ZONE, ("bare_date_zone",), str(error))


def resolve_enumeration(name: str, values: tuple[str, ...], report: Report) -> Enumeration:
    """An enumeration, whose values are distinct and can stand in rules."""
    for index, value in enumerate(values):
        loc: Loc = ("enumerations", name, index)
        if value in values[:index]:
            report.add(catalogue.DUPLICATE_VALUE, loc, f"`{value}` stands here twice")
        if not value.isascii() or not value.isprintable() or not value:
            report.add(catalogue.UNPRINTABLE_VALUE, loc, "a value is printable ASCII, so that rules can name it")
    return Enumeration(name, values)

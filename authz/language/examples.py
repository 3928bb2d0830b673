"""The small vocabulary that the examples of the catalogue are checked against, and the check itself.

The vocabulary is of a library: a reader asks to read a book, and the rules see the reader's loans.
"""

from authz.language.diagnostics import Diagnostic, DiagnosticError
from authz.language.parser import parse
from authz.language.typecheck.program import check_program
from authz.language.types import (
    BOOLEAN,
    DATE,
    INSTANT,
    INTEGER,
    STRING,
    Collection,
    Enumeration,
    Field,
    Optional,
    Record,
    RecordType,
    Schema,
    Type,
)

_STATE = Enumeration("LoanState", ("lent", "returned"))
_PERIOD: dict[str, Type] = {"begins": INSTANT, "ends": INSTANT}
_FIELDS: dict[str, dict[str, Type]] = {
    "Reader": {"id": STRING},
    "Card": {"number": STRING, "blocked": BOOLEAN},
    "Loan": {**_PERIOD, "book": STRING, "state": _STATE, "renewals": INTEGER},
    "Request": {
        "reader": Record("Reader"),
        "book": STRING,
        "state": _STATE,
        "at": INSTANT,
        "day": DATE,
        "renewals": INTEGER,
        "suspended": BOOLEAN,
        "guest": BOOLEAN,
        "staff": BOOLEAN,
        "limit": Optional(INTEGER),
        "card": Optional(Record("Card")),
        "loans": Collection(Record("Loan")),
        "tags": Collection(STRING),
        "holds": Collection(Record("Loan")),
    },
}
EXAMPLE_SCHEMA = Schema(
    {
        name: RecordType(name, {field: Field(kind) for field, kind in fields.items()})
        for name, fields in _FIELDS.items()
    },
    {_STATE.name: _STATE},
    Record("Reader"),
    Record("Request"),
    ("SUSPENDED", "NO_LOAN"),
    {"holds": ("card",)},
)
_ALLOW = 'allow(_reader: Reader, "read", request: Request) if not request.suspended;'
_REASONS = """\
reason(request: Request, "SUSPENDED") if request.suspended;
reason(request: Request, "NO_LOAN") if not (_ in request.loans);"""


def check_example(text: str) -> tuple[Diagnostic, ...]:
    """The diagnostics of an example, which is completed by the rules `allow` and `reason` where it mentions none."""
    completed = [text, *([] if "allow(" in text else [_ALLOW]), *([] if "reason(" in text else [_REASONS])]
    file, diagnostics = parse("rules.polar", "\n".join(completed))
    try:
        check_program("bundle", [file], EXAMPLE_SCHEMA)
    except DiagnosticError as error:
        diagnostics += error.diagnostics
    return DiagnosticError(diagnostics).diagnostics

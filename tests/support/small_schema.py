"""A small vocabulary to test the language with, and what the parser and the type checker say of a text."""

from authz.language.diagnostics import DiagnosticError
from authz.language.ir import Program
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

PATH = "rules.polar"
EVENT = Enumeration("Event", ("given", "withdrawn"))
MODE = Enumeration("Mode", ("given", "private"))


def _record(name: str, extends: str = "", /, **fields: Type) -> RecordType:
    return RecordType(name, {field.rstrip("_"): Field(kind) for field, kind in fields.items()}, extends)


_DATED: dict[str, Type] = {"begins": INSTANT, "ends": INSTANT}
_RECORDS = (
    _record("Reader", id=STRING),
    _record("Link", id=STRING, closed=BOOLEAN),
    _record("Dated", **_DATED),
    _record(
        "Grant",
        "Dated",
        **_DATED,
        holder=STRING,
        event=EVENT,
        level=INTEGER,
        open=BOOLEAN,
        tags=Collection(STRING),
        note=Optional(STRING),
        until=Optional(INSTANT),
        link=Optional(Record("Link")),
    ),
    _record("Block", holder=STRING, level=INTEGER, open=BOOLEAN),
    _record(
        "Request",
        action=STRING,
        name=STRING,
        other=STRING,
        level=INTEGER,
        open=BOOLEAN,
        consent=BOOLEAN,
        withdrawn=BOOLEAN,
        event=EVENT,
        mode=MODE,
        at=INSTANT,
        day=DATE,
        limit=Optional(INTEGER),
        until=Optional(INSTANT),
        nickname=Optional(STRING),
        verified=Optional(BOOLEAN),
        reader=Optional(Record("Reader")),
        link=Optional(Record("Link")),
        owner=Record("Reader"),
        grants=Collection(Record("Grant")),
        blocks=Collection(Record("Block")),
        names=Collection(STRING),
        numbers=Collection(INTEGER),
        flags=Collection(BOOLEAN),
        events=Collection(EVENT),
        instants=Collection(INSTANT),
        from_=STRING,
        class_=BOOLEAN,
        lambda_=INTEGER,
    ),
)
SCHEMA = Schema(
    {record.name: record for record in _RECORDS},
    {kind.name: kind for kind in (EVENT, MODE)},
    Record("Reader"),
    Record("Request"),
)

ALLOW = "allow(_subject: Reader, action: String, request: Request) if action = request.action and request.open;"


def with_allow(text: str) -> str:
    """The text, with a rule `allow` after it where it has none."""
    return text if "allow(" in text else f"{text}\n{ALLOW}"


def checked(text: str, codes: tuple[str, ...] = (), schema: Schema = SCHEMA) -> Program:
    """The checked program of a text; a text without a rule `allow` gets one.

    Raises:
        DiagnosticError: with every diagnostic.
    """
    file, diagnostics = parse(PATH, with_allow(text))
    schema = Schema(schema.records, schema.enumerations, schema.subject, schema.request, codes)
    try:
        program = check_program("bundle", [file], schema)
    except DiagnosticError as error:
        raise DiagnosticError([*diagnostics, *error.diagnostics]) from None
    if diagnostics:
        raise DiagnosticError(diagnostics)
    return program


def checker_output(text: str, codes: tuple[str, ...] = ()) -> str:
    """The diagnostics of a text as its author reads them; an empty string if it is accepted."""
    try:
        checked(text, codes)
    except DiagnosticError as error:
        return str(error)
    return ""


def condition(body: str) -> str:
    """A text with one rule over a request whose condition is `body`, from line 1, column 27 on."""
    return f"rule(request: Request) if {body};"

"""A small vocabulary to test the language with, a naive reading of checked rules, and oso on the same rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, cast

from authz.bundle.loading import Bundle
from authz.bundle.vocabulary import attribute
from authz.codegen.python import compile_program
from authz.language.diagnostics import DiagnosticError
from authz.language.ir import (
    Absent,
    Access,
    And,
    Compare,
    Constant,
    Exists,
    Formula,
    Holds,
    Invoke,
    Member,
    Not,
    Or,
    Program,
    Value,
    Variable,
)
from authz.language.parser import parse
from authz.language.typecheck.program import check
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


def checked(text: str, codes: tuple[str, ...] = (), schema: Schema = SCHEMA) -> Program:
    """The program that a text is, with an `allow` rule after it where it has none.

    Raises:
        DiagnosticError: with every fault.
    """
    whole = text if "allow(" in text else f"{text}\n{ALLOW}"
    file, faults = parse(PATH, whole)
    schema = Schema(schema.records, schema.enumerations, schema.subject, schema.request, codes)
    try:
        program = check("bundle", [file], schema)
    except DiagnosticError as wrong:
        raise DiagnosticError([*faults, *wrong.diagnostics]) from None
    if faults:
        raise DiagnosticError(faults)
    return program


def complaint(text: str, codes: tuple[str, ...] = ()) -> str:
    """All that the checker says of a text, as its author reads it; nothing if it is accepted."""
    try:
        checked(text, codes)
    except DiagnosticError as wrong:
        return str(wrong)
    return ""


def condition(body: str) -> str:
    """A text in which `body` is the whole condition of one rule over a request, from line 1, column 24 on."""
    return f"rule(request: Request) if {body};"


# The naive reading.

_RELATIONS: Mapping[str, Any] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def holds(program: Program, name: str, *arguments: Any) -> bool:
    """Whether some rule of this name holds of these arguments, by the book."""
    return any(
        all(isinstance(p, Variable) or p.value == a for p, a in zip(rule.parameters, arguments, strict=True))
        and true(
            rule.body,
            {p.name: a for p, a in zip(rule.parameters, arguments, strict=True) if isinstance(p, Variable)},
            program,
        )
        for rule in program.rules.get(name, ())
    )


def true(formula: Formula, known: Mapping[str, Any], program: Program) -> bool:
    """Whether a formula holds of these values of its variables."""

    def read(value: Value) -> Any:
        match value:
            case Constant(value=constant):
                return constant
            case Variable(name=name):
                return known[name]
            case Access(root=root, fields=fields):
                found = known[root.name]
                for one in fields:
                    found = getattr(found, attribute(one))
                return found

    match formula:
        case And(parts=parts):
            return all(true(part, known, program) for part in parts)
        case Or(parts=parts):
            return any(true(part, known, program) for part in parts)
        case Not(operand=operand):
            return not true(operand, known, program)
        case Compare(operator=operator, left=left, right=right):
            return bool(_RELATIONS[operator](read(left), read(right)))
        case Absent(value=value):
            return read(value) is None
        case Holds(value=value):
            return read(value) is True
        case Member(value=value, collection=collection):
            return read(value) in ([read(c) for c in collection] if isinstance(collection, tuple) else read(collection))
        case Invoke(name=name, arguments=arguments):
            return holds(program, name, *map(read, arguments))
        case Exists(variable=variable, collection=collection, body=body):
            return any(true(body, {**known, variable.name: row}, program) for row in read(collection))


# Records.

EARLY, NOON, LATE = (datetime(2025, 3, 10, hour, tzinfo=UTC) for hour in (9, 12, 15))


@dataclass(frozen=True)
class Reader:
    """A record of the small vocabulary."""

    id: str = "ann"


@dataclass(frozen=True)
class Link:
    """A record of the small vocabulary."""

    id: str = "l1"
    closed: bool = False


@dataclass(frozen=True)
class Dated:
    """A record of the small vocabulary."""

    begins: datetime = EARLY
    ends: datetime = LATE


@dataclass(frozen=True)
class Grant(Dated):
    """A record of the small vocabulary."""

    holder: str = "ann"
    event: str = "given"
    level: int = 1
    open: bool = True
    tags: tuple[str, ...] = ()
    note: str | None = None
    until: datetime | None = None
    link: Link | None = None


@dataclass(frozen=True)
class Block:
    """A record of the small vocabulary."""

    holder: str = "ann"
    level: int = 1
    open: bool = True


@dataclass(frozen=True)
class Request:
    """A record of the small vocabulary."""

    action: str = "read"
    name: str = "ann"
    other: str = "bob"
    level: int = 1
    open: bool = True
    consent: bool = True
    withdrawn: bool = False
    event: str = "given"
    mode: str = "private"
    at: datetime = NOON
    day: date = field(default=NOON.date())
    limit: int | None = None
    until: datetime | None = None
    nickname: str | None = None
    verified: bool | None = None
    reader: Reader | None = None
    link: Link | None = None
    owner: Reader = field(default_factory=Reader)
    grants: tuple[Grant, ...] = ()
    blocks: tuple[Block, ...] = ()
    names: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    flags: tuple[bool, ...] = ()
    events: tuple[str, ...] = ()
    instants: tuple[datetime, ...] = ()
    from_: str = "here"
    class_: bool = True
    lambda_: int = 1


for _word in ("from", "class", "lambda"):
    setattr(Request, _word, property(attrgetter(f"{_word}_")))

CLASSES: Mapping[str, type[Any]] = {c.__name__: c for c in (Reader, Link, Dated, Grant, Block, Request)}


# The evaluators, each a function of subject, action and request.


def compiled(program: Program) -> Any:
    """The compiled form."""
    return compile_program(program, attribute)


def reference(text: str, program: Program) -> Any:
    """The reference's reading of a text that the checker accepted as this program; warnings of it are faults."""
    from authz.verify.oso import Reference

    return Reference(cast(Bundle, as_bundle(text, program)))


def as_bundle(text: str, program: Program) -> SimpleNamespace:
    """What the reference asks of a bundle."""
    file, _ = parse(PATH, text if "allow(" in text else f"{text}\n{ALLOW}")
    vocabulary = SimpleNamespace(enumerations=program.schema.enumerations)
    return SimpleNamespace(path="bundle", program=program, classes=CLASSES, vocabulary=vocabulary, files=(file,))


def drawn(random: Any) -> Request:
    """A request with few rows, drawn from few values so that they often meet."""
    pick, instants, links = random.choice, (EARLY, NOON, LATE), (None, Link("a"), Link("b", closed=True))

    def flag() -> bool:
        return bool(random.random() < 0.5)

    def some(values: Any) -> tuple[Any, ...]:
        return tuple(pick(values) for _ in range(random.randrange(3)))

    grants = tuple(
        Grant(
            *(pick(instants), pick(instants), pick("ab"), pick(EVENT.values), pick((0, 1, 2)), flag()),
            *(some("abc"), pick((None, "a", "b")), pick((None, *instants)), pick(links)),
        )
        for _ in range(random.randrange(3))
    )
    return Request(
        *(pick(("read", "given")), pick("abc"), pick("abc"), pick((0, 1, 2)), flag(), flag(), flag()),
        *(pick(EVENT.values), pick(MODE.values), pick(instants), NOON.date()),
        *(pick((None, 0, 1, 2)), pick((None, *instants)), pick((None, "a", "b")), pick((None, True, False))),
        *(pick((None, Reader("a"))), pick(links), Reader(pick("ab")), grants),
        blocks=tuple(Block(pick("ab"), pick((0, 1, 2)), flag()) for _ in range(random.randrange(3))),
        names=some("abc"),
        numbers=some((0, 1, 2)),
        flags=some((True, False)),
        events=some(EVENT.values),
        instants=some(instants),
    )

"""Records of the small vocabulary, random requests, and the evaluators that decide on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, cast

from authz.bundle.loading import Bundle
from authz.bundle.vocabulary import attribute
from authz.codegen.python import compile_program
from authz.language.ir import Program
from authz.language.parser import parse
from tests.support.small_schema import EVENT, MODE, PATH, with_allow

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


def compiled(program: Program) -> Any:
    """The evaluator that is generated as Python."""
    return compile_program(program, attribute)


def reference(text: str, program: Program) -> Any:
    """oso on a text that the type checker accepted as this program; its warnings are errors."""
    from authz.verify.oso import Reference

    return Reference(cast(Bundle, as_bundle(text, program)))


def as_bundle(text: str, program: Program) -> SimpleNamespace:
    """As much of a bundle as oso needs."""
    file, _ = parse(PATH, with_allow(text))
    vocabulary = SimpleNamespace(enumerations=program.schema.enumerations)
    return SimpleNamespace(path="bundle", program=program, classes=CLASSES, vocabulary=vocabulary, files=(file,))


def draw_request(random: Any) -> Request:
    """A request with few rows, of few values, so that conditions often hold."""
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

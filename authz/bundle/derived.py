"""Derived fields: what rules need and Polar cannot compute. Each kind has its whole meaning in this file.

A derived field is a field of the request. It is computed from other fields while records are gathered, and it is nil as
soon as one of its sources is nil. `KINDS` is the closed list; a kind has the TOML table that declares it, its sources
with their types, its own type, its evaluation in Python, and values for generators.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar

from pydantic import Discriminator, Field, StrictStr, Tag
from pydantic.dataclasses import dataclass as table_class

from authz.bundle.toml_types import CLOSED, Name
from authz.codegen.generated import compile_source
from authz.instants import hours_after, midnight_of_age, zone
from authz.language.diagnostics import did_you_mean
from authz.language.types import DATE, INSTANT, INTEGER, STRING, BasicType, Enumeration, Schema, Type

PYTHON_NAMES: Mapping[str, Any] = {"midnight_of_age": midnight_of_age, "hours_after": hours_after}
ValueAt = Callable[[str], Any]
"""The value at a path of fields from the request; None as soon as something on the path is absent."""


@table_class(frozen=True, config=CLOSED)
class PartTable:
    """A part of a string around its first `_`; nil without `_`, or if the part is not in the enumeration."""

    part: Literal["before_underscore", "after_underscore"] = Field(description="which part of the string")
    of: Name = Field(description="a `String` field of the request")
    type: Name = Field(default="String", description="`String`, or the enumeration that the part must be in")
    about: StrictStr = Field(default="", description="what the field means")


@table_class(frozen=True, config=CLOSED)
class AgeTable:
    """The local midnight at which a person born on a date reaches an age in years."""

    midnight_of_age: StrictStr = Field(description="the path to a `Date`, such as `visitor.born`")
    years: StrictStr = Field(description="the path to an `Integer`, such as `parameters.adult_age`")
    zone: StrictStr = Field(description="the time zone whose midnight counts, such as `Europe/Amsterdam`")
    about: StrictStr = Field(default="", description="what the field means")


@table_class(frozen=True, config=CLOSED)
class HoursTable:
    """An instant plus hours."""

    hours_after: StrictStr = Field(description="the path to an `Instant`, such as `at`")
    hours: StrictStr = Field(description="the path to an `Integer`; it may be negative")
    about: StrictStr = Field(default="", description="what the field means")


Derivation = PartTable | AgeTable | HoursTable
Table = TypeVar("Table", PartTable, AgeTable, HoursTable)


class Source(NamedTuple):
    """A field that a derived field is computed from: the table's key that names it, its path, and its type."""

    key: str
    path: str
    type: Type


class Problem(NamedTuple):
    """Something wrong with the declaration of a derived field, by the table's key."""

    key: str
    problem: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class DerivedKind(Generic[Table]):
    """The meaning of one kind of derived field."""

    sources: Callable[[Table], tuple[Source, ...]]
    type: Callable[[Table, Schema], BasicType]
    """The type of the field where it is not nil."""
    problems: Callable[[Table, Schema], Iterable[Problem]]
    """What is wrong with a declaration beside the types of its sources."""
    python: Callable[[Table, Schema, str, tuple[str, ...]], list[str]]
    """The Python statements that bind a local to the field, from expressions of its sources; any of them may be None.

    They may use the names in `PYTHON_NAMES`.
    """
    hours_after_request: Callable[[Table], str] = lambda table: ""
    """The path to the hours by which the field lies after the instant of the request; empty if it does not move."""
    sample_dates: Callable[[Table, datetime, ValueAt], tuple[date, ...]] = lambda table, at, value_at: ()
    """Dates of the first source for which the field lies near an instant."""
    source_instants: Callable[[Table, datetime, ValueAt], tuple[datetime, ...]] = lambda table, at, value_at: ()
    """Instants of the first source for which the field lies at an instant."""

    def function(self, table: Table, schema: Schema) -> Callable[..., Any]:
        """The field as a Python function of its sources' values."""
        names: tuple[str, ...] = tuple(f"source_{number}" for number in range(len(self.sources(table))))
        lines: list[str] = [*self.python(table, schema, "value", names), "return value"]
        source = "\n    ".join([f"def derive({', '.join(names)}):", *lines]) + "\n"
        derive: Callable[..., Any] = compile_source(source, "derived field", **PYTHON_NAMES)["derive"]
        return derive


# A part of a string.


def _part_type(table: PartTable, schema: Schema) -> BasicType:
    kind = schema.type_named(table.type)
    return kind if isinstance(kind, Enumeration) else STRING


def _part_problems(table: PartTable, schema: Schema) -> Iterator[Problem]:
    kind = schema.type_named(table.type)
    if kind != STRING and not isinstance(kind, Enumeration):
        near = did_you_mean(table.type, schema.enumerations)
        yield Problem("type", f"`{table.type}` is no enumeration", near)


def _part(table: PartTable, schema: Schema, local: str, sources: tuple[str, ...]) -> list[str]:
    kind = schema.type_named(table.type)
    head, tail = (local, "_") if table.part == "before_underscore" else ("_", local)
    absent = "not separator"
    if isinstance(kind, Enumeration):
        absent += f" or {local} not in ({''.join(f'{value!r}, ' for value in kind.values)})"
    return [
        f'{head}, separator, {tail} = ({sources[0]} or "").partition("_")',
        f"if {absent}:",
        f"    {local} = None",
    ]


PART: DerivedKind[PartTable] = DerivedKind(
    sources=lambda table: (Source("of", table.of, STRING),),
    type=_part_type,
    problems=_part_problems,
    python=_part,
)


# The midnight of an age.


def _age_problems(table: AgeTable, schema: Schema) -> Iterator[Problem]:
    try:
        zone(table.zone)
    except ValueError as error:
        yield Problem("zone", str(error))


def _age(table: AgeTable, schema: Schema, local: str, sources: tuple[str, ...]) -> list[str]:
    return _of_two("midnight_of_age", local, sources, f", {table.zone!r}")


def _of_two(function: str, local: str, sources: tuple[str, ...], rest: str = "") -> list[str]:
    """A function of two values; None if one of them is."""
    first, second = sources
    return [
        f"first, second = {first}, {second}",
        f"{local} = None if first is None or second is None else {function}(first, second{rest})",
    ]


def _birth_dates(table: AgeTable, at: datetime, value_at: ValueAt) -> tuple[date, ...]:
    """The birth dates of those who reach the age on the day of an instant, five days later, and one day later."""
    today, years = at.astimezone(zone(table.zone)).date(), value_at(table.years)
    if years is None or not 1 < today.year - years < 9999:
        return ()
    then = today.replace(year=today.year - years, day=min(today.day, 28))
    return (then, then + timedelta(days=5), then + timedelta(days=1))


AGE: DerivedKind[AgeTable] = DerivedKind(
    sources=lambda table: (
        Source("midnight_of_age", table.midnight_of_age, DATE),
        Source("years", table.years, INTEGER),
    ),
    type=lambda table, schema: INSTANT,
    problems=_age_problems,
    python=_age,
    sample_dates=_birth_dates,
)


# Hours after an instant.


def _hours(table: HoursTable, schema: Schema, local: str, sources: tuple[str, ...]) -> list[str]:
    return _of_two("hours_after", local, sources)


def _instants_before(table: HoursTable, at: datetime, value_at: ValueAt) -> tuple[datetime, ...]:
    hours = value_at(table.hours)
    return () if hours is None else (hours_after(at, -hours),)


HOURS: DerivedKind[HoursTable] = DerivedKind(
    sources=lambda table: (Source("hours_after", table.hours_after, INSTANT), Source("hours", table.hours, INTEGER)),
    type=lambda table, schema: INSTANT,
    problems=lambda table, schema: (),
    python=_hours,
    hours_after_request=lambda table: table.hours if table.hours_after == "at" else "",
    source_instants=_instants_before,
)


KINDS: Mapping[str, DerivedKind[Any]] = {"part": PART, "midnight_of_age": AGE, "hours_after": HOURS}
"""Each kind of derived field, by the key that no other kind's table has."""


def kind_of(table: Derivation) -> DerivedKind[Any]:
    """The kind that a table declares."""
    return next(kind for key, kind in KINDS.items() if hasattr(table, key))


def source_paths(table: Derivation) -> tuple[str, ...]:
    """The paths to the fields that a derived field is computed from, in the order of its function's parameters."""
    return tuple(source.path for source in kind_of(table).sources(table))


def sample_instants(
    table: Derivation, schema: Schema, dates: Iterable[date], value_at: ValueAt
) -> tuple[datetime, ...]:
    """The values of a derived field for some dates of its first source; none where that source is no date."""
    kind = kind_of(table)
    first, *others = kind.sources(table)
    if first.type != DATE:
        return ()
    function, values = kind.function(table, schema), [value_at(source.path) for source in others]
    return tuple(instant for each in dates if (instant := function(each, *values)) is not None)


def _discriminator(table: object) -> str | None:
    return next((f"<{key}>" for key in KINDS if isinstance(table, dict) and key in table), None)


DerivedTable = Annotated[
    Annotated[PartTable, Tag("<part>")]
    | Annotated[AgeTable, Tag("<midnight_of_age>")]
    | Annotated[HoursTable, Tag("<hours_after>")],
    Discriminator(
        _discriminator,
        custom_error_type="derivation",
        custom_error_message="is no derived field: one has `part`, `midnight_of_age` or `hours_after`",
    ),
]
"""A derived field as `vocabulary.toml` declares it."""

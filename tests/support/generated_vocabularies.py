"""Generated vocabularies: enumerations, rows with and without a base type, and a request with fields of every type."""

import dataclasses
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import attrgetter
from random import Random
from typing import Any, cast

from authz.bundle.vocabulary import attribute
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

CODES = ("A", "B", "C")
"""The reason codes of every generated vocabulary."""
ORDERED = {INTEGER, INSTANT, DATE}
VALUES: dict[Type, tuple[Any, ...]] = {
    STRING: ("a", "b", "c"),
    INTEGER: (0, 1, 2),
    BOOLEAN: (True, False),
    INSTANT: tuple(datetime(2025, 3, 10, hour, tzinfo=UTC) for hour in (9, 12, 15)),
    DATE: (date(2025, 3, 9), date(2025, 3, 10)),
}


THING = Optional(Record("Thing"))
REQUEST_FIELDS: dict[str, Type] = {
    "action": STRING,
    "at": INSTANT,
    "day": DATE,
    "name": STRING,
    "level": INTEGER,
    "open": BOOLEAN,
    "thing": THING,
    "owner": Record("Thing"),
    "grants": Collection(Record("Grant")),
    "blocks": Collection(Record("Block")),
    "names": Collection(STRING),
    "numbers": Collection(INTEGER),
}
"""The fields that the request of every vocabulary has."""


@dataclass(frozen=True)
class GeneratedVocabulary:
    """A schema, and the classes of its records."""

    schema: Schema
    classes: dict[str, type[Any]]


def draw_vocabulary(random: Random) -> GeneratedVocabulary:
    """A vocabulary whose types, fields and sizes are drawn."""
    pick, sample = random.choice, random.sample
    words = ("given", "withdrawn", "open", "shut", "red")
    enumerations = {name: Enumeration(name, tuple(sample(words, random.randint(2, 3)))) for name in ("Hue", "Event")}
    scalars: list[Type] = [STRING, INTEGER, BOOLEAN, INSTANT, DATE, *enumerations.values()]
    dated: dict[str, Type] = {"begins": INSTANT, "ends": INSTANT}

    def some(names: str, least: int, most: int, *more: Type) -> dict[str, Type]:
        kinds: list[Type] = [*scalars, *(Optional(cast(Any, k)) for k in scalars), *more]
        chosen = sample(names.split(), random.randint(least, most))
        return {name: pick(kinds) for name in chosen}

    lists: list[Type] = [Collection(cast(Any, kind)) for kind in (STRING, INTEGER, *enumerations.values())]
    records: dict[str, tuple[str, dict[str, Type]]] = {
        "Who": ("", {"id": STRING}),
        "Thing": ("", {"id": STRING, "shut": BOOLEAN, **some("rank colour since", 0, 2)}),
        "Dated": ("", dated),
        "Grant": (
            "Dated",
            {**dated, "holder": STRING, "open": BOOLEAN, **some("level kind note thing tags", 2, 4, THING, *lists)},
        ),
        "Block": ("", {"holder": STRING, "level": INTEGER, **some("kind note from until", 1, 3, THING, *lists)}),
    }
    optional_fields = some("hue event limit until nickname class lambda verified from", 4, 8, *lists)
    records["Request"] = ("", {**REQUEST_FIELDS, **optional_fields})
    schema = Schema(
        {
            name: RecordType(name, {field: Field(kind) for field, kind in fields.items()}, base)
            for name, (base, fields) in records.items()
        },
        enumerations,
        Record("Who"),
        Record("Request"),
        CODES,
    )
    return GeneratedVocabulary(schema, _classes(records))


def _classes(records: dict[str, tuple[str, dict[str, Type]]]) -> dict[str, type[Any]]:
    classes: dict[str, type[Any]] = {}
    for name, (base, fields) in records.items():
        fields_added = [(attribute(f), Any) for f in fields if not base or f not in records[base][1]]
        classes[name] = dataclasses.make_dataclass(
            name, fields_added, bases=(classes[base],) if base else (), frozen=True
        )
        for field in fields:
            if attribute(field) != field:
                setattr(classes[name], field, property(attrgetter(attribute(field))))
    return classes


def draw_record(name: str, vocabulary: GeneratedVocabulary, random: Random, **fixed: Any) -> Any:
    """A record with drawn values, but for those that are given."""
    fields = vocabulary.schema.records[name].fields
    return vocabulary.classes[name](
        **{
            attribute(field): fixed[field] if field in fixed else draw_value(kind.type, vocabulary, random)
            for field, kind in fields.items()
        }
    )


def draw_value(kind: Type, vocabulary: GeneratedVocabulary, random: Random) -> Any:
    """A value of a type, from few values so that comparisons often hold."""
    match kind:
        case Optional(of=of):
            return None if random.random() < 0.35 else draw_value(of, vocabulary, random)
        case Collection(of=of):
            return tuple(draw_value(of, vocabulary, random) for _ in range(random.choice((0, 1, 1, 2, 3))))
        case Record(name=name):
            return draw_record(name, vocabulary, random)
        case Enumeration(values=values):
            return random.choice(values)
    return random.choice(VALUES[kind])

"""Which values rules compare with which: what could be worth writing into a field."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from authz.language.ir import (
    Access,
    CheckedRule,
    Compare,
    Constant,
    Invoke,
    Member,
    Program,
    Scalar,
    Value,
    Variable,
    subformulas,
)
from authz.language.types import Collection, Optional, Record, Schema, Type

Place = tuple[str, ...]
"""A field of a record type, or a parameter of a rule."""


@dataclass(slots=True)
class Compared:
    """Classes of fields whose values rules compare, passed on through rules' parameters.

    `constants` are those that a class is compared with, `members` those that rules look for in a list, by its place.
    """

    above: dict[Place, Place] = field(default_factory=dict)
    constants: dict[Place, dict[Scalar, None]] = field(default_factory=dict)
    members: dict[Place, dict[Scalar, None]] = field(default_factory=dict)

    def root(self, place: Place) -> Place:
        """The one place that stands for a class."""
        while (above := self.above.get(place, place)) != place:
            place = above
        return place

    def join(self, one: Place, other: Place) -> None:
        """Put two classes together."""
        first, second = self.root(one), self.root(other)
        if first != second:
            self.above[second] = first
            self.constants.setdefault(first, {}).update(self.constants.pop(second, {}))

    def constant(self, place: Place, value: Scalar) -> None:
        """Note a constant that a class is compared with."""
        self.constants.setdefault(self.root(place), {})[value] = None

    def alike(self, place: Place, others: Iterable[Place]) -> list[Place]:
        """Those of some places that are in the class of one."""
        root = self.root(place)
        return [other for other in others if self.root(other) == root]


def compared(program: Program) -> Compared:
    """What the rules of a program compare."""
    found = Compared()
    for rules in program.rules.values():
        for rule in rules:
            _rule(rule, program.schema, found)
    return found


def _rule(rule: CheckedRule, schema: Schema, found: Compared) -> None:
    own: Mapping[str, Place] = {
        parameter.name: ("", rule.name, str(index))
        for index, parameter in enumerate(rule.parameters)
        if isinstance(parameter, Variable)
    }
    for index, parameter in enumerate(rule.parameters):
        if isinstance(parameter, Constant):
            found.constant(("", rule.name, str(index)), parameter.value)
    for part in subformulas(rule.body):
        match part:
            case Compare(left=left, right=right):
                _both(left, right, own, schema, found)
            case Member(value=value, collection=tuple() as constants):
                for constant in constants:
                    _both(value, constant, own, schema, found)
            case Member(value=value, collection=Access() as collection):
                _both(value, collection, own, schema, found)
                if isinstance(value, Constant) and (place := _place(collection, own, schema)):
                    found.members.setdefault(place, {})[value.value] = None
            case Invoke(name=name, arguments=arguments):
                for index, argument in enumerate(arguments):
                    place = _place(argument, own, schema)
                    if place:
                        found.join(("", name, str(index)), place)
                    elif isinstance(argument, Constant):
                        found.constant(("", name, str(index)), argument.value)


def _both(left: Value, right: Value, own: Mapping[str, Place], schema: Schema, found: Compared) -> None:
    one, other = _place(left, own, schema), _place(right, own, schema)
    if one and other:
        found.join(one, other)
    for place, value in ((one, right), (other, left)):
        if place and isinstance(value, Constant):
            found.constant(place, value.value)


def _place(value: Value, own: Mapping[str, Place], schema: Schema) -> Place | None:
    """Where a value stands: a parameter, or a field of the record type that declares it."""
    if isinstance(value, Variable):
        return own.get(value.name)
    if isinstance(value, Constant):
        return None
    kind: Type = value.root.type
    for name in value.fields[:-1]:
        field = schema.field(kind, name) if isinstance(kind, Record) else None
        assert field is not None  # the checker saw it
        kind = field.type.of if isinstance(field.type, Optional | Collection) else field.type
    assert isinstance(kind, Record)  # only records have fields
    return declared(kind.name, value.fields[-1], schema)


def declared(record: str, name: str, schema: Schema) -> Place:
    """A field, by the record type that declares it."""
    above = schema.records[record].extends
    while above and name in schema.records[above].fields:
        record, above = above, schema.records[above].extends
    return record, name

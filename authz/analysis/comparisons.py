"""Which values rules compare with which. The counterfactual search and the world generator draw values from this."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from authz.language.ir import (
    Access,
    CheckedRule,
    Compare,
    Constant,
    ConstantValue,
    Exists,
    Invoke,
    Member,
    Program,
    Value,
    Variable,
    subformulas,
    values,
)
from authz.language.types import Collection, Optional, Record, Schema, Type

FieldKey = tuple[str, ...]
"""A field, as (declaring record type, field name), or a parameter of a rule, as ("", rule name, position)."""


@dataclass(slots=True)
class Comparisons:
    """Fields and parameters in classes (union-find): two are in one class where a chain of comparisons joins them.

    `parent` is the union-find forest. `constants` are the constants that a class is compared with, by its
    representative. `members` are the constants that rules look for in a list, by the list's field. `read` are the
    fields that rules read in any way, compared or not.
    """

    parent: dict[FieldKey, FieldKey] = field(default_factory=dict)
    constants: dict[FieldKey, dict[ConstantValue, None]] = field(default_factory=dict)
    members: dict[FieldKey, dict[ConstantValue, None]] = field(default_factory=dict)
    read: set[FieldKey] = field(default_factory=set)

    def representative(self, key: FieldKey) -> FieldKey:
        """The member of a class that stands for the class."""
        while (parent := self.parent.get(key, key)) != key:
            key = parent
        return key

    def same_class(self, key: FieldKey, candidates: Iterable[FieldKey]) -> list[FieldKey]:
        """The candidates in the class of `key`."""
        representative = self.representative(key)
        return [candidate for candidate in candidates if self.representative(candidate) == representative]

    def is_compared(self, key: FieldKey) -> bool:
        """Whether rules compare a field with another field, or with a constant."""
        return key in self.parent or self.representative(key) in self.constants

    def constants_of(self, key: FieldKey) -> Iterable[ConstantValue]:
        """The constants that rules compare with the class of `key`."""
        return self.constants.get(self.representative(key), ())

    def merge(self, left: FieldKey, right: FieldKey) -> None:
        """Make one class of the classes of two keys."""
        kept, merged = self.representative(left), self.representative(right)
        if kept != merged:
            self.parent[merged] = kept
            self.constants.setdefault(kept, {}).update(self.constants.pop(merged, {}))

    def add_constant(self, key: FieldKey, value: ConstantValue) -> None:
        """Record that the class of `key` is compared with a constant."""
        self.constants.setdefault(self.representative(key), {})[value] = None


def find_comparisons(program: Program) -> Comparisons:
    """The comparisons that the rules of a program make, also through the parameters of rules."""
    comparisons = Comparisons()
    for rules in program.rules.values():
        for rule in rules:
            _add_rule(rule, program.schema, comparisons)
    return comparisons


def _add_rule(rule: CheckedRule, schema: Schema, comparisons: Comparisons) -> None:
    parameters: dict[str, FieldKey] = {}
    for index, parameter in enumerate(rule.parameters):
        position = ("", rule.name, str(index))
        if isinstance(parameter, Variable):
            parameters[parameter.name] = position
        else:
            comparisons.add_constant(position, parameter.value)
    comparisons.read.update(
        key for value in values(rule.body) if isinstance(value, Access) and (key := _key(value, parameters, schema))
    )
    for part in subformulas(rule.body):
        match part:
            case Exists(variable=variable, collection=collection) if not isinstance(variable.type, Record):
                # An element of a list of values is compared as the list's field is.
                if element := _key(collection, parameters, schema):
                    parameters[variable.name] = element
            case Compare(left=left, right=right):
                _add_pair(left, right, parameters, schema, comparisons)
            case Member(value=value, collection=tuple() as constants):
                for constant in constants:
                    _add_pair(value, constant, parameters, schema, comparisons)
            case Member(value=value, collection=Access() as collection):
                _add_pair(value, collection, parameters, schema, comparisons)
                if isinstance(value, Constant) and (key_of_list := _key(collection, parameters, schema)):
                    comparisons.members.setdefault(key_of_list, {})[value.value] = None
            case Invoke():
                _add_call(part, parameters, schema, comparisons)


def _add_call(call: Invoke, parameters: Mapping[str, FieldKey], schema: Schema, comparisons: Comparisons) -> None:
    for index, argument in enumerate(call.arguments):
        parameter = ("", call.name, str(index))
        if key := _key(argument, parameters, schema):
            comparisons.merge(parameter, key)
        elif isinstance(argument, Constant):
            comparisons.add_constant(parameter, argument.value)


def _add_pair(
    left: Value, right: Value, parameters: Mapping[str, FieldKey], schema: Schema, comparisons: Comparisons
) -> None:
    left_key, right_key = _key(left, parameters, schema), _key(right, parameters, schema)
    if left_key and right_key:
        comparisons.merge(left_key, right_key)
    for key, value in ((left_key, right), (right_key, left)):
        if key and isinstance(value, Constant):
            comparisons.add_constant(key, value.value)


def _key(value: Value, parameters: Mapping[str, FieldKey], schema: Schema) -> FieldKey | None:
    """The parameter or the field that a value is; None for constants and bound variables."""
    if isinstance(value, Variable):
        return parameters.get(value.name)
    if isinstance(value, Constant):
        return None
    type_: Type = value.root.type
    for name in value.fields[:-1]:
        declared = schema.field(type_, name) if isinstance(type_, Record) else None
        assert declared is not None  # the type checker refuses a field that no record type declares
        type_ = declared.type.of if isinstance(declared.type, Optional | Collection) else declared.type
    assert isinstance(type_, Record)  # only records have fields
    return declaring_field(type_.name, value.fields[-1], schema)


def declaring_field(record: str, name: str, schema: Schema) -> FieldKey:
    """The key of a field: the topmost record type that declares it, and its name."""
    parent = schema.records[record].extends
    while parent and name in schema.records[parent].fields:
        record, parent = parent, schema.records[parent].extends
    return record, name

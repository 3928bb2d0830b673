"""Substitution in formulas: replace variables by values, rename bound variables, list free variables."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

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
    Value,
    Variable,
    subformulas,
    values,
)

Binding = Mapping[str, Value]
"""The value that replaces each variable, by the variable's name."""


def substitute(formula: Formula, binding: Binding) -> Formula:
    """Replace variables by values. No bound variable may have the name of a variable in those values."""
    match formula:
        case Compare(left=left, right=right):
            return replace(formula, left=_value(left, binding), right=_value(right, binding))
        case Absent(value=value) | Holds(value=value):
            return replace(formula, value=_value(value, binding))
        case Member(value=value, collection=collection):
            return replace(formula, value=_value(value, binding), collection=_members(collection, binding))
        case Invoke(arguments=arguments):
            return replace(formula, arguments=tuple(_value(argument, binding) for argument in arguments))
        case Exists(variable=variable, collection=collection, body=body):
            inner = {name: value for name, value in binding.items() if name != variable.name}
            return replace(formula, collection=_collection(collection, binding), body=substitute(body, inner))
        case Not(operand=operand):
            return Not(substitute(operand, binding))
        case And(parts=parts):
            return And(tuple(substitute(part, binding) for part in parts))
        case Or(parts=parts):
            return Or(tuple(substitute(part, binding) for part in parts))


def _value(value: Value, binding: Binding) -> Value:
    if isinstance(value, Variable):
        return binding.get(value.name, value)
    if isinstance(value, Access) and value.root.name in binding:
        root = binding[value.root.name]
        if isinstance(root, Access):
            return Access(root.root, (*root.fields, *value.fields), value.type)
        assert isinstance(root, Variable)  # constants have no fields
        return Access(root, value.fields, value.type)
    return value


def _members(collection: Access | tuple[Constant, ...], binding: Binding) -> Access | tuple[Constant, ...]:
    return collection if isinstance(collection, tuple) else _collection(collection, binding)


def _collection(collection: Access, binding: Binding) -> Access:
    substituted = _value(collection, binding)
    assert isinstance(substituted, Access)  # a field of a record stays a field of a record
    return substituted


def rename_bound(formula: Formula, taken: Iterable[str]) -> Formula:
    """Give every bound variable a name that is not in `taken` and that no other bound variable has."""
    taken = set(taken)

    def fresh(name: str) -> str:
        for candidate in itertools.chain([name], (f"{name}_{n}" for n in itertools.count(2))):
            if candidate not in taken:
                taken.add(candidate)
                return candidate
        raise AssertionError("itertools.count is endless")

    def walk(part: Formula) -> Formula:
        match part:
            case Exists(variable=variable, body=body):
                renamed = Variable(fresh(variable.name), variable.type)
                return replace(part, variable=renamed, body=walk(substitute(body, {variable.name: renamed})))
            case Not(operand=operand):
                return Not(walk(operand))
            case And(parts=parts):
                return And(tuple(map(walk, parts)))
            case Or(parts=parts):
                return Or(tuple(map(walk, parts)))
        return part

    return walk(formula)


def root_of(value: Value) -> Variable | None:
    """The variable that a value is or is a field of; None for a constant."""
    if isinstance(value, Variable):
        return value
    return value.root if isinstance(value, Access) else None


def free_variables(formula: Formula) -> set[str]:
    """The names of the variables that a formula leaves free."""
    roots = (root_of(value) for value in values(formula))
    return {root.name for root in roots if root is not None} - set(bound_variables(formula))


def bound_variables(formula: Formula) -> Iterator[str]:
    """The names of the variables that a formula binds, from left to right."""
    return (part.variable.name for part in subformulas(formula) if isinstance(part, Exists))

"""Checked rules: typed formulas over records, the one input of every compiled form.

A formula is total: nothing in it can raise, and it means the same in whatever order it is evaluated, as long
as a conjunct that narrows an optional comes before those that rely on it (`And` keeps the author's order).
Names given with `:=` are gone, replaced by what they name; every `x in xs` with a new `x` has become an
`Exists` over the rest of its conjunction. Two formulas are equal wherever they stand.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from authz.language.diagnostics import Span
from authz.language.types import Schema, Type

Scalar = str | int | bool


@dataclass(frozen=True, slots=True)
class Variable:
    """A parameter, or an element that an `Exists` ranges over; names are unique in a rule's scope."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Constant:
    """A string, an integer or a boolean."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Access:
    """A field of a field of a variable; where it passes through an optional, a guard stands before it."""

    root: Variable
    fields: tuple[str, ...]
    type: Type


Value = Variable | Constant | Access


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values compared: `=` `!=` `<` `<=` `>` `>=`."""

    operator: str
    left: Value
    right: Value
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Absent:
    """An optional value is `nil`."""

    value: Value
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Holds:
    """A boolean value is true."""

    value: Value
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Member:
    """A value is an element of a collection, or one of some constants."""

    value: Value
    collection: Access | tuple[Constant, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Invoke:
    """Some rule of this name holds of these arguments."""

    name: str
    arguments: tuple[Value, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Exists:
    """Some element of a collection satisfies the body."""

    variable: Variable
    collection: Access
    body: "Formula"
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The operand does not hold."""

    operand: "Formula"


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold; no parts is true."""

    parts: "tuple[Formula, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """Some part holds; no parts is false."""

    parts: "tuple[Formula, ...]"


Formula = Compare | Absent | Holds | Member | Invoke | Exists | Not | And | Or
TRUE, FALSE = And(()), Or(())


@dataclass(frozen=True, slots=True)
class CheckedRule:
    """One alternative of a rule: parameters are variables, or constants that the argument must equal."""

    name: str
    parameters: tuple[Variable | Constant, ...]
    body: Formula
    span: Span


@dataclass(frozen=True, slots=True)
class Program:
    """All checked rules of a bundle, by name, callees before callers, and the schema they were checked against."""

    rules: Mapping[str, tuple[CheckedRule, ...]]
    schema: Schema


def invocations(formula: Formula) -> Iterator[Invoke]:
    """Every call in a formula, from left to right."""
    return (part for part in subformulas(formula) if isinstance(part, Invoke))


def subformulas(formula: Formula) -> Iterator[Formula]:
    """A formula and all formulas in it, from left to right."""
    pending = [formula]
    while pending:
        part = pending.pop()
        yield part
        if isinstance(part, And | Or):
            pending.extend(reversed(part.parts))
        elif isinstance(part, Not):
            pending.append(part.operand)
        elif isinstance(part, Exists):
            pending.append(part.body)


def values(formula: Formula) -> Iterator[Value]:
    """Every value that a formula reads, the collections it ranges over included."""
    for part in subformulas(formula):
        match part:
            case Compare(left=left, right=right):
                yield from (left, right)
            case Absent(value=value) | Holds(value=value):
                yield value
            case Member(value=value, collection=collection):
                yield value
                yield from (collection if isinstance(collection, tuple) else (collection,))
            case Invoke(arguments=arguments):
                yield from arguments
            case Exists(collection=ranged):
                yield ranged


def conjunction(parts: "list[Formula] | tuple[Formula, ...]") -> Formula:
    """All of these hold, flattened."""
    flat: list[Formula] = []
    for part in parts:
        flat += part.parts if isinstance(part, And) else [part]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def disjunction(parts: "list[Formula] | tuple[Formula, ...]") -> Formula:
    """Some of these holds, flattened."""
    flat: list[Formula] = []
    for part in parts:
        flat += part.parts if isinstance(part, Or) else [part]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))

"""The intermediate representation (IR): checked rules as typed formulas, the input of analysis and code generation.

A formula is total: nothing in it raises. Its parts can be evaluated in any order, with one exception: a conjunct that
narrows an optional value stands before those that rely on it, and `And` keeps the author's order. A name bound with
`:=` is replaced by its value; an `x in xs` that binds `x` is an `Exists` over the rest of its conjunction. Equality of
formulas ignores spans. `And`, `Or` and `Not` are the connectives of the syntax tree (`ast.py`) over checked parts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from authz.language.diagnostics import Span
from authz.language.types import Schema, Type

ConstantValue = str | int | bool


@dataclass(frozen=True, slots=True)
class Variable:
    """A parameter, or the element that an `Exists` ranges over; its name is unique within its rule."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Constant:
    """A string, an integer or a boolean."""

    value: ConstantValue


@dataclass(frozen=True, slots=True)
class Access:
    """A path of fields from a variable; a conjunct before it guards each optional value on the way."""

    root: Variable
    fields: tuple[str, ...]
    type: Type


Value = Variable | Constant | Access


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison of two values: `=` `!=` `<` `<=` `>` `>=`."""

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
    """A call: some rule of this name holds of these arguments."""

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
    """One rule, an alternative among those of its name; an argument must equal a parameter that is a constant."""

    name: str
    parameters: tuple[Variable | Constant, ...]
    body: Formula
    span: Span
    comment: str = field(default="", compare=False)
    """The comment directly above the rule, on one line."""


@dataclass(frozen=True, slots=True)
class Program:
    """The checked rules of a bundle by name, callees before callers, and the schema that they were checked against."""

    rules: Mapping[str, tuple[CheckedRule, ...]]
    schema: Schema


def invocations(formula: Formula) -> Iterator[Invoke]:
    """Every call inside a formula, from left to right."""
    return (part for part in subformulas(formula) if isinstance(part, Invoke))


def subformulas(formula: Formula) -> Iterator[Formula]:
    """A formula and all formulas inside it, in preorder."""
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
    """Every value that a formula reads, collections included, from left to right."""
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


def conjunction(parts: Sequence[Formula]) -> Formula:
    """The conjunction of some formulas, nested conjunctions flattened."""
    flat: list[Formula] = []
    for part in parts:
        flat += part.parts if isinstance(part, And) else [part]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def disjunction(parts: Sequence[Formula]) -> Formula:
    """The disjunction of some formulas, nested disjunctions flattened."""
    flat: list[Formula] = []
    for part in parts:
        flat += part.parts if isinstance(part, Or) else [part]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))

"""The syntax tree of a Polar file, as written: every node knows its place."""

from collections.abc import Iterator
from dataclasses import dataclass

from authz.language.diagnostics import Span


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, or a word that has yet to prove to be one."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: a string, an integer, `true`, `false`, or `nil` (None)."""

    span: Span
    value: str | int | bool | None


@dataclass(frozen=True, slots=True)
class Path:
    """A field of a field of a variable; `fields` holds each name with its place."""

    span: Span
    root: Name
    fields: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """Constants in square brackets."""

    span: Span
    items: "tuple[Term, ...]"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of another rule."""

    span: Span
    name: Name
    arguments: "tuple[Term, ...]"


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two terms: `=` `==` `!=` `<` `<=` `>` `>=` `:=` `in`."""

    span: Span
    operator: str
    left: "Term"
    right: "Term"


@dataclass(frozen=True, slots=True)
class Not:
    """A negation."""

    span: Span
    operand: "Term"


@dataclass(frozen=True, slots=True)
class And:
    """A conjunction, in the order written."""

    span: Span
    parts: "tuple[Term, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """A disjunction, in the order written."""

    span: Span
    parts: "tuple[Term, ...]"


Term = Name | Literal | Path | ListLiteral | Call | Binary | Not | And | Or


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a rule's head: a typed name, or a literal; an untyped name has no type."""

    span: Span
    name: Name | None
    type: Name | None
    literal: Literal | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its head and, unless it holds always, its body."""

    span: Span
    name: Name
    parameters: tuple[Parameter, ...]
    body: Term | None


@dataclass(frozen=True, slots=True)
class Declaration:
    """`type name(parameter: Type, ...);`, which every rule of that name must follow."""

    span: Span
    name: Name
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class File:
    """One parsed file: its text with comments blanked out (what the reference is given), and what it declares.

    `unread` has the names that stand in statements with faults: they may have rules that nobody knows.
    """

    path: str
    text: str
    bare: str
    rules: tuple[Rule, ...]
    declarations: tuple[Declaration, ...]
    unread: frozenset[str] = frozenset()


def names(term: Term) -> Iterator[str]:
    """The variables that a term speaks of, from left to right."""
    match term:
        case Name(name=name) | Path(root=Name(name=name)):
            yield name
        case ListLiteral(items=parts) | Call(arguments=parts) | And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from names(part)
        case Binary(left=left, right=right):
            yield from names(left)
            yield from names(right)
        case Not(operand=operand):
            yield from names(operand)

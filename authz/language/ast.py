"""The syntax tree (AST) of a Polar file, as written: every node has its span."""

from collections.abc import Iterator
from dataclasses import dataclass

from authz.language.diagnostics import Span


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier: a variable where it stands as a term, else the name of a rule, type or field."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: a string, an integer, `true`, `false`, or `nil` (None)."""

    span: Span
    value: str | int | bool | None


@dataclass(frozen=True, slots=True)
class Path:
    """A variable and one or more fields read from it: `x.field.field`."""

    span: Span
    root: Name
    fields: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """Terms in square brackets; the type checker admits constants alone."""

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
    """A parameter of a head: a name with or without a type, or a literal."""

    span: Span
    name: Name | None
    type: Name | None
    literal: Literal | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its head, and its body or None for a rule that always holds."""

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
    """One parsed file.

    `unparsed` has the names that are called or defined in statements with diagnostics: such a name may have a rule
    that the parser could not read.
    """

    path: str
    text: str
    rules: tuple[Rule, ...]
    declarations: tuple[Declaration, ...]
    unparsed: frozenset[str] = frozenset()


def variable_names(term: Term) -> Iterator[str]:
    """The names of the variables in a term, from left to right."""
    match term:
        case Name(name=name) | Path(root=Name(name=name)):
            yield name
        case ListLiteral(items=parts) | Call(arguments=parts) | And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from variable_names(part)
        case Binary(left=left, right=right):
            yield from variable_names(left)
            yield from variable_names(right)
        case Not(operand=operand):
            yield from variable_names(operand)

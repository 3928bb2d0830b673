"""The scope of a condition: the variables that are visible, and the optional values known not to be `nil`.

Scope follows the author's order. `x in xs` and `x := e` bind for the rest of their conjunction; nothing that is bound
or narrowed inside `or` or `not` is visible after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from authz.language import ast
from authz.language.catalogue.entry import CatalogueEntry
from authz.language.catalogue.names import (
    FOREIGN_CONSTANT,
    OUT_OF_SCOPE,
    REBOUND_AFTER_OR,
    RESERVED_VARIABLE_NAME,
    UNKNOWN_VARIABLE,
)
from authz.language.diagnostics import Diagnostic, Span, did_you_mean
from authz.language.ir import Value
from authz.language.reserved import OSO_CLASSES, is_oso_variable
from authz.language.sources import Sources
from authz.language.typecheck.signatures import Signature
from authz.language.types import Schema

FOREIGN_CONSTANTS = {"True": "true", "False": "false", "None": "nil", "null": "nil"}
"""Constants of other languages, which are variables in Polar, and the constant to write."""


class TermError(Exception):
    """A term has a diagnostic, which is reported already; what contains the term cannot be checked."""


@dataclass
class RuleState:
    """What the check of one rule gathers, and what it looks up.

    Mutable, because each binding, each use and each diagnostic anywhere in the rule adds to it.
    """

    signatures: Mapping[str, Signature]
    schema: Schema
    sources: Sources
    diagnostics: list[Diagnostic] = field(default_factory=list)
    unused: dict[str, ast.Name] = field(default_factory=dict)
    """Bindings that no term has used so far, by unique name."""
    unique_names: set[str] = field(default_factory=set)
    next_numbers: dict[str, int] = field(default_factory=dict)
    """By each name, the number to try next, so that many variables of one name take linear time."""

    def fresh_name(self, name: str) -> str:
        """A name that no other variable of this rule has, so that formulas can be moved about."""
        # `_x_2` is a form of oso's own variables, so that it could not be printed as Polar.
        separator = "" if name.startswith("_") else "_"
        candidate, number = name, self.next_numbers.get(name, 2)
        while candidate in self.unique_names:
            candidate, number = f"{name}{separator}{number}", number + 1
        self.unique_names.add(candidate)
        self.next_numbers[name] = number
        return candidate


@dataclass
class Scope:
    """What is known at one place of a rule's body.

    Mutable, because a conjunction adds its bindings and narrowings as it is checked from left to right. The branches
    of `or` and the operand of `not` get a copy (`nested`).
    """

    rule: RuleState
    values: dict[str, Value] = field(default_factory=dict)
    bindings: dict[str, str] = field(default_factory=dict)
    """The unique name of the binding that each visible name refers to."""
    not_nil: frozenset[Value] = frozenset()
    nil_in_earlier_branch: frozenset[Value] = frozenset()
    """Values that an earlier branch of the same `or` tests to be nil, for a better repair."""
    ended: dict[str, str] = field(default_factory=dict)
    """Names no longer bound, and what ended their scope: `or`, `not`, or `error` for a term with a diagnostic."""
    loops: int = 0

    def nested(self) -> "Scope":
        """A copy for a branch of `or`, or for the operand of `not`."""
        return replace(self, values=dict(self.values), bindings=dict(self.bindings), ended=dict(self.ended))

    def error(self, entry: CatalogueEntry, span: Span, problem: str, help: str = "") -> TermError:
        """Report a diagnostic; the exception to raise for the term."""
        self.rule.diagnostics.append(self.rule.sources.diagnostic(entry, span, problem, help))
        return TermError()

    def is_visible(self, name: str) -> bool:
        """Whether a variable of this name is bound here."""
        return name in self.values

    def bind(self, name: ast.Name, binding: str, value: Value) -> None:
        """Give a value a name from here on; `_` names nothing, and a name without a leading `_` must be used."""
        if name.name == "_":
            return
        self.values[name.name], self.bindings[name.name] = value, binding
        self.rule.unused[binding] = name

    def mark_used(self, name: str) -> None:
        """Note that a visible name is used."""
        self.rule.unused.pop(self.bindings[name], None)

    def recover(self, term: ast.Term) -> None:
        """After a diagnostic in a term, count its names as bound and used: one diagnostic is enough."""
        for name in ast.variable_names(term):
            if self.is_visible(name):
                self.mark_used(name)
            else:
                self.ended[name] = "error"

    def end_nested(self, nested: "Scope", operator: str) -> None:
        """Note which names were bound in a nested scope, now that its `or` or `not` has ended."""
        for name in nested.values.keys() - self.values.keys():
            self.ended[name] = operator
        for name, ended_by in nested.ended.items():
            if operator == ended_by == "or":
                self.ended[name] = "or"
            self.ended.setdefault(name, "not" if ended_by == "or" else ended_by)


def resolve_variable(name: ast.Name, scope: Scope) -> Value:
    """The value that a name refers to.

    Raises:
        TermError: no variable of this name is visible here.
    """
    if scope.is_visible(name.name):
        scope.mark_used(name.name)
        return scope.values[name.name]
    ended_by = scope.ended.get(name.name)
    if ended_by == "error":
        raise TermError
    if ended_by is not None:
        unused = scope.rule.unused
        scope.rule.unused = {binding: place for binding, place in unused.items() if place.name != name.name}
        problem = f"`{name.name}` is bound inside `{ended_by}` and is not visible here"
        help = "bind it again, or give the inner part a rule of its own"
        raise scope.error(OUT_OF_SCOPE, name.span, problem, help)
    if name.name in FOREIGN_CONSTANTS:
        help = f"did you mean `{FOREIGN_CONSTANTS[name.name]}`?"
        raise scope.error(FOREIGN_CONSTANT, name.span, f"`{name.name}` is a variable in Polar", help)
    help = did_you_mean(name.name, scope.values) or f'a constant stands in quotes: `"{name.name}"`'
    raise scope.error(UNKNOWN_VARIABLE, name.span, f"unknown variable `{name.name}`", help)


def check_bindable(name: ast.Name, scope: Scope) -> None:
    """Raise `TermError` for a name that cannot be bound here."""
    if is_reserved(name.name, scope.rule.schema):
        raise scope.error(RESERVED_VARIABLE_NAME, name.span, *reserved_name_message(name.name))
    if scope.ended.get(name.name) == "or":
        problem = f"`{name.name}` was bound inside an earlier `or`, and Polar would look for that element again"
        raise scope.error(REBOUND_AFTER_OR, name.span, problem, "choose another name")


def is_reserved(name: str, schema: Schema) -> bool:
    """Whether oso would take a variable of this name for a class or for one of its own, or a person for a constant."""
    is_constant = name in FOREIGN_CONSTANTS or name == "nil"
    return is_constant or name in OSO_CLASSES or is_oso_variable(name) or schema.type_named(name) is not None


def reserved_name_message(name: str) -> tuple[str, str]:
    """The problem and the repair for a variable whose name is reserved."""
    return f"`{name}` is reserved and cannot name a variable", "choose another name"

"""Check the body of one rule: scopes, types, narrowing; a typed formula comes out.

Scope follows the author's order. `x in xs` and `x := e` bind for the rest of their conjunction; nothing bound
or narrowed inside `or` or `not` escapes. A value that may be `nil` is used only after `!= nil`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from authz.language import ast as syntax
from authz.language import reserved as refused
from authz.language.diagnostics import Diagnostic, Span, did_you_mean
from authz.language.ir import (
    FALSE,
    TRUE,
    Absent,
    Access,
    CheckedRule,
    Compare,
    Constant,
    Exists,
    Formula,
    Holds,
    Invoke,
    Member,
    Not,
    Value,
    Variable,
    conjunction,
    disjunction,
)
from authz.language.sources import Sources
from authz.language.typecheck.signatures import Signature, constant_type
from authz.language.types import (
    BOOLEAN,
    ORDERED,
    STRING,
    UNKNOWN,
    Collection,
    Enumeration,
    Optional,
    Record,
    Schema,
    Type,
)

_EQUALITY = {"=": "=", "==": "=", "!=": "!="}
_NOT_POLAR = {"True": "true", "False": "false", "None": "nil", "null": "nil"}
ENTRIES = ("allow", "reason")

MOST_LOOPS = 12
"""How many elements one condition may pick: Python nests twenty loops, and rules that are inlined add theirs."""


def check_rule(
    rule: syntax.Rule, signatures: Mapping[str, Signature], schema: Schema, sources: Sources
) -> tuple[CheckedRule, list[Diagnostic]]:
    """The formula of one rule, and its faults; with faults the formula is of no use."""
    body = _Body(rule, signatures, schema, sources)
    checked = body.check()
    return checked, body.diagnostics


@dataclass
class _Scope:
    """What is known at one place of a body: values by name, and the optional values that are not nil there."""

    values: dict[str, Value] = field(default_factory=dict)
    bindings: dict[str, str] = field(default_factory=dict)
    """Which binding of the rule each visible name is."""
    present: frozenset[Value] = frozenset()
    absent_before: frozenset[Value] = frozenset()
    """Values that an earlier branch of the same `or` found absent: for a better repair."""
    closed: dict[str, str] = field(default_factory=dict)
    """Names that were bound in an `or` or `not` that has ended, and in which of the two, or in a term with a fault."""
    loops: int = 0

    def inner(self) -> "_Scope":
        return replace(self, values=dict(self.values), bindings=dict(self.bindings), closed=dict(self.closed))

    def bind(self, name: str, binding: str, value: Value) -> None:
        self.values[name], self.bindings[name] = value, binding


class _Wrong(Exception):
    """A term has a fault, which has been noted; whatever contains it cannot be judged."""


class _Body:
    def __init__(
        self, rule: syntax.Rule, signatures: Mapping[str, Signature], schema: Schema, sources: Sources
    ) -> None:
        self.rule, self.signatures, self.schema, self.sources = rule, signatures, schema, sources
        self.diagnostics: list[Diagnostic] = []
        self.unused: dict[str, syntax.Name] = {}
        self.unique: set[str] = set()

    def wrong(self, span: Span, problem: str, help: str = "") -> _Wrong:
        self.diagnostics.append(self.sources.fault(span, problem, help))
        return _Wrong()

    def check(self) -> CheckedRule:
        scope = _Scope()
        parameters = self.parameters(scope)
        body = TRUE if self.rule.body is None else self.conjunction([self.rule.body], scope)
        for place in self.unused.values():
            if not place.name.startswith("_"):
                is_action = self.rule.name.name == "allow" and place in [p.name for p in self.rule.parameters[1:2]]
                repair = f'say which: `{place.name} = "..."`' if is_action else f"use it, or name it `_{place.name}`"
                self.wrong(place.span, f"`{place.name}` is never used", repair)
        return CheckedRule(self.rule.name.name, parameters, body, self.rule.span)

    def parameters(self, scope: _Scope) -> tuple[Variable | Constant, ...]:
        types = (*self.signatures[self.rule.name.name].types, *(UNKNOWN for _ in self.rule.parameters))
        parameters: list[Variable | Constant] = []
        for parameter, kind in zip(self.rule.parameters, types, strict=False):
            if parameter.literal is not None:
                if parameter.literal.value is not None:
                    parameters.append(Constant(parameter.literal.value))
                continue
            assert parameter.name is not None  # a parameter is a literal or a name
            name = parameter.name
            variable = Variable(self.fresh(name.name), kind)
            parameters.append(variable)
            if self.visible(name.name, scope):
                problem = f"two parameters are named `{name.name}`"
                self.wrong(parameter.span, problem, "Polar would ask that they be equal")
            elif name.name != "_":
                if self.is_reserved(name.name):
                    self.wrong(name.span, *_reserved(name.name))
                scope.bind(name.name, variable.name, variable)
                if parameter.type is not None:
                    self.unused[variable.name] = name
        return tuple(parameters)

    def fresh(self, name: str) -> str:
        """A name that no other variable of this rule has, so that formulas can be moved about."""
        candidate, number = name, 2
        while candidate in self.unique:
            candidate, number = f"{name}_{number}", number + 1
        self.unique.add(candidate)
        return candidate

    # Conditions.

    def conjunction(self, terms: list[syntax.Term], scope: _Scope) -> Formula:
        """All terms, in order; a binding scopes over the terms after it. Widens `scope` as it goes."""
        pending = _flatten(terms)
        done: list[Formula] = []
        while pending:
            term = pending.pop(0)
            try:
                if isinstance(term, syntax.Binary) and term.operator == ":=":
                    self.name_value(term, scope)
                elif self.binds(term, scope):
                    variable, collection = self.bind(term, scope)  # type: ignore[arg-type]
                    rest = self.conjunction(pending, scope)
                    return conjunction([*done, Exists(variable, collection, rest, term.span)])
                else:
                    done.append(self.condition(term, scope))
            except _Wrong:
                self.excuse(term, scope)
        return conjunction(done)

    def excuse(self, term: syntax.Term, scope: _Scope) -> None:
        """After a fault in a term, let its names count as bound and used: one fault is enough."""
        for name in syntax.names(term):
            if self.visible(name, scope):
                self.unused.pop(scope.bindings[name], None)
            else:
                scope.closed[name] = "fault"

    def condition(self, term: syntax.Term, scope: _Scope) -> Formula:
        match term:
            case syntax.And():
                return self.conjunction([term], scope)
            case syntax.Or(parts=parts):
                return self.either(parts, scope)
            case syntax.Not(operand=operand):
                inner = scope.inner()
                formula = self.conjunction([operand], inner)
                self.close(inner, scope, "not")
                return Not(formula)
            case syntax.Call():
                return self.call(term, scope)
            case syntax.Binary(operator="in"):
                return self.member(term, scope)
            case syntax.Binary(operator=":="):
                raise self.wrong(term.span, "`:=` names a value in a conjunction", "put it between `and`s")
            case syntax.Binary():
                return self.comparison(term, scope)
            case syntax.Literal(value=bool(value)):
                return TRUE if value else FALSE
        return self.holds(term, scope)

    def either(self, parts: tuple[syntax.Term, ...], scope: _Scope) -> Formula:
        branches: list[Formula] = []
        absent: frozenset[Value] = scope.absent_before
        ended: list[_Scope] = []
        for part in parts:
            inner = scope.inner()
            inner.absent_before = absent
            branch = self.conjunction([part], inner)
            branches.append(branch)
            ended.append(inner)
            if isinstance(branch, Absent):
                absent |= {branch.value}
        for inner in ended:
            self.close(inner, scope, "or")
        return disjunction(branches)

    def close(self, inner: _Scope, scope: _Scope, where: str) -> None:
        for name in inner.values.keys() - scope.values.keys():
            scope.closed[name] = where
        for name, reason in inner.closed.items():
            if where == reason == "or":
                scope.closed[name] = "or"
            scope.closed.setdefault(name, "not" if reason == "or" else reason)

    def holds(self, term: syntax.Term, scope: _Scope) -> Formula:
        value = self.value(term, scope)
        kind = self.known(value, term, scope)
        if kind != BOOLEAN:
            raise self.wrong(term.span, f"`{_text(term)}` is a `{kind}`, not a condition", "compare it with something")
        return Holds(value, term.span)

    def call(self, term: syntax.Call, scope: _Scope) -> Formula:
        name = term.name.name
        if name in ENTRIES:
            raise self.wrong(
                term.name.span, f"no rule calls `{name}`: it is asked", "give the condition a rule of its own"
            )
        signature = self.signatures.get(name)
        if signature is None and name in self.sources.unread:
            raise _Wrong
        if signature is None:
            raise self.wrong(term.name.span, f"unknown rule `{name}`", did_you_mean(name, self.signatures))
        if len(signature.types) != len(term.arguments):
            problem = f"`{name}` takes {_count(len(signature.types), 'argument')}, and {len(term.arguments)} are given"
            raise self.wrong(term.span, problem, "another number of arguments never matches")
        arguments: list[Value] = []
        for index, given in enumerate(term.arguments):
            try:
                arguments.append(self.argument(name, signature, index, given, scope))
            except _Wrong:
                continue
        if len(arguments) < len(term.arguments):
            raise _Wrong
        return Invoke(name, tuple(arguments), term.span)

    def argument(self, name: str, signature: Signature, index: int, given: syntax.Term, scope: _Scope) -> Value:
        value = self.value(given, scope)
        kind, wanted = self.known(value, given, scope), signature.types[index]
        if wanted == UNKNOWN:
            raise _Wrong
        if isinstance(value, Constant):
            self.constant_fits(given, value, wanted)
            known = signature.constants[index]
            if known is not None and value.value not in known and name not in self.sources.unread:
                listed = did_you_mean(str(value.value), map(str, known))
                raise self.wrong(given.span, f"no rule `{name}` has {_text(given)} here", listed)
        elif not self.schema.is_a(kind, wanted):
            raise self.wrong(given.span, f"`{name}` takes a `{wanted}` here, and `{_text(given)}` is a `{kind}`")
        return value

    def comparison(self, term: syntax.Binary, scope: _Scope) -> Formula:
        for side in (term.left, term.right):
            if isinstance(side, syntax.Name) and side.name in _NOT_POLAR:
                self.variable(side, scope)
        self.must_not_bind(term, scope)
        if _is_nil(term.left) or _is_nil(term.right):
            return self.absence(term, scope)
        left, right = self.both(term, scope)
        if term.operator in _EQUALITY:
            self.comparable(term, left, right, scope)
            self.two_values(term, left, right)
            return Compare(_EQUALITY[term.operator], left, right, term.span)
        kinds = [self.known(left, term.left, scope), self.known(right, term.right, scope)]
        for kind, side in zip(kinds, (term.left, term.right), strict=True):
            if kind not in ORDERED:
                what = "strings have no order here" if kind == STRING else f"a `{kind}` has no order"
                raise self.wrong(side.span, f"`{term.operator}` compares integers, instants and dates: {what}")
        if kinds[0] != kinds[1]:
            raise self.different(term, kinds[0], kinds[1])
        self.two_values(term, left, right)
        return Compare(term.operator, left, right, term.span)

    def two_values(self, term: syntax.Binary, left: Value, right: Value) -> None:
        """Raise for a value beside itself: `action = action` constrains nothing."""
        if left == right and not isinstance(left, Constant):
            repair = "say what it is to be compared with"
            raise self.wrong(term.span, f"`{_text(term.left)}` is compared with itself", repair)

    def both(self, term: syntax.Binary, scope: _Scope) -> tuple[Value, Value]:
        """Both sides of a comparison, so that the faults of both are noted."""
        sides: list[Value] = []
        for side in (term.left, term.right):
            try:
                value = self.value(side, scope)
                self.known(value, side, scope)
                sides.append(value)
            except _Wrong:
                continue
        if len(sides) < 2:
            raise _Wrong
        return sides[0], sides[1]

    def must_not_bind(self, term: syntax.Binary, scope: _Scope) -> None:
        if term.operator not in ("=", "=="):
            return
        for side in (term.left, term.right):
            if isinstance(side, syntax.Name) and not self.visible(side.name, scope):
                if side.name in scope.closed:
                    continue
                problem = f"`{term.operator}` compares and never binds, and nothing has bound `{side.name}`"
                raise self.wrong(
                    side.span, problem, f'name a value with `{side.name} := ...`, or write the constant "{side.name}"'
                )

    def absence(self, term: syntax.Binary, scope: _Scope) -> Formula:
        if term.operator not in _EQUALITY:
            raise self.wrong(term.span, f"`nil` has no order: `{term.operator}` compares integers, instants and dates")
        side = term.right if _is_nil(term.left) else term.left
        if _is_nil(side):
            raise self.wrong(term.span, "`nil` beside `nil` says nothing")
        value = self.value(side, scope)
        kind = value.type if not isinstance(value, Constant) else None
        if kind == UNKNOWN:
            raise _Wrong
        if not isinstance(kind, Optional):
            raise self.wrong(
                side.span, f"`{_text(side)}` is never `nil`: it is not optional", "leave the condition out"
            )
        if _EQUALITY[term.operator] == "=":
            return Absent(value, term.span)
        scope.present |= {value}
        return Not(Absent(value, term.span))

    def comparable(self, term: syntax.Binary, left: Value, right: Value, scope: _Scope) -> None:
        """Raise unless both are of one scalar type."""
        left_type, right_type = self.known(left, term.left, scope), self.known(right, term.right, scope)
        for kind, side in ((left_type, term.left), (right_type, term.right)):
            if isinstance(kind, Record | Collection):
                raise self.wrong(
                    side.span, f"a `{kind}` is not compared as a whole", "compare a field, such as its `id`"
                )
        if isinstance(right, Constant):
            self.constant_fits(term.right, right, left_type)
        elif isinstance(left, Constant):
            self.constant_fits(term.left, left, right_type)
        elif left_type != right_type:
            raise self.different(term, left_type, right_type)

    def constant_fits(self, term: syntax.Term, constant: Constant, wanted: Type) -> None:
        kind = constant_type(constant.value)
        if isinstance(wanted, Enumeration) and isinstance(term, syntax.Literal) and kind == STRING:
            if constant.value not in wanted.values:
                self.diagnostics.append(self.sources.outside(term, wanted))
                raise _Wrong
        elif kind != wanted:
            raise self.wrong(term.span, f"{_text(term)} is a `{kind}`, and a `{wanted}` is asked")

    def different(self, term: syntax.Binary, left: Type, right: Type) -> _Wrong:
        what = "never equal" if term.operator in _EQUALITY else "neither comes first"
        return self.wrong(
            term.span, f"`{_text(term.left)}` is a `{left}` and `{_text(term.right)}` a `{right}`: {what}"
        )

    # Membership and bindings.

    def binds(self, term: syntax.Term, scope: _Scope) -> bool:
        if not (isinstance(term, syntax.Binary) and term.operator == "in" and isinstance(term.left, syntax.Name)):
            return False
        return not self.visible(term.left.name, scope)

    def bind(self, term: syntax.Binary, scope: _Scope) -> tuple[Variable, Access]:
        assert isinstance(term.left, syntax.Name)  # `binds` saw it
        self.may_bind(term.left, scope)
        if isinstance(term.right, syntax.ListLiteral):
            problem = f"`{term.left.name}` has no value yet: `in` picks elements from a collection, not from a list"
            raise self.wrong(term.left.span, problem, "write the cases out with `or`")
        collection = self.collection(term, scope)
        assert isinstance(collection.type, Collection)  # `collection` saw it
        scope.loops += 1
        if scope.loops == MOST_LOOPS + 1:
            problem = f"more than {MOST_LOOPS} elements are picked in one condition"
            raise self.wrong(term.span, problem, "give a part a rule of its own")
        variable = Variable(self.fresh(term.left.name), collection.type.of)
        if term.left.name != "_":
            scope.bind(term.left.name, variable.name, variable)
            self.unused[variable.name] = term.left
        return variable, collection

    def name_value(self, term: syntax.Binary, scope: _Scope) -> None:
        if not isinstance(term.left, syntax.Name):
            raise self.wrong(term.left.span, "`:=` names a value", "write `name := value`")
        if self.visible(term.left.name, scope):
            raise self.wrong(term.left.span, f"`{term.left.name}` has a value already", "`:=` names once; `=` compares")
        self.may_bind(term.left, scope)
        if _is_nil(term.right):
            raise self.wrong(term.right.span, "`nil` needs no name", "compare with `nil` where you mean it")
        value = self.value(term.right, scope)
        binding = self.fresh(term.left.name)
        scope.bind(term.left.name, binding, value)
        self.unused[binding] = term.left

    def may_bind(self, name: syntax.Name, scope: _Scope) -> None:
        if self.is_reserved(name.name):
            raise self.wrong(name.span, *_reserved(name.name))
        if scope.closed.get(name.name) == "or":
            problem = f"`{name.name}` was bound inside an `or` above, and Polar would ask for that element again"
            raise self.wrong(name.span, problem, "choose another name")

    def is_reserved(self, name: str) -> bool:
        """Whether the reference would take a variable of this name for a class, or a reader for a constant."""
        return name in self.schema.names() or name in refused.CLASSES or name in _NOT_POLAR or name == "nil"

    def member(self, term: syntax.Binary, scope: _Scope) -> Formula:
        value = self.value(term.left, scope)
        kind = self.known(value, term.left, scope)
        if isinstance(kind, Record | Collection):
            raise self.wrong(
                term.left.span, f"a `{kind}` is not compared as a whole", "compare a field, such as its `id`"
            )
        if isinstance(term.right, syntax.ListLiteral):
            return Member(value, self.constants(term.right, value, term.left, kind), term.span)
        collection = self.collection(term, scope)
        assert isinstance(collection.type, Collection)  # `collection` saw it
        of = collection.type.of
        if isinstance(value, Constant):
            self.constant_fits(term.left, value, of)
        elif kind != of:
            raise self.wrong(term.span, f"`{_text(term.left)}` is a `{kind}`, and `{_text(term.right)}` holds `{of}`")
        return Member(value, collection, term.span)

    def constants(self, items: syntax.ListLiteral, value: Value, left: syntax.Term, kind: Type) -> tuple[Constant, ...]:
        constants: list[Constant] = []
        for item in items.items:
            if not isinstance(item, syntax.Literal) or item.value is None:
                raise self.wrong(
                    item.span, f"`{_text(item)}` in a list: a list holds constants", 'write `in ["a", "b"]`'
                )
            constants.append(Constant(item.value))
            self.constant_fits(item, constants[-1], constant_type(value.value) if isinstance(value, Constant) else kind)
        if not constants:
            raise self.wrong(items.span, "nothing is in an empty list", "name the values")
        return tuple(constants)

    def collection(self, term: syntax.Binary, scope: _Scope) -> Access:
        if not isinstance(term.right, syntax.Path | syntax.Name):
            raise self.wrong(term.right.span, "`in` looks into a collection of the vocabulary, or a list of constants")
        value = self.value(term.right, scope)
        kind = self.known(value, term.right, scope)
        if not isinstance(kind, Collection) or not isinstance(value, Access):
            raise self.wrong(term.right.span, f"`in` looks into collections, and `{_text(term.right)}` is a `{kind}`")
        return value

    # Values.

    def visible(self, name: str, scope: _Scope) -> bool:
        return name != "_" and name in scope.values

    def value(self, term: syntax.Term, scope: _Scope) -> Value:
        match term:
            case syntax.Literal(value=None):
                raise self.wrong(term.span, "`nil` is no value: only `= nil` and `!= nil` have it")
            case syntax.Literal(value=constant) if constant is not None:
                return Constant(constant)
            case syntax.Name():
                return self.variable(term, scope)
            case syntax.Path(root=root, fields=fields):
                return self.access(self.variable(root, scope), root, fields, scope)
            case syntax.ListLiteral():
                raise self.wrong(term.span, "a list stands to the right of `in` alone")
            case syntax.Call(name=name):
                raise self.wrong(
                    term.span, f"`{name.name}(...)` is a condition, and has no value", "join conditions with `and`"
                )
        raise self.wrong(term.span, "this is a condition, and a value is asked")

    def variable(self, name: syntax.Name, scope: _Scope) -> Value:
        if self.visible(name.name, scope):
            self.unused.pop(scope.bindings[name.name], None)
            return scope.values[name.name]
        if scope.closed.get(name.name) == "fault":
            raise _Wrong
        if name.name in scope.closed:
            self.unused = {binding: place for binding, place in self.unused.items() if place.name != name.name}
            problem = f"`{name.name}` is bound inside `{scope.closed[name.name]}` and does not reach here"
            raise self.wrong(name.span, problem, "bind it again, or give the inner part a rule of its own")
        if name.name in _NOT_POLAR:
            raise self.wrong(
                name.span, f"`{name.name}` is a variable in Polar", f"did you mean `{_NOT_POLAR[name.name]}`?"
            )
        likely = did_you_mean(name.name, scope.values) or f'a constant stands in quotes: `"{name.name}"`'
        raise self.wrong(name.span, f"`{name.name}` has no value here", likely)

    def access(self, root: Value, name: syntax.Name, fields: tuple[syntax.Name, ...], scope: _Scope) -> Value:
        value, path, span = root, name.name, name.span
        for place in fields:
            kind = self.present(value, path, span, scope)
            if not isinstance(kind, Record):
                what = "a collection: pick an element with `in`" if isinstance(kind, Collection) else f"a `{kind}`"
                raise self.wrong(place.span, f"`{path}` has no fields: it is {what}")
            declared = self.schema.field(kind, place.name)
            if declared is None:
                near = did_you_mean(place.name, self.schema.records[kind.name].fields)
                raise self.wrong(place.span, f"`{kind}` has no field `{place.name}`", near)
            path, span = f"{path}.{place.name}", span.to(place.span)
            if isinstance(value, Access):
                value = Access(value.root, (*value.fields, place.name), declared.type)
            else:
                assert isinstance(value, Variable)  # constants have no fields
                value = Access(value, (place.name,), declared.type)
        return value

    def known(self, value: Value, term: syntax.Term, scope: _Scope) -> Type:
        """The type of a value that may not be nil here."""
        return self.present(value, _text(term), term.span, scope)

    def present(self, value: Value, text: str, span: Span, scope: _Scope) -> Type:
        if isinstance(value, Constant):
            return constant_type(value.value)
        if value.type == UNKNOWN:
            raise _Wrong
        if not isinstance(value.type, Optional):
            return value.type
        if value not in scope.present:
            if value in scope.absent_before:
                repair = f"both branches are evaluated: write `{text} = nil or ({text} != nil and ...)`"
            else:
                repair = f"write `{text} != nil and ...` before it"
            raise self.wrong(span, f"`{text}` may be `nil` here", repair)
        return value.type.of


def _flatten(terms: list[syntax.Term]) -> list[syntax.Term]:
    flat: list[syntax.Term] = []
    for term in terms:
        flat += _flatten(list(term.parts)) if isinstance(term, syntax.And) else [term]
    return flat


def _reserved(name: str) -> tuple[str, str]:
    return f"`{name}` is no name for a value", "choose another"


def _is_nil(term: syntax.Term) -> bool:
    return isinstance(term, syntax.Literal) and term.value is None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _text(term: syntax.Term) -> str:
    """A term as the author wrote it, near enough."""
    match term:
        case syntax.Name(name=name):
            return name
        case syntax.Path(root=root, fields=fields):
            return ".".join([root.name, *(f.name for f in fields)])
        case syntax.Literal(value=None):
            return "nil"
        case syntax.Literal(value=bool(value)):
            return str(value).lower()
        case syntax.Literal(value=str(value)):
            return f'"{value}"'
        case syntax.Literal(value=value):
            return str(value)
        case syntax.ListLiteral():
            return "[...]"
    return "this"

"""Rules as definitions, and the small algebra on formulas that every target needs.

A definition joins all alternatives of a rule into one formula over its parameters. The transformations here keep
its meaning: in the profile every formula is total, so conjuncts may move, as long as a guard (`x != nil`) stays
ahead of what it guards.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from authz.language.ir import (
    FALSE,
    TRUE,
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
    Program,
    Value,
    Variable,
    conjunction,
    disjunction,
    invocations,
    subformulas,
    values,
)
from authz.language.types import STRING

Binding = Mapping[str, Value]
_FLIPPED = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


@dataclass(frozen=True, slots=True)
class Definition:
    """A rule's parameters, and the formula that holds of them when some alternative does."""

    name: str
    parameters: tuple[Variable, ...]
    formula: Formula


def definitions(program: Program) -> dict[str, Definition]:
    """Every rule but `reason`, callees first."""
    return {name: _define(program, name) for name in program.rules if name != "reason"}


def reasons(program: Program) -> dict[str, Definition]:
    """The condition of each reason code, in the catalogue's order, over the request alone."""
    found = {}
    for code in program.schema.codes:
        rules = [rule for rule in program.rules["reason"] if rule.parameters[1] == Constant(code)]
        request = next(rule.parameters[0] for rule in rules if isinstance(rule.parameters[0], Variable))
        alternatives = []
        for rule in rules:
            own = rule.parameters[0]
            assert isinstance(own, Variable)  # the checker saw it
            # Bound variables step aside for the request's name.
            body = rename_bound(rule.body, {request.name, own.name})
            alternatives.append(substitute(body, {own.name: request}))
        found[code] = Definition(code, (request,), disjunction(alternatives))
    return found


def _define(program: Program, name: str) -> Definition:
    rules = program.rules[name]
    parameters: list[Variable] = []
    for index, column in enumerate(zip(*(rule.parameters for rule in rules), strict=True)):
        given = [p for p in column if isinstance(p, Variable)]
        named = [p.name for p in given if p.name.strip("_")] or [p.name for p in given]
        kind = given[0].type if given else STRING
        # A parameter that this alternative ignores and another uses goes by the name that is used.
        likely = next((n for n in named if not n.startswith("_")), named[0] if named else f"value_{index + 1}")
        taken = {p.name for p in parameters}
        parameters.append(Variable(likely if likely not in taken else f"{likely}_{index + 1}", kind))
    alternatives = []
    for rule in rules:
        guards: list[Formula] = [
            Compare("=", variable, given, rule.span)
            for variable, given in zip(parameters, rule.parameters, strict=True)
            if isinstance(given, Constant)
        ]
        # Bound variables step aside for the parameters' new names.
        body = rename_bound(
            rule.body, {p.name for p in parameters} | {p.name for p in rule.parameters if isinstance(p, Variable)}
        )
        renaming = {
            given.name: v for v, given in zip(parameters, rule.parameters, strict=True) if isinstance(given, Variable)
        }
        alternatives.append(conjunction([*guards, substitute(body, renaming)]))
    return Definition(name, tuple(parameters), disjunction(alternatives))


# Substitution.


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


def substitute(formula: Formula, binding: Binding) -> Formula:
    """The formula with variables replaced; bound variables must not clash with the values put in."""
    match formula:
        case Compare(left=left, right=right):
            return replace(formula, left=_value(left, binding), right=_value(right, binding))
        case Absent(value=value) | Holds(value=value):
            return replace(formula, value=_value(value, binding))
        case Member(value=value, collection=collection):
            return replace(formula, value=_value(value, binding), collection=_collection(collection, binding))
        case Invoke(arguments=arguments):
            return replace(formula, arguments=tuple(_value(a, binding) for a in arguments))
        case Exists(variable=variable, collection=ranged, body=body):
            inner = {name: value for name, value in binding.items() if name != variable.name}
            moved = _value(ranged, binding)
            assert isinstance(moved, Access)  # what is ranged over is a field
            return replace(formula, collection=moved, body=substitute(body, inner))
        case Not(operand=operand):
            return Not(substitute(operand, binding))
        case And(parts=parts):
            return And(tuple(substitute(part, binding) for part in parts))
        case Or(parts=parts):
            return Or(tuple(substitute(part, binding) for part in parts))


def _collection(collection: Access | tuple[Constant, ...], binding: Binding) -> Access | tuple[Constant, ...]:
    if isinstance(collection, tuple):
        return collection
    moved = _value(collection, binding)
    assert isinstance(moved, Access)  # a field stays a field
    return moved


def rename_bound(formula: Formula, taken: Iterable[str]) -> Formula:
    """The formula with every bound variable given a name that is not taken."""
    taken = set(taken)

    def fresh(name: str) -> str:
        for candidate in itertools.chain([name], (f"{name}_{n}" for n in itertools.count(2))):
            if candidate not in taken:
                taken.add(candidate)
                return candidate
        raise AssertionError("names do not run out")

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


def instantiate(definition: Definition, arguments: Sequence[Value], taken: Iterable[str]) -> Formula:
    """The definition's formula of these arguments, its bound variables apart from all names taken."""
    names = {name for value in arguments for name in roots(value)}
    body = rename_bound(definition.formula, {*taken, *names, *(p.name for p in definition.parameters)})
    return substitute(body, {p.name: value for p, value in zip(definition.parameters, arguments, strict=True)})


# What a formula speaks of.


def roots(value: Value | Access) -> Iterator[str]:
    """The variable that a value hangs on, if any."""
    if isinstance(value, Variable):
        yield value.name
    elif isinstance(value, Access):
        yield value.root.name


def free(formula: Formula) -> set[str]:
    """The names of the variables that a formula leaves free."""
    bound = {part.variable.name for part in subformulas(formula) if isinstance(part, Exists)}
    return {name for value in values(formula) for name in roots(value)} - bound


def loops(formula: Formula, looping: Iterable[str] = ()) -> bool:
    """Whether deciding the formula ranges over a collection, itself or in a rule named in `looping`."""
    names = set(looping)
    return any(
        isinstance(part, Exists) or (isinstance(part, Invoke) and part.name in names) for part in subformulas(formula)
    )


def looping_rules(defined: Mapping[str, Definition]) -> set[str]:
    """The rules that range over a collection, themselves or in what they call; callees come first."""
    found: set[str] = set()
    for name, definition in defined.items():
        if loops(definition.formula, found):
            found.add(name)
    return found


def reachable(formulas: Iterable[Formula], defined: Mapping[str, Definition]) -> set[str]:
    """The rules that these formulas call, directly or through others."""
    found: set[str] = set()
    pending = [call.name for formula in formulas for call in invocations(formula)]
    while pending:
        name = pending.pop()
        if name not in found and name in defined:
            found.add(name)
            pending += [call.name for call in invocations(defined[name].formula)]
    return found


# Normal form.


def normal(formula: Formula) -> Formula:
    """Constants folded, negation pushed to where it stays put, and each `Exists` around only what needs its variable.

    Without the last, a conjunct that fails would be tried again for every element.
    """
    match formula:
        case Compare(operator=operator, left=left, right=right) if left == right:
            return TRUE if operator in ("=", "<=", ">=") else FALSE
        case And(parts=parts):
            return _and([normal(part) for part in parts])
        case Or(parts=parts):
            return _or([normal(part) for part in parts])
        case Not(operand=operand):
            return _negate(normal(operand))
        case Exists(body=body):
            return _miniscope(replace(formula, body=normal(body)))
    return formula


def _and(parts: Iterable[Formula]) -> Formula:
    kept: list[Formula] = []
    for part in parts:
        for one in part.parts if isinstance(part, And) else (part,):
            if one == FALSE:
                return FALSE
            if one not in kept:
                kept.append(one)
    return kept[0] if len(kept) == 1 else And(tuple(kept))


def _or(parts: Iterable[Formula]) -> Formula:
    kept: list[Formula] = []
    for part in parts:
        for one in part.parts if isinstance(part, Or) else (part,):
            if one == TRUE:
                return TRUE
            if one not in kept:
                kept.append(one)
    return kept[0] if len(kept) == 1 else Or(tuple(kept))


def _negate(formula: Formula) -> Formula:
    match formula:
        case Not(operand=operand):
            return operand
        case Compare(operator=operator):
            return replace(formula, operator=_FLIPPED[operator])
        case Or(parts=parts):
            return _and([_negate(part) for part in parts])
        case And(parts=parts) if not any(isinstance(part, Exists) for part in subformulas(formula)):
            return _or([_negate(part) for part in parts])
    return Not(formula)


def _miniscope(formula: Exists) -> Formula:
    parts = formula.body.parts if isinstance(formula.body, And) else (formula.body,)
    name = formula.variable.name
    outside = [part for part in parts if name not in free(part)]
    inside = [part for part in parts if name in free(part)]
    if FALSE in outside:
        return FALSE
    return _and([*outside, replace(formula, body=_and(inside))])


def assume(formula: Formula, known: frozenset[Formula]) -> Formula:
    """The formula, simplified where all of `known` holds."""
    if not known or formula in (TRUE, FALSE):
        return formula
    if formula in known:
        return TRUE
    if _negate(formula) in known:
        return FALSE
    match formula:
        case Compare(operator="=" | "!=" as operator, left=left, right=Constant()):
            if any(
                isinstance(k, Compare) and k.operator == "=" and k.left == left and isinstance(k.right, Constant)
                for k in known
            ):
                # It equals another constant.
                return FALSE if operator == "=" else TRUE
        case Not(operand=operand):
            return _negate(assume(operand, known))
        case And(parts=parts):
            kept: list[Formula] = []
            for part in parts:
                kept.append(assume(part, known))
                known = known | {kept[-1]}
            return _and(kept)
        case Or(parts=parts):
            return _or([assume(part, known) for part in parts])
        case Exists(variable=variable, body=body):
            # What is known of a variable of this name outside says nothing of the one inside.
            inner = frozenset(one for one in known if variable.name not in free(one))
            return _miniscope(replace(formula, body=assume(body, inner)))
    return formula

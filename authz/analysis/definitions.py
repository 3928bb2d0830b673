"""Definitions: all alternatives of a rule, joined into one formula over the rule's parameters."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from authz.analysis.substitute import rename_bound, root_of, substitute
from authz.language.diagnostics import Span
from authz.language.ir import (
    CheckedRule,
    Compare,
    Constant,
    Exists,
    Formula,
    Invoke,
    Program,
    Value,
    Variable,
    conjunction,
    disjunction,
    invocations,
    subformulas,
)
from authz.language.types import STRING


@dataclass(frozen=True, slots=True)
class Definition:
    """A rule's parameters, the formula that holds where some alternative holds, and the alternatives' places."""

    name: str
    parameters: tuple[Variable, ...]
    formula: Formula
    spans: tuple[Span, ...] = field(default=(), compare=False)


def rule_definitions(program: Program) -> dict[str, Definition]:
    """The definition of every rule but `reason`, callees first."""
    return {name: _define(name, rules) for name, rules in program.rules.items() if name != "reason"}


def reason_definitions(program: Program) -> dict[str, Definition]:
    """The definition of each reason code, in the catalogue's order; its one parameter is the request."""
    by_code = {}
    for code in program.schema.codes:
        rules = [rule for rule in program.rules["reason"] if rule.parameters[1] == Constant(code)]
        request = next(rule.parameters[0] for rule in rules if isinstance(rule.parameters[0], Variable))
        alternatives = []
        for rule in rules:
            parameter = rule.parameters[0]
            assert isinstance(parameter, Variable)  # the type checker refuses a constant request
            # A bound variable may have the request's new name.
            body = rename_bound(rule.body, {request.name, parameter.name})
            alternatives.append(substitute(body, {parameter.name: request}))
        by_code[code] = Definition(code, (request,), disjunction(alternatives), tuple(rule.span for rule in rules))
    return by_code


def _define(name: str, rules: Sequence[CheckedRule]) -> Definition:
    parameters = _common_parameters(rules)
    alternatives = []
    for rule in rules:
        pairs = list(zip(parameters, rule.parameters, strict=True))
        guards: list[Formula] = [
            Compare("=", common, literal, rule.span) for common, literal in pairs if isinstance(literal, Constant)
        ]
        renaming = {old.name: common for common, old in pairs if isinstance(old, Variable)}
        # A bound variable may have a parameter's new name.
        body = rename_bound(rule.body, {common.name for common in parameters} | set(renaming))
        alternatives.append(conjunction([*guards, substitute(body, renaming)]))
    return Definition(name, parameters, disjunction(alternatives), tuple(rule.span for rule in rules))


def _common_parameters(rules: Sequence[CheckedRule]) -> tuple[Variable, ...]:
    """One variable for each position, named as the alternatives name it."""
    parameters: list[Variable] = []
    for index, column in enumerate(zip(*(rule.parameters for rule in rules), strict=True)):
        variables = [parameter for parameter in column if isinstance(parameter, Variable)]
        names = [v.name for v in variables if v.name.strip("_")] or [v.name for v in variables]
        type_ = variables[0].type if variables else STRING
        # A name without a leading underscore is the name of an alternative that uses the parameter.
        default = names[0] if names else f"value_{index + 1}"
        name = next((each for each in names if not each.startswith("_")), default)
        taken = {parameter.name for parameter in parameters}
        parameters.append(Variable(name if name not in taken else f"{name}_{index + 1}", type_))
    return tuple(parameters)


def instantiate(definition: Definition, arguments: Sequence[Value], taken: Iterable[str]) -> Formula:
    """A definition's formula of some arguments; its bound variables get names that are not in `taken`."""
    names = {root.name for value in arguments if (root := root_of(value)) is not None}
    body = rename_bound(definition.formula, {*taken, *names, *(p.name for p in definition.parameters)})
    return substitute(body, {p.name: value for p, value in zip(definition.parameters, arguments, strict=True)})


def has_loop(formula: Formula, looping: Iterable[str] = ()) -> bool:
    """Whether a formula ranges over a collection, itself or in a call of a rule named in `looping`."""
    names = set(looping)
    return any(
        isinstance(part, Exists) or (isinstance(part, Invoke) and part.name in names) for part in subformulas(formula)
    )


def looping_rules(definitions: Mapping[str, Definition]) -> frozenset[str]:
    """The rules that range over a collection, themselves or in their callees. `definitions` has callees first."""
    looping: set[str] = set()
    for name, definition in definitions.items():
        if has_loop(definition.formula, looping):
            looping.add(name)
    return frozenset(looping)


def called_rules(formulas: Iterable[Formula], definitions: Mapping[str, Definition]) -> set[str]:
    """The rules that some formulas call, directly or through other rules."""
    called: set[str] = set()
    pending = [call.name for formula in formulas for call in invocations(formula)]
    while pending:
        name = pending.pop()
        if name not in called and name in definitions:
            called.add(name)
            pending += [call.name for call in invocations(definitions[name].formula)]
    return called

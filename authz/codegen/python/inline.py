"""Inlining: calls of small rules are replaced by their conditions, and formulas simplified by what is known."""

from authz.analysis.definitions import instantiate
from authz.analysis.simplify import normalize, simplify_under
from authz.analysis.substitute import bound_variables, free_variables
from authz.codegen.python.function import Function
from authz.language.ir import FALSE, And, Formula, Invoke, Not, Or


def expand(function: Function, formula: Formula, known: frozenset[Formula] = frozenset()) -> Formula:
    """A formula with small rules inlined, simplified where all formulas in `known` hold."""
    match formula:
        case Invoke(name=name) if name in function.form.inlined:
            return expand(function, called_formula(function, formula), known)
        case Not(operand=operand):
            return simplify_under(normalize(Not(expand(function, operand, known))), known)
        case And(parts=parts):
            return simplify_under(normalize(And(tuple(expand(function, part, known) for part in parts))), known)
        case Or(parts=parts):
            return simplify_under(normalize(Or(tuple(expand(function, part, known) for part in parts))), known)
    return simplify_under(formula, known)


def called_formula(function: Function, call: Invoke) -> Formula:
    """The formula of the rule that is called, of the call's arguments."""
    formula = instantiate(function.plan.rules[call.name], call.arguments, function.variables)
    function.variables |= free_variables(formula) | set(bound_variables(formula))
    return formula


def flatten(function: Function, part: Formula, known: frozenset[Formula] = frozenset()) -> list[Formula]:
    """The conjuncts that a conjunct stands for, with the rules inlined that the function spreads."""
    part = expand(function, part, known)
    if isinstance(part, And):
        return [conjunct for inner in part.parts for conjunct in flatten(function, inner, known)]
    if isinstance(part, Invoke) and part.name in function.spread:
        formula = normalize(called_formula(function, part))
        if formula == FALSE:
            return [FALSE]
        if not isinstance(formula, Or):
            return flatten(function, formula, known)
    return [part]

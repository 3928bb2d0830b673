"""Simplification of formulas: a normal form, and what remains of a formula where others are known to hold.

Every formula of the profile is total, so conjuncts may change places as long as a guard (`x != nil`) stays before
what it guards. All functions here keep the order of parts.
"""

from collections.abc import Iterable
from dataclasses import replace

from authz.analysis.substitute import free_variables
from authz.language.ir import FALSE, TRUE, And, Compare, Constant, Exists, Formula, Not, Or, subformulas

NEGATED_OPERATORS = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
"""The operator that holds exactly where another does not."""


def normalize(formula: Formula) -> Formula:
    """Fold constants, push negations inwards as `negate` does, and narrow the scope of each `Exists`."""
    match formula:
        case Compare(operator=operator, left=left, right=right) if left == right:
            return TRUE if operator in ("=", "<=", ">=") else FALSE
        case And(parts=parts):
            return conjoin([normalize(part) for part in parts])
        case Or(parts=parts):
            return disjoin([normalize(part) for part in parts])
        case Not(operand=operand):
            return negate(normalize(operand))
        case Exists(body=body):
            return miniscope(replace(formula, body=normalize(body)))
    return formula


def conjoin(parts: Iterable[Formula]) -> Formula:
    """The conjunction of some formulas: flat, without repetitions, false where one part is."""
    kept = dict.fromkeys(conjunct for part in parts for conjunct in conjuncts_of(part))
    if FALSE in kept:
        return FALSE
    return next(iter(kept)) if len(kept) == 1 else And(tuple(kept))


def disjoin(parts: Iterable[Formula]) -> Formula:
    """The disjunction of some formulas: flat, without repetitions, true where one part is."""
    kept = dict.fromkeys(disjunct for part in parts for disjunct in disjuncts_of(part))
    if TRUE in kept:
        return TRUE
    return next(iter(kept)) if len(kept) == 1 else Or(tuple(kept))


def conjuncts_of(formula: Formula) -> tuple[Formula, ...]:
    """The parts of a conjunction, or the formula alone."""
    return formula.parts if isinstance(formula, And) else (formula,)


def disjuncts_of(formula: Formula) -> tuple[Formula, ...]:
    """The parts of a disjunction, or the formula alone."""
    return formula.parts if isinstance(formula, Or) else (formula,)


def negate(formula: Formula) -> Formula:
    """The negation of a normal formula. A conjunction with a loop in it stays one formula under one `Not`."""
    match formula:
        case Not(operand=operand):
            return operand
        case Compare(operator=operator):
            return replace(formula, operator=NEGATED_OPERATORS[operator])
        case Or(parts=parts):
            return conjoin([negate(part) for part in parts])
        case And(parts=parts) if not any(isinstance(part, Exists) for part in subformulas(formula)):
            return disjoin([negate(part) for part in parts])
    return Not(formula)


def miniscope(formula: Exists) -> Formula:
    """Move the conjuncts that do not read the bound variable out of an `Exists`.

    A conjunct that stayed inside would be evaluated again for every row.
    """
    parts = conjuncts_of(formula.body)
    name = formula.variable.name
    outside = [part for part in parts if name not in free_variables(part)]
    inside = [part for part in parts if name in free_variables(part)]
    if FALSE in outside:
        return FALSE
    return conjoin([*outside, replace(formula, body=conjoin(inside))])


def simplify_under(formula: Formula, known: frozenset[Formula]) -> Formula:
    """Simplify a normal formula where all formulas in `known` hold."""
    if not known or formula in (TRUE, FALSE):
        return formula
    if formula in known:
        return TRUE
    if negate(formula) in known:
        return FALSE
    match formula:
        case Compare(operator="=" | "!=" as operator) if _equals_another_constant(formula, known):
            return FALSE if operator == "=" else TRUE
        case Not(operand=operand):
            return negate(simplify_under(operand, known))
        case And(parts=parts):
            kept: list[Formula] = []
            for part in parts:
                kept.append(simplify_under(part, known))
                known = known | {kept[-1]}
            return conjoin(kept)
        case Or(parts=parts):
            return disjoin([simplify_under(part, known) for part in parts])
        case Exists(variable=variable, body=body):
            # The bound variable hides an outer variable of the same name, so formulas about the outer one do not apply.
            inner = frozenset(each for each in known if variable.name not in free_variables(each))
            return miniscope(replace(formula, body=simplify_under(body, inner)))
    return formula


def _equals_another_constant(formula: Compare, known: frozenset[Formula]) -> bool:
    """Whether a value that is compared with a constant is known to equal another constant.

    `simplify_under` has handled the case that it is the same constant.
    """
    return isinstance(formula.right, Constant) and any(
        isinstance(each, Compare)
        and each.operator == "="
        and each.left == formula.left
        and isinstance(each.right, Constant)
        for each in known
    )

"""Mutants of the type checker and of the code generator: each a wrong version of one function, for a test to kill."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from authz.analysis import definitions, simplify
from authz.codegen.python import direct, expressions, hoisting, indexes, plan, sections, statements
from authz.language.ir import FALSE, Absent, And, Compare, Constant, Exists, Invoke, Member, Not, Or
from authz.language.typecheck import calls, comparisons, conditions, membership

Mutation = Callable[[Any], Any]
"""From the right version of a function or table to a wrong one."""


@dataclass(frozen=True)
class Mutant:
    """A function or table of a module, and its mutation."""

    module: Any
    name: str
    mutation: Mutation


@contextmanager
def applied(mutant: Mutant) -> Iterator[None]:
    """Put the wrong version in place of the right one, in every module that has imported it."""
    right = getattr(mutant.module, mutant.name)
    wrong = mutant.mutation(right)
    modules = [
        module
        for name, module in list(sys.modules.items())
        if name.startswith("authz.") and getattr(module, mutant.name, None) is right
    ]
    for module in modules:
        setattr(module, mutant.name, wrong)
    try:
        yield
    finally:
        for module in modules:
            setattr(module, mutant.name, right)


def change_result(change: Callable[[Any], Any]) -> Mutation:
    """Change what the right function returns."""
    return lambda right: lambda *args, **kwargs: change(right(*args, **kwargs))


def replace_by(wrong: Callable[..., Any]) -> Mutation:
    """Call another function."""
    return lambda _right: wrong


def change_entries(**changed: str) -> Mutation:
    """Change some entries of a table of operators."""
    return lambda right: {**right, **{OPERATOR_NAMES[name]: to for name, to in changed.items()}}


OPERATOR_NAMES = {"eq": "=", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def _as_and(formula: Any) -> Any:
    return And(formula.parts) if isinstance(formula, Or) and formula.parts else formula


def _with_sides_swapped(formula: Any) -> Any:
    if isinstance(formula, Compare) and formula.operator in ("<", "<=", ">", ">="):
        return replace(formula, left=formula.right, right=formula.left)
    return formula


def _without_not(formula: Any) -> Any:
    return formula.operand if isinstance(formula, Not) and not isinstance(formula.operand, Absent) else formula


def _with_first_constant_alone(formula: Any) -> Any:
    if isinstance(formula, Member) and isinstance(formula.collection, tuple):
        return replace(formula, collection=formula.collection[:1])
    return formula


def _without_last_conjunct(formula: Any) -> Any:
    return And(formula.parts[:-1]) if isinstance(formula, And) and len(formula.parts) > 1 else formula


def _negated(formula: Any) -> Any:
    return formula.operand if isinstance(formula, Not) else Not(formula)


def _with_arguments_reversed(call: Any) -> Any:
    if isinstance(call, Invoke) and _have_one_type(call.arguments[1:]):
        return replace(call, arguments=(call.arguments[0], *call.arguments[:0:-1]))
    return call


def _have_one_type(arguments: Any) -> bool:
    return len({getattr(argument, "type", None) for argument in arguments}) == 1


def _with_first_conjunct_alone(reasons: Any) -> Any:
    return {
        code: replace(d, formula=d.formula.parts[0]) if isinstance(d.formula, And) and d.formula.parts else d
        for code, d in reasons.items()
    }


CODE_GENERATOR: dict[str, Mutant] = {
    "< becomes <=": Mutant(expressions, "OPERATORS", change_entries(lt="<=")),
    "> becomes >=": Mutant(expressions, "OPERATORS", change_entries(gt=">=")),
    ">= becomes >": Mutant(expressions, "OPERATORS", change_entries(ge=">")),
    "not < becomes >": Mutant(simplify, "NEGATED_OPERATORS", change_entries(lt=">")),
    "not = becomes =": Mutant(simplify, "NEGATED_OPERATORS", change_entries(eq="=")),
    "a negated or becomes an or of negations": Mutant(
        simplify,
        "negate",
        lambda right: lambda f: simplify.disjoin([right(p) for p in f.parts]) if isinstance(f, Or) else right(f),
    ),
    "a negated and becomes an and of negations": Mutant(
        simplify,
        "negate",
        lambda right: (
            lambda f: simplify.conjoin([right(p) for p in f.parts]) if isinstance(f, And) and f.parts else right(f)
        ),
    ),
    "a double negation becomes a negation": Mutant(
        simplify, "negate", lambda right: lambda f: f if isinstance(f, Not) else right(f)
    ),
    "a conjunct is lost": Mutant(simplify, "conjoin", change_result(_without_last_conjunct)),
    "a disjunct is lost": Mutant(
        simplify, "disjoin", change_result(lambda f: Or(f.parts[:-1]) if isinstance(f, Or) and len(f.parts) > 1 else f)
    ),
    "conjuncts that miniscoping moves out of a loop are lost": Mutant(
        simplify,
        "miniscope",
        lambda right: (
            lambda f: (
                replace(f, body=right(f).parts[-1].body)
                if isinstance(right(f), And) and isinstance(right(f).parts[-1], Exists)
                else right(f)
            )
        ),
    ),
    "a formula known to hold becomes false": Mutant(
        simplify, "simplify_under", lambda right: lambda f, known: FALSE if f in known else right(f, known)
    ),
    "bound variables are not renamed": Mutant(definitions, "rename_bound", replace_by(lambda formula, taken: formula)),
    "arguments are reversed": Mutant(
        definitions,
        "instantiate",
        lambda right: (
            lambda definition, arguments, taken: right(
                definition,
                (arguments[0], *arguments[:0:-1]) if _have_one_type(arguments[1:]) else arguments,
                taken,
            )
        ),
    ),
    "all alternatives but the first are lost": Mutant(
        definitions, "disjunction", lambda right: lambda parts: right(list(parts)[:1])
    ),
    "a literal in a head matches everything": Mutant(
        definitions,
        "conjunction",
        lambda right: (
            lambda parts: right(
                [
                    p
                    for p in parts
                    if not (isinstance(p, Compare) and p.operator == "=" and isinstance(p.right, Constant))
                ]
            )
        ),
    ),
    "every guard against nil is dropped": Mutant(expressions, "_accepts_none", replace_by(lambda *_: True)),
    "a value behind an optional is read before its guard": Mutant(hoisting, "_is_total", replace_by(lambda *_: True)),
    "every loop is written as a statement": Mutant(statements, "_fits", replace_by(lambda *_: True)),
    "a shared guard waits for all guards before it": Mutant(
        sections, "_implied_guards", replace_by(lambda _plan, _rule, decided: decided)
    ),
    "a call of one alternative is a guard of all": Mutant(
        plan,
        "_guards",
        lambda right: (
            lambda formula, looping: right(
                formula.parts[0] if isinstance(formula, Or) and formula.parts else formula, looping
            )
        ),
    ),
    "a nested loop always skips a single row": Mutant(
        direct, "contradicts", replace_by(lambda function, loop, row, scope: True)
    ),
    "an index keeps the row at the other extreme": Mutant(
        indexes,
        "extreme_of",
        change_result(lambda extreme: extreme and (extreme[0], {"<": ">", ">": "<"}[extreme[1]])),
    ),
    "a reason keeps its first conjunct alone": Mutant(
        definitions, "reason_definitions", change_result(_with_first_conjunct_alone)
    ),
    "a list of constants keeps its first alone": Mutant(
        expressions,
        "members_text",
        change_result(lambda text: text.split(",")[0] + ",)" if "," in text and text.startswith("(") else text),
    ),
}
# The naive evaluator evaluates what the type checker makes, so it has these faults too. Only oso, which reads the text,
# shows them.
TYPE_CHECKER: dict[str, Mutant] = {
    "or becomes and": Mutant(conditions, "check_disjunction", change_result(_as_and)),
    "not is lost": Mutant(conditions, "check_condition", change_result(_without_not)),
    "the last conjunct is lost": Mutant(conditions, "check_conjunction", change_result(_without_last_conjunct)),
    "the sides of a comparison are swapped": Mutant(
        comparisons, "check_comparison", change_result(_with_sides_swapped)
    ),
    "a list of constants keeps its first alone": Mutant(
        membership, "check_membership", change_result(_with_first_constant_alone)
    ),
    "a test of nil is negated": Mutant(comparisons, "_check_nil_test", change_result(_negated)),
    "arguments are reversed": Mutant(calls, "check_call", change_result(_with_arguments_reversed)),
    "!= becomes =": Mutant(comparisons, "EQUALITY", lambda right: {**right, "!=": "="}),
}

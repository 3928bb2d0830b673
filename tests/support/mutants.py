"""Faults to plant in the checker and the compiler: each a wrong version of one function, for a test to find."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from authz.analysis import definitions, simplify
from authz.codegen.python import direct, expressions, indexes
from authz.language.ir import FALSE, Absent, And, Compare, Constant, Exists, Invoke, Member, Not, Or
from authz.language.typecheck import calls, comparisons, conditions, membership

Wrapper = Callable[[Any], Any]


@dataclass(frozen=True)
class Mutant:
    """A function by where it stands, and what makes its wrong version."""

    holder: Any
    name: str
    wrong: Wrapper


@contextmanager
def planted(fault: Mutant) -> Iterator[None]:
    """The fault in place, wherever the function is known by a name of its own."""
    right = getattr(fault.holder, fault.name)
    wrong = fault.wrong(right)
    places = (
        [fault.holder]
        if isinstance(fault.holder, type)
        else [
            place
            for name, place in list(sys.modules.items())
            if name.startswith("authz.") and getattr(place, fault.name, None) is right
        ]
    )
    for place in places:
        setattr(place, fault.name, wrong)
    try:
        yield
    finally:
        for place in places:
            setattr(place, fault.name, right)


def then(change: Callable[[Any], Any]) -> Wrapper:
    """The right answer, changed."""
    return lambda right: lambda *a, **k: change(right(*a, **k))


def instead(answer: Callable[..., Any]) -> Wrapper:
    """Another answer altogether."""
    return lambda _right: answer


def operators(**changed: str) -> Wrapper:
    return lambda right: {**right, **{NAMES[name]: to for name, to in changed.items()}}


NAMES = {"eq": "=", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def _as_and(formula: Any) -> Any:
    return And(formula.parts) if isinstance(formula, Or) and formula.parts else formula


def _as_or(formula: Any) -> Any:
    return Or(formula.parts) if isinstance(formula, And) and formula.parts else formula


def _swapped(formula: Any) -> Any:
    if isinstance(formula, Compare) and formula.operator in ("<", "<=", ">", ">="):
        return replace(formula, left=formula.right, right=formula.left)
    return formula


def _unnegated(formula: Any) -> Any:
    return formula.operand if isinstance(formula, Not) and not isinstance(formula.operand, Absent) else formula


def _first_constant(formula: Any) -> Any:
    if isinstance(formula, Member) and isinstance(formula.collection, tuple):
        return replace(formula, collection=formula.collection[:1])
    return formula


def _fewer(formula: Any) -> Any:
    return And(formula.parts[:-1]) if isinstance(formula, And) and len(formula.parts) > 1 else formula


def _inverted(formula: Any) -> Any:
    return formula.operand if isinstance(formula, Not) else Not(formula)


def _turned(call: Any) -> Any:
    same = isinstance(call, Invoke) and len({getattr(a, "type", None) for a in call.arguments[1:]}) == 1
    return replace(call, arguments=(call.arguments[0], *call.arguments[:0:-1])) if same else call


def _first_codes(found: Any) -> Any:
    return {
        code: replace(d, formula=d.formula.parts[0]) if isinstance(d.formula, And) and d.formula.parts else d
        for code, d in found.items()
    }


COMPILER: dict[str, Mutant] = {
    "< becomes <=": Mutant(expressions, "OPERATORS", operators(lt="<=")),
    "> becomes >=": Mutant(expressions, "OPERATORS", operators(gt=">=")),
    ">= becomes >": Mutant(expressions, "OPERATORS", operators(ge=">")),
    "not < becomes >": Mutant(simplify, "NEGATED_OPERATORS", operators(lt=">")),
    "not = becomes =": Mutant(simplify, "NEGATED_OPERATORS", operators(eq="=")),
    "not of an or is an or of nots": Mutant(
        simplify,
        "negate",
        lambda right: lambda f: simplify.disjoin([right(p) for p in f.parts]) if isinstance(f, Or) else right(f),
    ),
    "not of an and is an and of nots": Mutant(
        simplify,
        "negate",
        lambda right: (
            lambda f: simplify.conjoin([right(p) for p in f.parts]) if isinstance(f, And) and f.parts else right(f)
        ),
    ),
    "not not is not": Mutant(simplify, "negate", lambda right: lambda f: f if isinstance(f, Not) else right(f)),
    "a conjunct is lost": Mutant(simplify, "conjoin", then(_fewer)),
    "a disjunct is lost": Mutant(
        simplify, "disjoin", then(lambda f: Or(f.parts[:-1]) if isinstance(f, Or) and len(f.parts) > 1 else f)
    ),
    "what needs no row is dropped from a loop": Mutant(
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
    "what is known is taken for false": Mutant(
        simplify, "simplify_under", lambda right: lambda f, known: FALSE if f in known else right(f, known)
    ),
    "bound names are not kept apart": Mutant(definitions, "rename_bound", instead(lambda formula, taken: formula)),
    "arguments change places": Mutant(
        definitions,
        "instantiate",
        lambda right: (
            lambda d, given, taken: right(
                d,
                (given[0], *given[:0:-1]) if len({getattr(a, "type", None) for a in given[1:]}) == 1 else given,
                taken,
            )
        ),
    ),
    "only the first rule of a name counts": Mutant(
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
    "a lone row is always skipped": Mutant(direct, "contradicts", instead(lambda function, loop, row, scope: True)),
    "an index keeps the row at the other end": Mutant(
        indexes,
        "extreme_of",
        then(lambda found: found and (found[0], {"<": ">", ">": "<"}[found[1]])),
    ),
    "a reason asks only its first condition": Mutant(definitions, "reason_definitions", then(_first_codes)),
    "a list of constants is its first": Mutant(
        expressions,
        "members_text",
        then(lambda text: text.split(",")[0] + ",)" if "," in text and text.startswith("(") else text),
    ),
}
# Faults in what the checker makes of the text: a reading of the checked rules has them too, oso has not.
CHECKER: dict[str, Mutant] = {
    "or is read as and": Mutant(conditions, "check_disjunction", then(_as_and)),
    "not is read over": Mutant(conditions, "check_condition", then(_unnegated)),
    "the last conjunct is read over": Mutant(conditions, "check_conjunction", then(_fewer)),
    "a comparison is turned": Mutant(comparisons, "check_comparison", then(_swapped)),
    "a list of constants is read as its first": Mutant(membership, "check_membership", then(_first_constant)),
    "absence is presence": Mutant(comparisons, "_check_nil_test", then(_inverted)),
    "arguments are turned": Mutant(calls, "check_call", then(_turned)),
    "!= is =": Mutant(comparisons, "EQUALITY", lambda right: {**right, "!=": "="}),
}

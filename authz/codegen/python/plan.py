"""The plan of a compilation: everything about a program that is computed once, before any source is written."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from authz.analysis.definitions import (
    Definition,
    called_rules,
    has_loop,
    looping_rules,
    reason_definitions,
    rule_definitions,
)
from authz.analysis.simplify import conjuncts_of, disjuncts_of, normalize
from authz.codegen.python.expansion import cheap_to_repeat, needs_memo, require_shallow
from authz.codegen.python.names import MODULE_NAMES, derived_names, function_names
from authz.language.ir import And, Exists, Formula, Invoke, Not, Or, Program, subformulas
from authz.language.types import Schema, Type

LARGEST_INLINED = 12
"""A rule of more conditions than this is called, not inlined into an expression."""

LARGEST_INLINED_MEMOIZED = 8
"""In the memoized form, a rule that loops and has more conditions than this is worth a memo entry."""

LARGEST_SPREAD = 100
"""A rule of more conditions than this is called by `allow` too, which inlines all smaller ones."""

LOOP_COST = 1000
"""The cost of a loop where a comparison costs 1."""


@dataclass(frozen=True, slots=True)
class Form:
    """How one of the two forms of the source inlines and calls rules."""

    inlined: frozenset[str]
    """The rules whose calls are always replaced by their conditions."""
    suffix: str = ""
    """The end of the names of functions."""
    memo: tuple[str, ...] = ()
    """The last argument of every call, if there is one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A program with what both emitters need to know of it; formulas are in normal form."""

    schema: Schema
    attribute: Callable[[str], str]
    """From the name of a field to the attribute of a record that holds it."""
    many: int
    """Requests with more rows than this, in `nested_collections`, go to the memoized form; all do where it is < 0."""
    rules: Mapping[str, Definition]
    """Every rule but `allow` and `reason`, callees first."""
    allow: Definition
    reasons: Mapping[str, Definition]
    """By reason code, in the catalogue's order."""
    looping: frozenset[str]
    """The rules that range over a collection, themselves or in their callees."""
    costs: Mapping[str, int]
    """What a call of each rule costs, see `formula_cost`."""
    repeated: frozenset[str]
    """The rules that are cheap enough to be evaluated anew at each call, see `expansion.cheap_to_repeat`."""
    spread: frozenset[str]
    """The rules that `allow` of the direct form inlines."""
    function_names: Mapping[str, str]
    reserved_names: frozenset[str]
    """The names that no variable may have."""
    nested_collections: tuple[str, ...]
    """The collections of the request that nested loops range over: time grows with the product of their rows."""
    guards: Mapping[str, tuple[Formula, ...]]
    """By reason code: the calls that `reasons` evaluates once for several codes, see `_shared_guards`."""
    direct: Form
    memoized: Form

    def cost(self, formula: Formula) -> int:
        """Roughly how long a formula takes to evaluate; at least `LOOP_COST` where it has a loop."""
        return formula_cost(formula, self.costs)

    def is_request(self, type_: Type) -> bool:
        """Whether a type is the request's."""
        return type_ == self.schema.request


def plan_program(program: Program, attribute: Callable[[str], str], many: int) -> Plan:
    """The plan of a checked program.

    Raises:
        RecursionError: only the memoized form may decide, and the rules nest too deep for it.
    """
    definitions = {name: _normal(definition) for name, definition in rule_definitions(program).items()}
    allow = definitions.pop("allow")
    reasons = {code: _normal(definition) for code, definition in reason_definitions(program).items()}
    looping = looping_rules(definitions)
    with_loop = {name for name, definition in definitions.items() if has_loop(definition.formula)}
    costs: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for name, definition in definitions.items():
        costs[name] = 1 + formula_cost(definition.formula, costs)
        sizes[name] = 1 if name in with_loop else _size(definition.formula, sizes)

    def no_larger(most: int) -> frozenset[str]:
        return frozenset(name for name, size in sizes.items() if size <= most and name not in with_loop)

    entries = [allow, *reasons.values()]
    if needs_memo(entries, definitions):
        many = -1
        require_shallow(definitions)
    names = function_names(definitions)
    return Plan(
        schema=program.schema,
        attribute=attribute,
        many=many,
        rules=definitions,
        allow=allow,
        reasons=reasons,
        looping=looping,
        costs=costs,
        repeated=cheap_to_repeat(definitions),
        spread=no_larger(LARGEST_SPREAD),
        function_names=names,
        reserved_names=(MODULE_NAMES - {"request"}).union(*map(derived_names, names.values())),
        nested_collections=_nested_collections(entries, definitions, looping, program.schema),
        guards=_shared_guards(reasons, looping),
        direct=Form(no_larger(LARGEST_INLINED)),
        memoized=Form((no_larger(LARGEST_INLINED) - looping) | no_larger(LARGEST_INLINED_MEMOIZED), "_many", ("memo",)),
    )


def _normal(definition: Definition) -> Definition:
    return replace(definition, formula=normalize(definition.formula))


def formula_cost(formula: Formula, rule_costs: Mapping[str, int]) -> int:
    """Roughly how long a formula takes to evaluate, given what calls of rules cost."""
    match formula:
        case Not(operand=operand):
            return formula_cost(operand, rule_costs)
        case And(parts=parts) | Or(parts=parts):
            return sum(formula_cost(part, rule_costs) for part in parts)
        case Exists(body=body):
            return LOOP_COST * (1 + formula_cost(body, rule_costs))
        case Invoke(name=name):
            return rule_costs[name]
    return 1


def _size(formula: Formula, rule_sizes: Mapping[str, int]) -> int:
    """How many conditions a formula has once the rules that it calls are inlined."""
    return sum(
        rule_sizes[part.name] if isinstance(part, Invoke) else not isinstance(part, And | Or | Not)
        for part in subformulas(formula)
    )


def _nested_collections(
    entries: Iterable[Definition], rules: Mapping[str, Definition], looping: frozenset[str], schema: Schema
) -> tuple[str, ...]:
    nested: set[str] = set()
    for definition in (*entries, *rules.values()):
        for part in subformulas(definition.formula):
            if isinstance(part, Exists) and has_loop(part.body, looping):
                called = [rules[name].formula for name in called_rules([part.body], rules)]
                nested.update(*(_collections(formula, schema) for formula in (part, *called)))
    return tuple(sorted(nested))


def _collections(formula: Formula, schema: Schema) -> set[str]:
    """The collections of the request that a formula ranges over."""
    ranged = [part.collection for part in subformulas(formula) if isinstance(part, Exists)]
    return {path.fields[0] for path in ranged if path.root.type == schema.request and len(path.fields) == 1}


def _shared_guards(reasons: Mapping[str, Definition], looping: frozenset[str]) -> dict[str, tuple[Formula, ...]]:
    """By code: the calls over the request alone that loop, that each alternative makes, and that other codes make too.

    A call may be negated.
    """
    by_code = {code: _guards(definition.formula, looping) for code, definition in reasons.items()}
    uses = Counter(guard_rule(guard) for guards in by_code.values() for guard in guards)
    return {code: tuple(g for g in guards if uses[guard_rule(g)] > 1) for code, guards in by_code.items()}


def _guards(formula: Formula, looping: frozenset[str]) -> list[Formula]:
    alternatives = [conjuncts_of(alternative) for alternative in disjuncts_of(formula)]
    if not alternatives:
        return []
    return [part for part in alternatives[0] if _is_guard(part, looping) and all(part in a for a in alternatives)]


def _is_guard(part: Formula, looping: frozenset[str]) -> bool:
    call = part.operand if isinstance(part, Not) else part
    return isinstance(call, Invoke) and call.name in looping and len(call.arguments) == 1


def guard_rule(guard: Formula) -> str:
    """The rule that a shared guard calls."""
    call = guard.operand if isinstance(guard, Not) else guard
    assert isinstance(call, Invoke)  # `_is_guard` holds of every guard
    return call.name

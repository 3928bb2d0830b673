"""The direct emitter, for requests with few rows: rules are inlined, loops too where a statement can hold them."""

from authz.analysis.definitions import Definition, has_loop
from authz.analysis.simplify import conjuncts_of, normalize, simplify_under
from authz.analysis.substitute import substitute
from authz.codegen.python.expressions import value_text, write_condition
from authz.codegen.python.function import Block, EmitScope, Function, Strategy
from authz.codegen.python.hoisting import hoist
from authz.codegen.python.inline import flatten
from authz.codegen.python.plan import LOOP_COST, Plan
from authz.codegen.python.sections import FunctionSource, reasons_entry, section, specific_reasons
from authz.codegen.python.statements import needs_statement, write_body, write_conjunction
from authz.language.ir import FALSE, Access, Exists, Formula, Invoke, Not, Or, Variable

DEEPEST_INLINED = 2
"""A loop inside this many loops is called, not inlined."""

MOST_OPENED = 24
"""A function inlines the loops of this many calls at most; the time to write a function grows with its square."""


def emit(plan: Plan) -> list[str]:
    """The source of all functions of the direct form, callees first."""
    entries = [
        emit_function(plan, "allow", plan.allow, is_allow=True),
        *(emit_function(plan, f"reason_{code}", reason) for code, reason in specific_reasons(plan).items()),
        reasons_entry(plan, plan.direct, hand_over_lines(plan)),
    ]
    return section(plan, entries, lambda rule: emit_function(plan, plan.function_names[rule.name], rule))


def emit_function(plan: Plan, name: str, definition: Definition, is_allow: bool = False) -> FunctionSource:
    """One function, after the functions of loops inside its expressions."""
    function = Function(plan, plan.direct, STRATEGY, name, definition)
    if is_allow:
        function.spread, function.hands_over = plan.spread, bool(plan.nested_collections)
    write_body(function)
    nested = [emit_function(plan, each.name, each.definition) for each in function.nested]
    return FunctionSource.join(function, nested)


def has_many_rows(plan: Plan, request: str) -> str:
    """The expression for whether a request has many rows; `request` is the variable that holds it."""
    lengths = " + ".join(f"len({request}.{plan.attribute(name)})" for name in plan.nested_collections)
    return f"{lengths} > {plan.many}"


def hand_over_lines(plan: Plan) -> list[str]:
    """The statements by which `reasons` hands requests with many rows to the memoized form."""
    if not plan.nested_collections:
        return []
    return [f"    if {has_many_rows(plan, 'request')}:", "        return reasons_many(request, {})"]


def _opens(plan: Plan, call: Invoke) -> bool:
    return call.name in plan.looping


def _open_call(function: Function, part: Formula, body: Formula, known: frozenset[Formula], loops: int) -> Formula:
    """The body instead of the call, where it is one loop beside tests and not too deep."""
    parts = conjuncts_of(body)
    single_loop = sum(isinstance(each, Exists) for each in parts) == 1 and not isinstance(body, Or)
    negated = isinstance(part, Not)
    if loops > DEEPEST_INLINED or not single_loop or (negated and len(parts) > 1) or function.opened >= MOST_OPENED:
        return part
    function.opened += 1
    return Not(body) if negated else body


def _write_disjunction(function: Function, part: Formula, block: Block, scope: EmitScope) -> bool:
    """Write a disjunction with one disjunct that loops, where failing leaves the block: `if not plain: <loop>`."""
    if not isinstance(part, Or) or not block.failure or block.loops >= DEEPEST_INLINED:
        return False
    cost = function.plan.cost
    plain = [each for each in part.parts if cost(each) < LOOP_COST]
    looping = [each for each in part.parts if cost(each) >= LOOP_COST]
    if len(looping) != 1 or not plain or not needs_statement(function, looping[0]):
        return False
    hoist(function, plain, block.depth, scope)
    before_condition = len(function.lines)
    write_condition(function, block.depth, "if ", [normalize(Not(each)) for each in plain], " and ", scope)
    inner = scope.inner()
    inner.known |= {normalize(Not(each)) for each in plain}
    before_loop = len(function.lines)
    body = Block(block.depth + 1, block.loops, "", block.failure)
    write_conjunction(function, list(conjuncts_of(looping[0])), body, inner)
    if len(function.lines) == before_loop:
        # The looping disjunct holds wherever the plain ones fail, so there is nothing to test.
        del function.lines[before_condition:]
    return True


def _before_loop(function: Function, loop: Exists, block: Block) -> None:
    """Hand requests with many rows to the memoized form, before the first nested loop of `allow`."""
    if not function.hands_over or block.loops or not has_loop(loop.body, function.plan.looping):
        return
    function.hands_over = False
    arguments = [function.variable_name(name) for name in function.parameters()]
    function.write(block.depth, f"if {has_many_rows(function.plan, arguments[2])}:")
    function.write(block.depth + 1, f"return allow_many({', '.join(arguments)}, {{}})")


def _loop_rows(function: Function, loop: Exists, depth: int, scope: EmitScope) -> str:
    """The collection, or its other rows where the row of a loop around this one cannot satisfy the body.

    A collection with a single row then has no other rows, and the inner loop ends at once.
    """
    for outer in scope.loops.values():
        if outer.collection == loop.collection and contradicts(function, loop, outer.variable, scope):
            others = Access(outer.variable, ("others",), loop.variable.type)
            outer.other_rows = outer.other_rows or function.local_name(others)
            return outer.other_rows
    return value_text(function, loop.collection, scope)


def contradicts(function: Function, loop: Exists, row: Variable, scope: EmitScope) -> bool:
    """Whether a loop's body cannot hold of a row about which `scope` knows something."""
    body = normalize(substitute(loop.body, {loop.variable.name: row}))
    conjuncts = [each for part in conjuncts_of(body) for each in flatten(function, part, scope.known)]
    return FALSE in (normalize(simplify_under(each, scope.known)) for each in conjuncts)


STRATEGY = Strategy(_opens, _open_call, _write_disjunction, _before_loop, _loop_rows)

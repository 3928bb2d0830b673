"""The statements of a function: conjunctions with their tests and loops.

A conjunction goes on where a conjunct holds, and leaves by its block's `failure` statement where one does not.
"""

import itertools

from authz.analysis.simplify import conjuncts_of, disjuncts_of, normalize, simplify_under
from authz.codegen.python.expressions import write_condition
from authz.codegen.python.function import Block, EmitScope, Function, OpenLoop
from authz.codegen.python.hoisting import hoist, hoist_out_of_loop, hoistable
from authz.codegen.python.inline import called_formula, expand, flatten
from authz.codegen.python.plan import LOOP_COST
from authz.language.ir import FALSE, TRUE, And, Exists, Formula, Invoke, Not, Or


def write_body(function: Function) -> None:
    """Write all statements of a function: one `return`, or a statement for each alternative that needs one."""
    formula = expand(function, function.definition.formula)
    scope = EmitScope()
    alternatives = list(disjuncts_of(formula))
    plain = [each for each in alternatives if not needs_statement(function, each)]
    looping = [each for each in alternatives if needs_statement(function, each)]
    if not looping:
        if isinstance(formula, Or):
            write_condition(function, 1, "return ", alternatives or [formula], " or ", scope)
        else:
            write_condition(function, 1, "return ", list(conjuncts_of(formula)) or [formula], " and ", scope)
        return
    if plain:
        write_condition(function, 1, "if ", plain, " or ", scope)
        function.write(2, "return True")
    for alternative in looping[:-1]:
        block = Block(1, 0, success="return True", failure="")
        write_conjunction(function, list(conjuncts_of(alternative)), block, scope.inner())
    block = Block(1, 0, success="return True", failure="return False")
    write_conjunction(function, list(conjuncts_of(looping[-1])), block, scope)
    if not function.lines[-1].strip().startswith("return") or function.lines[-1].startswith("        "):
        function.write(1, "return False")


def needs_statement(function: Function, formula: Formula) -> bool:
    """Whether some conjunct is a loop, or a call that the function may write as a loop."""
    return any(_needs_statement(function, part) for part in conjuncts_of(formula))


def _needs_statement(function: Function, part: Formula) -> bool:
    operand = part.operand if isinstance(part, Not) else part
    if isinstance(operand, Invoke):
        return function.strategy.opens(function.plan, operand)
    return isinstance(operand, Exists)


def write_conjunction(function: Function, parts: list[Formula], block: Block, scope: EmitScope) -> None:
    """Write a conjunction, cheap conjuncts first; `scope` then holds what is known after it."""
    cost = function.plan.cost
    pending = sorted((each for part in parts for each in flatten(function, part, scope.known)), key=cost)
    while pending:
        part = expand(function, pending.pop(0), scope.known)
        if isinstance(part, And):
            pending = sorted([*flatten(function, part, scope.known), *pending], key=cost)
            continue
        if cost(part) >= LOOP_COST:
            if function.strategy.write_disjunction(function, part, block, scope):
                scope.known |= {part}
                continue
            opened = open_call(function, part, scope.known, block.loops + 1)
            if opened != part and not isinstance(opened, Not):
                # All conjuncts must hold, so the others may rely on this call.
                scope.known |= {part}
                pending = sorted([*flatten(function, opened, scope.known), *pending], key=cost)
                continue
            part = opened
        loop = part.operand if isinstance(part, Not) else part
        if isinstance(loop, Exists) and _fits(part, pending, block):
            function.strategy.before_loop(function, loop, block)
            write_loop = _write_absence if isinstance(part, Not) else _write_presence
            if write_loop(function, loop, pending, block, scope):
                return
            scope.known |= {part}
            continue
        tests, pending = _take_tests(function, part, pending, scope)
        depth = _write_tests(function, tests, pending, block, scope)
        if depth == 0:
            return
        block = Block(depth, block.loops, block.success, block.failure)
    if block.success:
        function.write(block.depth, block.success)


def open_call(function: Function, part: Formula, known: frozenset[Formula], loops: int) -> Formula:
    """A call, or a negated one, as what it is to be written as; any other formula as it is."""
    call = part.operand if isinstance(part, Not) else part
    if not isinstance(call, Invoke):
        return part
    body = simplify_under(normalize(called_formula(function, call)), known)
    if body in (TRUE, FALSE):
        return normalize(Not(body)) if isinstance(part, Not) else body
    return function.strategy.open_call(function, part, body, known, loops)


def _fits(part: Formula, pending: list[Formula], block: Block) -> bool:
    """Whether a loop can stand in a block as a statement.

    After a loop whose row must not exist, the rest stands in the loop's `else`. From there it cannot go on with what
    follows the block, so failing must leave the function, or succeeding must be a statement. After a loop whose row
    must exist, failing needs a statement.
    """
    if isinstance(part, Not):
        return block.failure.startswith("return") or bool(block.success)
    return bool(block.failure) or (not pending and block.success.startswith("return"))


def _take_tests(
    function: Function, first: Formula, pending: list[Formula], scope: EmitScope
) -> tuple[list[Formula], list[Formula]]:
    """The conditions that one `if` can hold, from `first` on, and those that are left."""
    tests = [first]
    known = scope.known | {first}
    while pending:
        part = expand(function, pending[0], known)
        if isinstance(part, And) or function.plan.cost(part) >= LOOP_COST:
            break
        pending = pending[1:]
        tests.append(part)
        known |= {part}
    return [test for test in tests if test != TRUE] or [TRUE], pending


def _write_tests(
    function: Function, tests: list[Formula], pending: list[Formula], block: Block, scope: EmitScope
) -> int:
    """Write an `if`. Returns the depth at which to go on, 0 where nothing is left to write."""
    depth, success, failure = block.depth, block.success, block.failure
    if tests == [TRUE]:
        return depth
    first = list(itertools.takewhile(lambda test: not hoistable(function, [test], scope), tests))
    if failure and 0 < len(first) < len(tests):
        # Tests that need no local names come before the statements that name the locals of the others.
        _write_tests(function, first, [FALSE], block, scope)
        return _write_tests(function, tests[len(first) :], pending, block, scope)
    hoist(function, tests, depth, scope)
    scope.known |= set(tests)
    if not pending and success and failure in ("", "continue"):
        write_condition(function, depth, "if ", tests, " and ", scope)
        function.write(depth + 1, success)
        return 0
    if not pending and success == "return True" and failure == "return False":
        write_condition(function, depth, "return ", tests, " and ", scope)
        return 0
    if not failure:
        write_condition(function, depth, "if ", tests, " and ", scope)
        return depth + 1
    failures = [disjunct for test in tests for disjunct in disjuncts_of(normalize(Not(test)))]
    write_condition(function, depth, "if ", failures, " or ", scope)
    function.write(depth + 1, failure)
    return depth


def _write_presence(function: Function, loop: Exists, pending: list[Formula], block: Block, scope: EmitScope) -> bool:
    """Write that some row satisfies a loop's body. True where nothing is left to write."""
    hoist_out_of_loop(function, loop, block.depth, scope)
    last = not pending and block.success.startswith("return")
    _write_loop(function, loop, block.success if last else "break", block, scope)
    if last:
        if block.failure.startswith("return"):
            function.write(block.depth, block.failure)
        return True
    function.write(block.depth, "else:")
    function.write(block.depth + 1, block.failure)
    return False


def _write_absence(function: Function, loop: Exists, pending: list[Formula], block: Block, scope: EmitScope) -> bool:
    """Write that no row satisfies a loop's body. True where nothing is left to write."""
    hoist_out_of_loop(function, loop, block.depth, scope)
    if block.failure.startswith("return"):
        _write_loop(function, loop, block.failure, block, scope)
        return False
    _write_loop(function, loop, "break", block, scope)
    function.write(block.depth, "else:")
    inner = scope.inner()
    inner.known |= {Not(loop)}
    write_conjunction(function, pending, block.indented(), inner)
    return True


def _write_loop(function: Function, loop: Exists, success: str, block: Block, scope: EmitScope) -> None:
    """Write a `for` over the rows, with `success` where a row satisfies the body."""
    inner = scope.inner()
    open_loop = inner.loops[loop.variable.name] = OpenLoop(loop.variable, loop.collection)
    rows = function.strategy.loop_rows(function, loop, block.depth, scope)
    start = len(function.lines)
    function.write(block.depth, f"for {function.variable_name(loop.variable.name)} in {rows}:")
    body = Block(block.depth + 1, block.loops + 1, success, "continue")
    write_conjunction(function, list(conjuncts_of(loop.body)), body, inner)
    if open_loop.other_rows:
        line = f"{open_loop.other_rows} = {rows} if len({rows}) > 1 else ()"
        function.lines.insert(start, "    " * block.depth + line)

"""The memoized emitter, for requests with many rows: calls are remembered, and rows looked up by indexes.

The time of a decision then grows with the square of the number of rows, and no faster.
"""

from authz.analysis.definitions import Definition
from authz.codegen.python.function import Block, EmitScope, Function, LoopFunction, Strategy, place_comment
from authz.codegen.python.indexes import index_rows, write_index
from authz.codegen.python.plan import Plan
from authz.codegen.python.sections import FunctionSource, reasons_entry, section, specific_reasons
from authz.codegen.python.statements import write_body
from authz.language.ir import Exists, Formula, Invoke
from authz.language.types import Record

ROWS_WHERE = '''\
def rows_where(memo, rows, name, value):
    """The rows whose field of this name has this value, from an index that is built once a decision."""
    index = memo.get(("rows", id(rows), name))
    if index is None:
        index = memo["rows", id(rows), name] = {}
        for row in rows:
            index.setdefault(getattr(row, name), []).append(row)
    return index.get(value, ())
'''

ENTRY_POINTS = '''\
def allow(subject, action, request):
    """Whether the request is permitted."""
    return allow_many(subject, action, request, {})


def reasons(request):
    """All reason codes that hold, in the catalogue's order."""
    return reasons_many(request, {})
'''
"""The entry points of a policy that has the memoized form alone."""


def emit(plan: Plan) -> list[str]:
    """The source of all functions of the memoized form, callees first."""
    entries = [
        emit_function(plan, "allow_many", plan.allow),
        *(emit_function(plan, f"reason_{code}_many", reason) for code, reason in specific_reasons(plan).items()),
        reasons_entry(plan, plan.memoized, []),
    ]
    return [ROWS_WHERE, *section(plan, entries, lambda rule: emit_rule(plan, rule))]


def emit_rule(plan: Plan, definition: Definition) -> FunctionSource:
    """The function of a rule, under one that remembers its answers."""
    name = plan.function_names[definition.name]
    body = emit_function(plan, f"{name}_of_many", definition)
    rows = [p for p in definition.parameters if isinstance(p.type, Record) and not plan.is_request(p.type)]
    if len(rows) > 1 and definition.name in plan.repeated:
        # Few rules evaluate a pair of rows twice, and a memo entry for each pair costs more than a cheap rule.
        return FunctionSource(body.text.replace(f"def {name}_of_many(", f"def {name}_many(", 1), body.calls)
    parameters = [(f"value_{index}", p.type) for index, p in enumerate(definition.parameters, 1)]
    key = [
        f"id({parameter})" if isinstance(type_, Record) else parameter
        for parameter, type_ in parameters
        if not plan.is_request(type_)
    ]
    arguments = ", ".join([*(parameter for parameter, _ in parameters), *plan.memoized.memo])
    wrapper = (
        f"{place_comment(definition.spans)}def {name}_many({arguments}):\n"
        f"    key = 'rule', {', '.join([repr(definition.name), *key])}\n"
        f"    answer = memo.get(key)\n"
        f"    if answer is None:\n"
        f"        answer = memo[key] = {name}_of_many({arguments})\n"
        f"    return answer\n"
    )
    return FunctionSource(f"{body.text}\n\n{wrapper}", body.calls)


def emit_function(plan: Plan, name: str, definition: Definition) -> FunctionSource:
    """One function, after those of its indexes and of loops inside its expressions."""
    function = Function(plan, plan.memoized, STRATEGY, name, definition)
    write_body(function)
    return _with_nested(function)


def _with_nested(function: Function) -> FunctionSource:
    nested = []
    for each in function.nested:
        if isinstance(each, LoopFunction):
            nested.append(emit_function(function.plan, each.name, each.definition))
        else:
            index = Function(function.plan, function.form, STRATEGY, each.name, each.definition)
            write_index(index, each)
            nested.append(_with_nested(index))
    return FunctionSource.join(function, nested)


def _opens(plan: Plan, call: Invoke) -> bool:
    return False


def _open_call(function: Function, part: Formula, body: Formula, known: frozenset[Formula], loops: int) -> Formula:
    """The call: its answer is remembered, which that of an inlined loop is not."""
    return part


def _write_disjunction(function: Function, part: Formula, block: Block, scope: EmitScope) -> bool:
    return False


def _before_loop(function: Function, loop: Exists, block: Block) -> None:
    pass


STRATEGY = Strategy(_opens, _open_call, _write_disjunction, _before_loop, index_rows)

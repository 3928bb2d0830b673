"""Indexes: built once a decision, they select the rows of a loop that can satisfy its body."""

from authz.analysis.definitions import Definition
from authz.analysis.simplify import conjuncts_of, normalize
from authz.analysis.substitute import free_variables, root_of
from authz.codegen.python.expressions import value_text, write_condition
from authz.codegen.python.function import EmitScope, Function, IndexFunction
from authz.codegen.python.inline import flatten
from authz.codegen.python.plan import LOOP_COST
from authz.language.ir import Access, And, Compare, Constant, Exists, Formula, Not, Value, Variable
from authz.language.types import Optional


def index_rows(function: Function, loop: Exists, depth: int, scope: EmitScope) -> str:
    """The expression for the rows that an index selects, after the statements that build the index.

    Rows are selected by the conjuncts that read the row and the request alone, and by a key where some conjunct
    gives it. Where the only other conjunct is a comparison, the index keeps only the row likeliest to satisfy it.
    """
    all_rows = value_text(function, loop.collection, scope)
    request = loop.collection.root
    parts = [each for part in conjuncts_of(loop.body) for each in flatten(function, part)]
    alone = [part for part in parts if free_variables(part) <= {loop.variable.name, request.name}]
    key = next((k for part in parts if part not in alone and (k := key_of(part, loop.variable))), None)
    rest = [part for part in parts if part not in alone and (key is None or key_of(part, loop.variable) != key)]
    extreme = extreme_of(rest[0], loop.variable) if len(rest) == 1 else None
    if extreme is None:
        alone = [part for part in alone if function.plan.cost(part) < LOOP_COST]
    if not function.plan.is_request(request.type) or (not alone and not extreme):
        if key is None:
            return all_rows
        field, value = function.plan.attribute(key[0]), value_text(function, key[1], scope)
        return f"rows_where(memo, {all_rows}, {field!r}, {value})"
    name = function.nested_name()
    definition = Definition(name, (request,), And(tuple(alone)), (loop.span,))
    function.nested.append(IndexFunction(name, definition, loop, key and key[0], extreme))
    function.write(depth, f"index = memo.get(('index', {name!r}))")
    function.write(depth, "if index is None:")
    function.write(depth + 1, f"index = {name}({function.variable_name(request.name)}, memo)")
    return f"index.get({value_text(function, key[1], scope) if key else None}, ())"


def write_index(function: Function, index: IndexFunction) -> None:
    """Write the statements of a function that builds an index."""
    scope = EmitScope()
    attribute = function.plan.attribute
    row = function.variable_name(index.loop.variable.name)
    function.write(1, f"index = memo['index', {index.name!r}] = {{}}")
    function.write(1, f"for {row} in {value_text(function, index.loop.collection, scope)}:")
    parts = sorted(conjuncts_of(index.definition.formula), key=function.plan.cost)
    if parts:
        write_condition(function, 2, "if ", [normalize(Not(part)) for part in parts], " or ", scope)
        function.write(3, "continue")
    key = f"{row}.{attribute(index.key)}" if index.key else "None"
    if index.extreme is None:
        function.write(2, f"index.setdefault({key}, []).append({row})")
    else:
        name, better = index.extreme
        field = attribute(name)
        function.write(2, f"kept = index.get({key})")
        function.write(2, f"if kept is None or kept[0].{field} {better} {row}.{field}:")
        function.write(3, f"index[{key}] = ({row},)")
    function.write(1, "return index")


def extreme_of(part: Formula, row: Variable) -> tuple[str, str] | None:
    """The field of a row that a comparison wants large or small, and the operator by which a better row replaces one.

    ("level", "<"): a row replaces the row kept whose `level` is smaller than its own.
    """
    if not isinstance(part, Compare) or part.operator not in ("<", "<=", ">", ">="):
        return None
    for side, other, larger in ((part.left, part.right, (">", ">=")), (part.right, part.left, ("<", "<="))):
        if (field := _own_field(side, other, row)) is not None:
            return field, "<" if part.operator in larger else ">"
    return None


def key_of(part: Formula, row: Variable) -> tuple[str, Value] | None:
    """The field and the value by which rows can be looked up: from `row.field = value`, with another root."""
    if not isinstance(part, Compare) or part.operator != "=":
        return None
    for side, other in ((part.left, part.right), (part.right, part.left)):
        if isinstance(other, Constant) or (isinstance(side, Access) and isinstance(side.type, Optional)):
            continue
        if (field := _own_field(side, other, row)) is not None:
            return field, other
    return None


def _own_field(side: Value, other: Value, row: Variable) -> str | None:
    """The field that one side of a comparison is, where it is a field of the row and the other side is not."""
    if isinstance(side, Access) and side.root == row and len(side.fields) == 1 and root_of(other) != row:
        return side.fields[0]
    return None

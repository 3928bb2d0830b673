"""Hoisting: give values that are read more than once a local name, before the statements that read them."""

from authz.analysis.simplify import conjuncts_of
from authz.codegen.python.expressions import value_text
from authz.codegen.python.function import EmitScope, Function
from authz.codegen.python.inline import flatten
from authz.language.ir import Access, Exists, Formula, values
from authz.language.types import Optional, Record


def hoist(function: Function, formulas: list[Formula], depth: int, scope: EmitScope) -> None:
    """Name the values that some formulas read, and that the function reads more than once."""
    _name_values(function, hoistable(function, formulas, scope), depth, scope)


def hoistable(function: Function, formulas: list[Formula], scope: EmitScope) -> list[Access]:
    """The values that `hoist` would name."""
    parameters = set(function.parameters())
    return [
        value
        for value in _nameable(function, formulas, scope, parameters)
        if value.root.name in parameters and function.estimated_reads(value) > 1
    ]


def hoist_out_of_loop(function: Function, loop: Exists, depth: int, scope: EmitScope) -> None:
    """Name the values that a loop's body reads and that are the same for every row."""
    parts = [conjunct for part in conjuncts_of(loop.body) for conjunct in flatten(function, part)]
    roots = {*function.parameters(), *scope.loops} - {loop.variable.name}
    _name_values(function, _nameable(function, parts, scope, roots), depth, scope)


def _nameable(function: Function, formulas: list[Formula], scope: EmitScope, roots: set[str]) -> list[Access]:
    """The fields of some variables that formulas read, that have no name yet, and that can be read here."""
    read = dict.fromkeys(value for formula in formulas for value in values(formula) if isinstance(value, Access))
    return [v for v in read if v not in scope.locals and v.root.name in roots and _is_total(function, v)]


def _name_values(function: Function, read: list[Access], depth: int, scope: EmitScope) -> None:
    for value in read:
        name = function.local_name(value)
        function.write(depth, f"{name} = {value_text(function, value, scope)}")
        scope.locals[value] = name


def _is_total(function: Function, value: Access) -> bool:
    """Whether a value can be read wherever its variable can: its path passes through no optional."""
    type_ = value.root.type
    for name in value.fields[:-1]:
        assert isinstance(type_, Record)  # only records have fields
        declared = function.plan.schema.field(type_, name)
        assert declared is not None  # the type checker refuses a field that no record type declares
        if isinstance(declared.type, Optional):
            return False
        type_ = declared.type
    return True

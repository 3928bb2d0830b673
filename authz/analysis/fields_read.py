"""Which fields of the request each rule reads."""

from collections.abc import Iterable, Mapping

from authz.language.ir import Access, Formula, Program, Value, invocations, values
from authz.language.types import Type

Fields = frozenset[str]
"""Names of fields of the request."""


def fields_read(program: Program) -> dict[str, Fields]:
    """By rule: the fields of the request that it reads, itself or in the rules that it calls."""
    by_rule: dict[str, Fields] = {}
    for name, rules in program.rules.items():  # callees come before callers
        read = (fields_read_by(rule.body, by_rule, program.schema.request) for rule in rules)
        by_rule[name] = frozenset().union(*read)
    return by_rule


def fields_read_by(formula: Formula, by_rule: Mapping[str, Fields], request: Type) -> Fields:
    """The fields of the request that a formula reads, itself or in the rules that it calls."""
    return fields_of(values(formula), request).union(*(by_rule[call.name] for call in invocations(formula)))


def fields_of(paths: Iterable[Value], request: Type) -> Fields:
    """The fields of the request that some values are or pass through."""
    return frozenset(path.fields[0] for path in paths if isinstance(path, Access) and path.root.type == request)

"""Required rows: the collections of a request that must have a row wherever a rule holds.

A search looks for candidates only among the rows of the collections that `allow` requires, and misses no permit.
"""

from collections.abc import Mapping

from authz.language.ir import Access, And, Exists, Formula, Invoke, Member, Or, Program
from authz.language.types import Type


def required_rows(program: Program, name: str = "allow") -> frozenset[str]:
    """The request's collections that have a row wherever the rule of this name holds."""
    by_rule: dict[str, frozenset[str]] = {}
    for rule_name, alternatives in program.rules.items():  # callees come before callers
        required = [_required_by(rule.body, by_rule, program.schema.request) for rule in alternatives]
        by_rule[rule_name] = frozenset.intersection(*required)
    return by_rule.get(name, frozenset())


def _required_by(formula: Formula, by_rule: Mapping[str, frozenset[str]], request: Type) -> frozenset[str]:
    match formula:
        case And(parts=parts):
            return frozenset().union(*(_required_by(part, by_rule, request) for part in parts))
        case Or(parts=parts) if parts:
            return frozenset.intersection(*(_required_by(part, by_rule, request) for part in parts))
        case Invoke(name=name):
            return by_rule[name]
        case Exists(collection=collection, body=body):
            return _request_field(collection, request) | _required_by(body, by_rule, request)
        case Member(collection=Access() as collection):
            return _request_field(collection, request)
        case _:
            return frozenset()


def _request_field(access: Access, request: Type) -> frozenset[str]:
    # A program has one request: every value of its type is that request.
    return frozenset(access.fields) if access.root.type == request and len(access.fields) == 1 else frozenset()

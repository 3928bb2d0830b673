"""What a permit needs: the collections of a request without whose rows no rule can permit anything.

A search looks for candidates among the rows of these collections alone, and misses nobody.
"""

from authz.language.ir import Access, And, Exists, Formula, Invoke, Member, Or, Program
from authz.language.types import Type


def needed(program: Program, name: str = "allow") -> frozenset[str]:
    """The request's collections that must have a row wherever the rules of this name hold."""
    known: dict[str, frozenset[str]] = {}
    for rule, alternatives in program.rules.items():  # callees come before callers
        found = [_of(one.body, known, program.schema.request) for one in alternatives]
        known[rule] = frozenset.intersection(*found)
    return known.get(name, frozenset())


def _of(formula: Formula, known: dict[str, frozenset[str]], request: Type) -> frozenset[str]:
    match formula:
        case And(parts=parts):
            return frozenset().union(*(_of(part, known, request) for part in parts))
        case Or(parts=parts) if parts:
            return frozenset.intersection(*(_of(part, known, request) for part in parts))
        case Invoke(name=name):
            return known[name]
        case Exists(collection=collection, body=body):
            return _collection(collection, request) | _of(body, known, request)
        case Member(collection=Access() as collection):
            return _collection(collection, request)
        case _:
            return frozenset()


def _collection(access: Access, request: Type) -> frozenset[str]:
    # A program has one request: whatever is of its type is that one.
    return frozenset(access.fields) if access.root.type == request and len(access.fields) == 1 else frozenset()

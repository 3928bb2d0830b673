"""Find permits by omission: a `not` over a collection that is also empty when a request leaves its key out.

A collection of the request holds the rows whose key fields equal the ids in the request. When such an id is absent or
unknown the collection is empty, so that a `not` over it holds. Where `allow` depends on that, a conjunct must say that
the key is present, as narrowing demands of a field that may be nil.

The pass follows calls from `allow`, callers before callees, and counts the negations on the way. A rule that is reached
from several places is checked with what is known at all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from authz.language.catalogue.types import PERMIT_BY_OMISSION
from authz.language.diagnostics import Diagnostic
from authz.language.ir import Absent, Access, And, CheckedRule, Exists, Formula, Invoke, Member, Not, Or, Value
from authz.language.printer import value_to_polar
from authz.language.sources import Sources
from authz.language.types import Schema

Fields = frozenset[str]
"""Fields of the request that are present."""
NONE: Fields = frozenset()


@dataclass
class _Pass:
    """What the pass looks up, and what it gathers.

    `guarded` and `implied` have the fields that are present whenever a rule holds: because a conjunct tests them, or
    also because a collection has a row. Mutable: each call adds to `known`, each finding to `diagnostics`.
    """

    schema: Schema
    sources: Sources
    guarded: dict[str, Fields] = field(default_factory=dict)
    implied: dict[str, Fields] = field(default_factory=dict)
    known: dict[tuple[str, bool], Fields] = field(default_factory=lambda: {("allow", False): NONE})
    """What is known to be present at every call of a rule, by its name and whether it stands under a `not`."""
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def keys(self, collection: object) -> Fields:
        """The fields of the request that may be absent, and without which a collection is empty."""
        name = self.request_field(collection)
        return frozenset(self.schema.collection_keys.get(name, ()))

    def request_field(self, value: object) -> str:
        """The field of the request that a value is; else an empty string."""
        is_field = isinstance(value, Access) and value.root.type == self.schema.request and len(value.fields) == 1
        return value.fields[0] if is_field and isinstance(value, Access) else ""


def check_omissions(rules: Mapping[str, Sequence[CheckedRule]], schema: Schema, sources: Sources) -> list[Diagnostic]:
    """The diagnostics of rules, given callees before callers; all of them are free of other diagnostics."""
    state = _Pass(schema, sources)
    for name, alternatives in rules.items():
        for table, rows_count in ((state.guarded, False), (state.implied, True)):
            table[name] = _intersection([_present(rule.body, rows_count, state) for rule in alternatives])
    for name in reversed(list(rules)):
        for negated in (False, True):
            known = state.known.get((name, negated))
            for rule in rules[name] if known is not None else ():
                _check(rule.body, known or NONE, negated, state)
    return list(dict.fromkeys(state.diagnostics))


def _check(formula: Formula, known: Fields, negated: bool, state: _Pass) -> None:
    """Report the collections that must not be empty by omission; `known` are the fields known to be present."""
    match formula:
        case And(parts=parts):
            # Under a `not` a row proves nothing: the `not` holds where there is none.
            known = known.union(*(_present(part, not negated, state) for part in parts))
            for part in parts:
                _check(part, known, negated, state)
        case Or(parts=parts):
            # A branch that tests for absence says what an absent key means.
            known = known.union(state.request_field(part.value) for part in parts if isinstance(part, Absent))
            for part in parts:
                _check(part, known, negated, state)
        case Not(operand=operand):
            _check(operand, known, not negated, state)
        case Exists(collection=collection, body=body):
            _check_collection(formula, collection, known, negated, state)
            _check(body, known | state.keys(collection), negated, state)
        case Member(collection=Access() as collection):
            _check_collection(formula, collection, known, negated, state)
        case Invoke(name=name):
            state.known[name, negated] = state.known.get((name, negated), known) & known


def _check_collection(formula: Exists | Member, collection: Value, known: Fields, negated: bool, state: _Pass) -> None:
    missing = sorted(state.keys(collection) - known) if negated else []
    if missing and isinstance(collection, Access):
        key = f"{collection.root.name}.{missing[0]}"
        problem = f"`{value_to_polar(collection)}` is empty too where `{key}` is nil, and a `not` over it then permits"
        help = f"write `{key} != nil and ...` before the `not`"
        state.diagnostics.append(state.sources.diagnostic(PERMIT_BY_OMISSION, formula.span, problem, help))


def _present(formula: Formula, rows_count: bool, state: _Pass) -> Fields:
    """The fields that are present wherever a formula holds; `rows_count`: a row shows that the keys are present."""
    match formula:
        case Not(operand=Absent(value=value)):
            return frozenset({state.request_field(value)}) - {""}
        case Not(operand=Not(operand=operand)):
            return _present(operand, rows_count, state)
        case Not(operand=Or(parts=parts)):
            return NONE.union(*(_present(Not(part), rows_count, state) for part in parts))
        case And(parts=parts):
            return NONE.union(*(_present(part, rows_count, state) for part in parts))
        case Or(parts=parts):
            return _intersection([_present(part, rows_count, state) for part in parts])
        case Exists(collection=collection, body=body):
            return (state.keys(collection) if rows_count else NONE) | _present(body, rows_count, state)
        case Member(collection=collection):
            return state.keys(collection) if rows_count else NONE
        case Invoke(name=name):
            # A rule that the parser could not read has no formula.
            return (state.implied if rows_count else state.guarded).get(name, NONE)
    return NONE


def _intersection(fields: Sequence[Fields]) -> Fields:
    return reduce(frozenset.intersection, fields) if fields else NONE

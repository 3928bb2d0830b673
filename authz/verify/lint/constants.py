"""Lint of texts: comparisons of a request's action, of a part of it or of a type with a text that it never is.

A request may carry any action and any type. The bundle decides on those alone that its manifest declares.
"""

from collections.abc import Iterator, Mapping

from authz.bundle.derived import PartTable
from authz.bundle.loading import Bundle
from authz.bundle.vocabulary import REQUEST, Vocabulary
from authz.language.diagnostics import Diagnostic, Span, did_you_mean
from authz.language.ir import (
    Access,
    CheckedRule,
    Compare,
    Constant,
    Formula,
    Member,
    Value,
    Variable,
    invocations,
    subformulas,
    values,
)
from authz.language.sources import Sources
from authz.language.types import Record
from authz.verify import catalogue

Texts = frozenset[str]
Flow = dict[tuple[str, int], set[Texts | None]]
"""By rule and index of a parameter: the texts that each argument for it can be, or None for any."""


def impossible_constants(bundle: Bundle, sources: Sources) -> Iterator[Diagnostic]:
    """Comparisons of a request's action, of a part of it or of a type with a text that it never is."""
    rules = bundle.program.rules
    known = _known_strings(bundle.vocabulary)
    flowing: Flow = {("allow", 1): {frozenset(bundle.vocabulary.actions)}}
    for name in reversed(tuple(rules)):  # callers come before callees
        for rule in rules[name]:
            strings = _strings_of(rule, flowing, known)
            for index, parameter in enumerate(rule.parameters):
                if isinstance(parameter, Constant) and (reaching := _joined(flowing, (name, index))) is not None:
                    yield from _outside(reaching, (parameter,), rule.span, sources)
            for part in subformulas(rule.body):
                yield from _checked(part, strings, sources)
            for call in invocations(rule.body):
                for index, argument in enumerate(call.arguments):
                    flowing.setdefault((call.name, index), set()).add(_texts(argument, strings))


def _known_strings(vocabulary: Vocabulary) -> dict[tuple[str, ...], Texts]:
    actions = frozenset(vocabulary.actions)
    known: dict[tuple[str, ...], Texts] = {
        ("action",): actions,
        ("subject_type",): frozenset({vocabulary.subject.type}),
        ("resource_type",): frozenset({vocabulary.resource.type}),
    }
    for name, table in vocabulary.derived.items():
        if isinstance(table, PartTable) and table.of == "action":
            before = table.part == "before_underscore"
            split = [action.partition("_") for action in actions]
            known[(name,)] = frozenset(head if before else tail for head, separator, tail in split if separator)
    return known


def _strings_of(rule: CheckedRule, flowing: Flow, known: Mapping[tuple[str, ...], Texts]) -> dict[Value, Texts]:
    """The texts that the values of a rule can be, where these are known."""
    strings: dict[Value, Texts] = {}
    for index, parameter in enumerate(rule.parameters):
        if isinstance(parameter, Variable) and (reaching := _joined(flowing, (rule.name, index))) is not None:
            strings[parameter] = reaching
    for value in values(rule.body):
        if isinstance(value, Access) and value.root.type == Record(REQUEST) and value.fields in known:
            strings[value] = known[value.fields]
    return strings


def _joined(flowing: Flow, place: tuple[str, int]) -> Texts | None:
    """All texts that reach a parameter; None if one of its arguments could be any."""
    reaching = flowing.get(place, {None})
    return None if None in reaching else frozenset().union(*(texts for texts in reaching if texts is not None))


def _texts(argument: Value, strings: Mapping[Value, Texts]) -> Texts | None:
    if isinstance(argument, Constant) and isinstance(argument.value, str):
        return frozenset({argument.value})
    return strings.get(argument)


def _checked(part: Formula, strings: Mapping[Value, Texts], sources: Sources) -> Iterator[Diagnostic]:
    match part:
        case Compare(left=left, right=Constant() as constant) if left in strings:
            yield from _outside(strings[left], (constant,), part.span, sources)
        case Compare(left=Constant() as constant, right=right) if right in strings:
            yield from _outside(strings[right], (constant,), part.span, sources)
        case Member(value=value, collection=tuple(constants)) if value in strings:
            yield from _outside(strings[value], constants, part.span, sources)


def _outside(texts: Texts, constants: tuple[Constant, ...], span: Span, sources: Sources) -> Iterator[Diagnostic]:
    for constant in constants:
        if isinstance(constant.value, str) and constant.value not in texts:
            problem = f"no request that the bundle decides on has `{constant.value}` here"
            near = did_you_mean(constant.value, texts) or _listed(texts)
            yield sources.diagnostic(catalogue.IMPOSSIBLE_CONSTANT, span, problem, near)


def _listed(texts: Texts) -> str:
    return f"it is one of {', '.join(f'`{text}`' for text in sorted(texts)[:10])}" if texts else ""

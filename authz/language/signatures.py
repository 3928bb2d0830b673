"""What each rule's head says: one arity and one type a position for every rule of a name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from authz.language import syntax
from authz.language.faults import Fault, did_you_mean
from authz.language.sources import Sources
from authz.language.types import BOOLEAN, INTEGER, STRING, Enumeration, Record, Schema, Type


@dataclass(frozen=True, slots=True)
class Signature:
    """The types of a rule's parameters; and per position, where every head has a constant, those constants."""

    types: tuple[Type, ...]
    constants: tuple[frozenset[str | int | bool] | None, ...]
    first: syntax.Rule | syntax.Declaration


def constant_type(value: str | int | bool | None) -> Type:
    """The type of a constant by itself; an enumeration's value counts as a string until it is compared."""
    if isinstance(value, bool):
        return BOOLEAN
    return INTEGER if isinstance(value, int) else STRING


def signatures(
    files: Iterable[syntax.File], schema: Schema, sources: Sources
) -> tuple[Mapping[str, Signature], list[Fault]]:
    """The signature of each rule name, and the faults of all heads.

    A class mismatch never matches in Polar, so under `not` it would permit: rules of one name share their types.
    """
    files = list(files)
    found: dict[str, Signature] = {}
    faults: list[Fault] = []
    heads: list[syntax.Rule | syntax.Declaration] = [d for f in files for d in f.declarations] + [
        r for f in files for r in f.rules
    ]
    # Heads without literals first: a literal takes the type that a variable's head gives its position.
    for head in sorted(heads, key=lambda h: any(p.literal for p in h.parameters)):
        earlier = found.get(head.name.name)
        types, problems = _types(head, earlier, schema, sources)
        faults += problems
        if earlier is None:
            found[head.name.name] = Signature(types, tuple(map(_constants, head.parameters)), head)
        elif len(earlier.types) == len(types):
            merged = tuple(_merge(c, p) for c, p in zip(earlier.constants, head.parameters, strict=True))
            found[head.name.name] = Signature(earlier.types, merged, earlier.first)
    faults += _allow_and_reason(files, schema, sources)
    return found, faults


def _constants(parameter: syntax.Parameter) -> frozenset[str | int | bool] | None:
    literal = parameter.literal
    return None if literal is None or literal.value is None else frozenset({literal.value})


def _merge(
    known: frozenset[str | int | bool] | None, parameter: syntax.Parameter
) -> frozenset[str | int | bool] | None:
    more = _constants(parameter)
    return None if known is None or more is None else known | more


def _types(
    head: syntax.Rule | syntax.Declaration, earlier: Signature | None, schema: Schema, sources: Sources
) -> tuple[tuple[Type, ...], list[Fault]]:
    faults: list[Fault] = []
    if earlier is not None and len(earlier.types) != len(head.parameters):
        place = earlier.first.span
        counts = f"{len(head.parameters)} parameters here and {len(earlier.types)}"
        problem = f"`{head.name.name}` has {counts} at {place.path}:{place.line}"
        return (), [sources.fault(head.span, problem, "a rule of another arity never matches: give it another name")]
    types: list[Type] = []
    for index, parameter in enumerate(head.parameters):
        known = earlier.types[index] if earlier else None
        if parameter.literal is not None:
            kind, fault = _literal_type(parameter.literal, known, sources)
        else:
            kind, fault = _named_type(parameter, known, earlier, schema, sources)
        types.append(kind)
        faults += fault
    return tuple(types), faults


def _literal_type(literal: syntax.Literal, known: Type | None, sources: Sources) -> tuple[Type, list[Fault]]:
    kind = constant_type(literal.value)
    if known is None or kind == known:
        return known or kind, []
    if isinstance(known, Enumeration) and isinstance(literal.value, str):
        if literal.value in known.values:
            return known, []
        return known, [sources.outside(literal, known)]
    return known, [
        sources.fault(literal.span, f"the other rules of this name have a `{known}` here, and this is a `{kind}`")
    ]


def _named_type(
    parameter: syntax.Parameter, known: Type | None, earlier: Signature | None, schema: Schema, sources: Sources
) -> tuple[Type, list[Fault]]:
    assert parameter.name is not None  # a parameter is a literal or a name
    if parameter.type is None:
        problem = f"`{parameter.name.name}` has no type"
        return known or STRING, [
            sources.fault(parameter.span, problem, f"write `{parameter.name.name}: Type`, or a constant in quotes")
        ]
    kind = schema.named(parameter.type.name)
    if kind is None:
        word = parameter.type.name
        return known or STRING, [
            sources.fault(parameter.type.span, f"unknown type `{word}`", did_you_mean(word, schema.names()))
        ]
    if known is not None and earlier is not None and kind != known:
        place = earlier.first.span
        problem = f"`{parameter.name.name}` is a `{kind}` here and a `{known}` at {place.path}:{place.line}"
        return known, [
            sources.fault(
                parameter.type.span, problem, "rules of one name share their types: give this one another name"
            )
        ]
    return kind, []


def _allow_and_reason(files: list[syntax.File], schema: Schema, sources: Sources) -> list[Fault]:
    """The two entry points: `allow(subject, action, request)` and `reason(request, "CODE")`."""
    faults: list[Fault] = []
    given: set[str] = set()
    rules = [rule for file in files for rule in file.rules]
    for rule in rules:
        if rule.name.name == "allow":
            faults += _allow_head(rule, schema, sources)
        elif rule.name.name == "reason":
            code, problems = _reason_head(rule, schema, sources)
            given.add(code)
            faults += problems
    if not any(rule.name.name == "allow" for rule in rules):
        faults.append(
            sources.bundle(
                f"no rule `allow(_subject: {schema.subject}, action: String, request: {schema.request}) if ...;`"
            )
        )
    missing = [code for code in schema.codes if code not in given]
    faults += [
        sources.bundle(f'the catalogue has `{code}` and no rule `reason(request: {schema.request}, "{code}")`')
        for code in missing
    ]
    return faults


def _head_types(rule: syntax.Rule, wanted: tuple[Record | None, ...], form: str, sources: Sources) -> list[Fault]:
    if len(rule.parameters) != len(wanted):
        return [sources.fault(rule.span, f"`{rule.name.name}` takes {len(wanted)} parameters", f"write `{form}`")]
    faults = []
    for parameter, kind in zip(rule.parameters, wanted, strict=True):
        if kind is None or (parameter.literal is None and (parameter.type is None or parameter.type.name == kind.name)):
            continue
        faults.append(sources.fault(parameter.span, f"`{rule.name.name}` takes a `{kind}` here", f"write `{form}`"))
    return faults


def _allow_head(rule: syntax.Rule, schema: Schema, sources: Sources) -> list[Fault]:
    form = f"allow(_subject: {schema.subject}, action: String, request: {schema.request}) if ..."
    faults = _head_types(rule, (schema.subject, None, schema.request), form, sources)
    if len(rule.parameters) != 3:
        return faults
    action = rule.parameters[1]
    if action.literal is not None and not isinstance(action.literal.value, str):
        faults.append(sources.fault(action.span, "an action is a string", f"write `{form}`"))
    if action.name is not None and action.type is not None:
        if action.type.name != "String":
            faults.append(sources.fault(action.type.span, "an action is a `String`", f"write `{form}`"))
        elif action.name.name.startswith("_"):
            faults.append(
                sources.fault(
                    action.span,
                    "this allows every action",
                    "name it `action: String` and say which, or put one in quotes",
                )
            )
    return faults


def _reason_head(rule: syntax.Rule, schema: Schema, sources: Sources) -> tuple[str, list[Fault]]:
    form = f'reason(request: {schema.request}, "CODE") if ...'
    faults = _head_types(rule, (schema.request, None), form, sources)
    if len(rule.parameters) != 2:
        return "", faults
    code = rule.parameters[1]
    if code.literal is None or not isinstance(code.literal.value, str):
        return "", [*faults, sources.fault(code.span, "a reason names its code as a constant", f"write `{form}`")]
    value = code.literal.value
    if value not in schema.codes:
        faults.append(
            sources.fault(code.span, f"`{value}` is not in the catalogue of reasons", did_you_mean(value, schema.codes))
        )
    return value, faults

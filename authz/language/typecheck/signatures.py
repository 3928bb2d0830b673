"""What each rule's head says: one arity and one type a position for every rule of a name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from authz.language import ast as syntax
from authz.language.diagnostics import Diagnostic, Span, did_you_mean
from authz.language.sources import Sources
from authz.language.types import BOOLEAN, INTEGER, STRING, UNKNOWN, Enumeration, Record, Schema, Type

Head = syntax.Rule | syntax.Declaration

_SHARED = "rules of one name share their types: give this one another name"


@dataclass(frozen=True, slots=True)
class Signature:
    """The types of a rule's parameters; and per position, where every head has a constant, those constants."""

    types: tuple[Type, ...]
    constants: tuple[frozenset[str | int | bool] | None, ...]


def constant_type(value: str | int | bool | None) -> Type:
    """The type of a constant by itself; an enumeration's value counts as a string until it is compared."""
    if isinstance(value, bool):
        return BOOLEAN
    return INTEGER if isinstance(value, int) else STRING


def signatures(
    files: Iterable[syntax.File], schema: Schema, sources: Sources
) -> tuple[Mapping[str, Signature], list[Diagnostic]]:
    """The signature of each rule name, and the faults of all heads.

    A class mismatch never matches in Polar, so under `not` it would permit: rules of one name share their types.
    """
    files = list(files)
    alike: dict[str, list[Head]] = {}
    declarations: list[Head] = [declaration for file in files for declaration in file.declarations]
    for head in declarations + [rule for file in files for rule in file.rules]:
        alike.setdefault(head.name.name, []).append(head)
    found: dict[str, Signature] = {}
    faults: list[Diagnostic] = []
    for name, heads in alike.items():
        found[name], problems = _signature(heads, schema, sources)
        faults += problems
    faults += _allow_and_reason(files, schema, sources)
    return found, faults


def _signature(heads: list[Head], schema: Schema, sources: Sources) -> tuple[Signature, list[Diagnostic]]:
    """What heads of one name agree on, declarations first."""
    first = heads[0]
    name, arity = first.name.name, len(first.parameters)
    faults: list[Diagnostic] = []
    for head in heads:
        if len(head.parameters) != arity:
            problem = f"`{name}` has {_parameters(len(head.parameters))} here and {arity} at {_place(first.span)}"
            repair = "a rule of another arity never matches: give it another name"
            faults.append(sources.fault(head.span, problem, repair))
    if name not in sources.unread and not any(isinstance(head, syntax.Rule) for head in heads):
        faults.append(sources.fault(first.span, f"`{name}` is declared and has no rule", "leave the declaration out"))
    heads = [head for head in heads if len(head.parameters) == arity]
    rules = [head for head in heads if isinstance(head, syntax.Rule)]
    types: list[Type] = []
    for column in zip(*(head.parameters for head in heads), strict=True):
        kind, place = _column_type(column, schema)
        types.append(kind)
        faults += [fault for parameter in column for fault in _parameter(parameter, kind, place, schema, sources)]
    constants = [_constants(column) for column in zip(*(rule.parameters for rule in rules), strict=True)]
    return Signature(tuple(types), tuple(constants or [None] * arity)), faults


def _column_type(column: Sequence[syntax.Parameter], schema: Schema) -> tuple[Type, Span]:
    """The type of one position, and the place that says so: a named type's, or else a literal's."""
    for parameter in column:
        kind = schema.named(parameter.type.name) if parameter.type else None
        if kind is not None:
            return kind, parameter.span
    literals = [p for p in column if p.literal is not None]
    if len(literals) == len(column) and literals[0].literal is not None:
        return constant_type(literals[0].literal.value), literals[0].span
    return UNKNOWN, column[0].span


def _constants(column: Sequence[syntax.Parameter]) -> frozenset[str | int | bool] | None:
    values = [p.literal.value for p in column if p.literal is not None and p.literal.value is not None]
    return frozenset(values) if len(values) == len(column) else None


def _parameter(
    parameter: syntax.Parameter, wanted: Type, place: Span, schema: Schema, sources: Sources
) -> Iterator[Diagnostic]:
    """The faults of one parameter, whose position has a type."""
    literal, name, named = parameter.literal, parameter.name, parameter.type
    if literal is not None:
        kind = constant_type(literal.value)
        if literal.value is None:
            yield sources.fault(literal.span, "`nil` in a head never matches", "ask `= nil` in the body")
        elif isinstance(wanted, Enumeration) and isinstance(literal.value, str):
            if literal.value not in wanted.values:
                yield sources.outside(literal, wanted)
        elif wanted not in (kind, UNKNOWN):
            yield sources.fault(literal.span, f"this is a `{kind}`, and a `{wanted}` at {_place(place)}", _SHARED)
        return
    assert name is not None  # a parameter is a literal or a name
    if named is None:
        problem = f"`{name.name}` has no type"
        yield sources.fault(parameter.span, problem, f"write `{name.name}: Type`, or a constant in quotes")
        return
    named_kind = schema.named(named.name)
    if named_kind is None:
        near = did_you_mean(named.name, schema.names())
        yield sources.fault(named.span, f"unknown type `{named.name}`", near)
    elif named_kind != wanted:
        problem = f"`{name.name}` is a `{named_kind}` here and a `{wanted}` at {_place(place)}"
        yield sources.fault(named.span, problem, _SHARED)


def _place(span: Span) -> str:
    return f"{span.path}:{span.line}"


def _parameters(count: int) -> str:
    return "1 parameter" if count == 1 else f"{count} parameters"


def _allow_and_reason(files: list[syntax.File], schema: Schema, sources: Sources) -> list[Diagnostic]:
    """The two entry points: `allow(subject, action, request)` and `reason(request, "CODE")`."""
    faults: list[Diagnostic] = []
    given: set[str] = set()
    rules = [rule for file in files for rule in file.rules]
    for rule in rules:
        if rule.name.name == "allow":
            faults += _allow_head(rule, schema, sources)
        elif rule.name.name == "reason":
            code, problems = _reason_head(rule, schema, sources)
            given.add(code)
            faults += problems
    if "allow" not in {rule.name.name for rule in rules} | sources.unread:
        faults.append(
            sources.bundle(
                f"no rule `allow(_subject: {schema.subject}, action: String, request: {schema.request}) if ...;`"
            )
        )
    missing = [code for code in schema.codes if code not in given and "reason" not in sources.unread]
    faults += [
        sources.bundle(f'the catalogue has `{code}` and no rule `reason(request: {schema.request}, "{code}")`')
        for code in missing
    ]
    return faults


def _head_types(rule: syntax.Rule, wanted: tuple[Record | None, ...], form: str, sources: Sources) -> list[Diagnostic]:
    if len(rule.parameters) != len(wanted):
        return [sources.fault(rule.span, f"`{rule.name.name}` takes {len(wanted)} parameters", f"write `{form}`")]
    faults = []
    for parameter, kind in zip(rule.parameters, wanted, strict=True):
        if kind is None or (parameter.literal is None and (parameter.type is None or parameter.type.name == kind.name)):
            continue
        faults.append(sources.fault(parameter.span, f"`{rule.name.name}` takes a `{kind}` here", f"write `{form}`"))
    return faults


def _allow_head(rule: syntax.Rule, schema: Schema, sources: Sources) -> list[Diagnostic]:
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


def _reason_head(rule: syntax.Rule, schema: Schema, sources: Sources) -> tuple[str, list[Diagnostic]]:
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

"""Check the heads of rules: one arity, and one type at each position, for all rules of a name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from authz.language import ast
from authz.language.catalogue.heads import (
    DECLARATION_WITHOUT_RULE,
    INCONSISTENT_ARITY,
    INCONSISTENT_PARAMETER_TYPE,
    NIL_IN_HEAD,
    RESERVED_RULE_NAME,
    UNKNOWN_TYPE,
    UNTYPED_PARAMETER,
)
from authz.language.catalogue.types import UNKNOWN_ENUMERATION_VALUE
from authz.language.diagnostics import Diagnostic, Span, did_you_mean
from authz.language.ir import ConstantValue
from authz.language.reserved import OSO_RULES
from authz.language.sources import Sources
from authz.language.typecheck.entry_points import check_entry_points
from authz.language.types import BOOLEAN, INTEGER, STRING, UNKNOWN, Enumeration, Schema, Type

Head = ast.Rule | ast.Declaration

_SHARED = "rules of one name share their types: give this one another name"


@dataclass(frozen=True, slots=True)
class Signature:
    """The types of a rule's parameters; and by position the constants of the heads, or None where one has a name."""

    types: tuple[Type, ...]
    constants: tuple[frozenset[ConstantValue] | None, ...]


def constant_type(value: ConstantValue | None) -> Type:
    """The type of a constant by itself; the value of an enumeration counts as a string until it is compared."""
    if isinstance(value, bool):
        return BOOLEAN
    return INTEGER if isinstance(value, int) else STRING


def enumeration_value_error(literal: ast.Literal, enumeration: Enumeration, sources: Sources) -> Diagnostic:
    """The diagnostic of a constant that an enumeration does not have."""
    values = ", ".join(f"`{value}`" for value in enumeration.values)
    problem = f"`{literal.value}` is not in `{enumeration}`: {values}"
    near = did_you_mean(str(literal.value), enumeration.values)
    return sources.diagnostic(UNKNOWN_ENUMERATION_VALUE, literal.span, problem, near)


def check_heads(
    files: Iterable[ast.File], schema: Schema, sources: Sources
) -> tuple[Mapping[str, Signature], list[Diagnostic]]:
    """The signature of each rule name, and the diagnostics of all heads and of the two entry points."""
    files = list(files)
    heads_by_name: dict[str, list[Head]] = {}
    declarations: list[Head] = [declaration for file in files for declaration in file.declarations]
    for head in declarations + [rule for file in files for rule in file.rules]:
        heads_by_name.setdefault(head.name.name, []).append(head)
    signatures: dict[str, Signature] = {}
    diagnostics: list[Diagnostic] = []
    for name, heads in heads_by_name.items():
        signatures[name], problems = _check_name(heads, schema, sources)
        diagnostics += problems
    return signatures, diagnostics + check_entry_points(files, schema, sources)


def _check_name(heads: list[Head], schema: Schema, sources: Sources) -> tuple[Signature, list[Diagnostic]]:
    """The signature that heads of one name agree on, declarations first."""
    first = heads[0]
    name, arity = first.name.name, len(first.parameters)
    diagnostics: list[Diagnostic] = []
    for head in heads:
        if name in OSO_RULES:
            problem = f"`{name}` is reserved: oso prescribes the parameters of this rule"
            diagnostics.append(sources.diagnostic(RESERVED_RULE_NAME, head.name.span, problem, "choose another name"))
        if len(head.parameters) != arity:
            count = len(head.parameters)
            problem = f"`{name}` has {count} parameter{'s' * (count != 1)} here and {arity} at {_place(first.span)}"
            help = "a rule of another arity never matches: give it another name"
            diagnostics.append(sources.diagnostic(INCONSISTENT_ARITY, head.span, problem, help))
    if name not in sources.unparsed and not any(isinstance(head, ast.Rule) for head in heads):
        problem = f"`{name}` is declared and has no rule"
        diagnostics.append(
            sources.diagnostic(DECLARATION_WITHOUT_RULE, first.span, problem, "leave the declaration out")
        )
    heads = [head for head in heads if len(head.parameters) == arity]
    rules = [head for head in heads if isinstance(head, ast.Rule)]
    types: list[Type] = []
    for column in zip(*(head.parameters for head in heads), strict=True):
        kind, place = _column_type(column, schema)
        types.append(kind)
        diagnostics += [d for parameter in column for d in _check_parameter(parameter, kind, place, schema, sources)]
    constants = [_constants(column) for column in zip(*(rule.parameters for rule in rules), strict=True)]
    return Signature(tuple(types), tuple(constants or [None] * arity)), diagnostics


def _column_type(column: Sequence[ast.Parameter], schema: Schema) -> tuple[Type, Span]:
    """The type of one position, and the parameter that says so: the first with a known type, else a literal."""
    for parameter in column:
        kind = schema.type_named(parameter.type.name) if parameter.type else None
        if kind is not None:
            return kind, parameter.span
    literals = [parameter.literal for parameter in column if parameter.literal is not None]
    if len(literals) == len(column):
        return constant_type(literals[0].value), literals[0].span
    return UNKNOWN, column[0].span


def _constants(column: Sequence[ast.Parameter]) -> frozenset[ConstantValue] | None:
    values = [p.literal.value for p in column if p.literal is not None and p.literal.value is not None]
    return frozenset(values) if len(values) == len(column) else None


def _check_parameter(
    parameter: ast.Parameter, expected: Type, place: Span, schema: Schema, sources: Sources
) -> Iterator[Diagnostic]:
    """The diagnostics of one parameter; `place` is where its position got the expected type."""
    if parameter.literal is not None:
        yield from _check_literal(parameter.literal, expected, place, sources)
        return
    name, kind = parameter.name, parameter.type
    assert name is not None  # a parameter is a literal or a name
    if kind is None:
        help = f"write `{name.name}: Type`, or a constant in quotes"
        yield sources.diagnostic(UNTYPED_PARAMETER, parameter.span, f"`{name.name}` has no type", help)
        return
    actual = schema.type_named(kind.name)
    if actual is None:
        near = did_you_mean(kind.name, schema.type_names())
        yield sources.diagnostic(UNKNOWN_TYPE, kind.span, f"unknown type `{kind.name}`", near)
    elif actual != expected:
        problem = f"`{name.name}` is of type `{actual}` here and `{expected}` at {_place(place)}"
        yield sources.diagnostic(INCONSISTENT_PARAMETER_TYPE, kind.span, problem, _SHARED)


def _check_literal(literal: ast.Literal, expected: Type, place: Span, sources: Sources) -> Iterator[Diagnostic]:
    kind = constant_type(literal.value)
    if literal.value is None:
        problem = "`nil` cannot be a parameter"
        yield sources.diagnostic(NIL_IN_HEAD, literal.span, problem, "test `= nil` in the body")
    elif isinstance(expected, Enumeration) and isinstance(literal.value, str):
        if literal.value not in expected.values:
            yield enumeration_value_error(literal, expected, sources)
    elif expected not in (kind, UNKNOWN):
        problem = f"the constant is of type `{kind}` here, and `{expected}` at {_place(place)}"
        yield sources.diagnostic(INCONSISTENT_PARAMETER_TYPE, literal.span, problem, _SHARED)


def _place(span: Span) -> str:
    return f"{span.path}:{span.line}"

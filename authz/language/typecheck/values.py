"""Check values: constants, variables and paths, their types, and whether they may be `nil`."""

from authz.language import ast
from authz.language.catalogue.entry import CatalogueEntry
from authz.language.catalogue.names import NOT_A_RECORD, UNKNOWN_FIELD
from authz.language.catalogue.types import (
    CONDITION_AS_VALUE,
    MISMATCHED_TYPES,
    MISPLACED_LIST,
    NIL_AS_VALUE,
    POSSIBLY_NIL,
    WHOLE_VALUE_COMPARISON,
)
from authz.language.diagnostics import Span, did_you_mean
from authz.language.ir import Access, Constant, Value, Variable
from authz.language.printer import quote_term
from authz.language.typecheck.scope import Scope, TermError, resolve_variable
from authz.language.typecheck.signatures import constant_type, enumeration_value_error
from authz.language.types import DATE, INSTANT, STRING, UNKNOWN, Collection, Enumeration, Optional, Record, Type


def check_value(term: ast.Term, scope: Scope) -> Value:
    """The value that a term stands for; it may be `nil`.

    Raises:
        TermError: the term has no value.
    """
    match term:
        case ast.Literal(value=None):
            raise scope.error(NIL_AS_VALUE, term.span, "`nil` is not a value", "test it with `= nil` or `!= nil`")
        case ast.Literal(value=constant) if constant is not None:
            return Constant(constant)
        case ast.Name():
            return resolve_variable(term, scope)
        case ast.Path():
            return _check_path(term, scope)
        case ast.ListLiteral():
            raise scope.error(MISPLACED_LIST, term.span, "a list can stand only to the right of `in`")
        case ast.Call(name=name):
            problem = f"`{name.name}(...)` is a condition where a value is expected"
            raise scope.error(CONDITION_AS_VALUE, term.span, problem, "join conditions with `and`")
    raise scope.error(CONDITION_AS_VALUE, term.span, "this is a condition where a value is expected")


def _check_path(path: ast.Path, scope: Scope) -> Value:
    value, text, span = resolve_variable(path.root, scope), path.root.name, path.root.span
    id_of = ""
    for name in path.fields:
        kind = _type_not_nil(value, text, span, scope)
        if not isinstance(kind, Record):
            raise _not_a_record(kind, id_of, text, name, scope)
        declared = scope.rule.schema.field(kind, name.name)
        if declared is None:
            near = did_you_mean(name.name, scope.rule.schema.records[kind.name].fields)
            raise scope.error(UNKNOWN_FIELD, name.span, f"`{kind}` has no field `{name.name}`", near)
        text, span, id_of = f"{text}.{name.name}", span.to(name.span), declared.id_of
        if isinstance(value, Access):
            value = Access(value.root, (*value.fields, name.name), declared.type)
        else:
            assert isinstance(value, Variable)  # a constant is not of a record type
            value = Access(value, (name.name,), declared.type)
    return value


def _not_a_record(kind: Type, id_of: str, text: str, field: ast.Name, scope: Scope) -> TermError:
    """The error for a field that is read of a value without fields; `id_of` is the record type whose id it is."""
    if isinstance(kind, Collection):
        help = f"pick an element first: `x in {text} and x.{field.name} ...`"
        return scope.error(NOT_A_RECORD, field.span, f"`{text}` has no fields: it is a collection", help)
    if not id_of:
        return scope.error(NOT_A_RECORD, field.span, f"`{text}` has no fields: it is a `{kind}`")
    schema = scope.rule.schema
    request = schema.records[schema.request.name].fields
    named = [name for name, each in request.items() if each.type == Optional(Record(id_of))]
    help = f"the request has the record as `{named[0]}`" if named else "compare the id with another id"
    return scope.error(NOT_A_RECORD, field.span, f"`{text}` has no fields: it is the id of a `{id_of}`", help)


def type_not_nil(value: Value, term: ast.Term, scope: Scope) -> Type:
    """The type of a value that must not be `nil` here.

    Raises:
        TermError: it may be `nil`, or its type is unknown.
    """
    return _type_not_nil(value, quote_term(term), term.span, scope)


def _type_not_nil(value: Value, text: str, span: Span, scope: Scope) -> Type:
    if isinstance(value, Constant):
        return constant_type(value.value)
    if value.type == UNKNOWN:
        raise TermError
    if not isinstance(value.type, Optional):
        return value.type
    if value not in scope.not_nil:
        if value in scope.nil_in_earlier_branch:
            help = f"both branches are evaluated: write `{text} = nil or ({text} != nil and ...)`"
        else:
            help = f"write `{text} != nil and ...` before it"
        raise scope.error(POSSIBLY_NIL, span, f"`{text}` may be `nil` here", help)
    return value.type.of


def check_constant(
    term: ast.Term, constant: Constant, expected: Type, scope: Scope, entry: CatalogueEntry = MISMATCHED_TYPES
) -> None:
    """Raise `TermError` unless a constant is of the expected type; `entry` is what to report of another type."""
    kind = constant_type(constant.value)
    if isinstance(expected, Enumeration) and isinstance(term, ast.Literal) and kind == STRING:
        if constant.value not in expected.values:
            scope.rule.diagnostics.append(enumeration_value_error(term, expected, scope.rule.sources))
            raise TermError
    elif kind != expected:
        problem = f"`{quote_term(term)}` is of type `{kind}`, expected `{expected}`"
        raise scope.error(entry, term.span, problem, parameter_help(expected))


def parameter_help(expected: Type) -> str:
    """What stands for a constant of a type that has none in rules."""
    if expected not in (INSTANT, DATE):
        return ""
    return f"rules have no constant of type `{expected}`: declare a parameter of it, and read `request.parameters`"


def check_comparable(kind: Type, term: ast.Term, scope: Scope) -> None:
    """Raise `TermError` for a record or a collection, which cannot be compared as a whole."""
    if isinstance(kind, Record | Collection):
        problem = f"a value of type `{kind}` cannot be compared as a whole"
        raise scope.error(WHOLE_VALUE_COMPARISON, term.span, problem, "compare a field, such as its `id`")

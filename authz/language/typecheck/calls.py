"""Check calls of other rules: the name, the number of arguments, and the type of each."""

from authz.language import ast
from authz.language.catalogue.heads import ENTRY_POINT_CALLED
from authz.language.catalogue.names import NO_RULE_FOR_CONSTANT, UNKNOWN_RULE, WRONG_ARGUMENT_COUNT
from authz.language.catalogue.types import WRONG_ARGUMENT_TYPE
from authz.language.diagnostics import did_you_mean
from authz.language.ir import Constant, Formula, Invoke, Value
from authz.language.printer import quote_term
from authz.language.typecheck.entry_points import ENTRY_POINTS
from authz.language.typecheck.scope import Scope, TermError
from authz.language.typecheck.signatures import Signature
from authz.language.typecheck.values import check_constant, check_value, type_not_nil
from authz.language.types import UNKNOWN


def check_call(term: ast.Call, scope: Scope) -> Formula:
    """The formula of a call; the diagnostics of all arguments are reported.

    Raises:
        TermError: there is no such rule, or it takes other arguments.
    """
    name = term.name.name
    if name in ENTRY_POINTS:
        problem = f"`{name}` is evaluated by the engine, and no rule can call it"
        raise scope.error(ENTRY_POINT_CALLED, term.name.span, problem, "give the condition a rule of its own")
    signature = scope.rule.signatures.get(name)
    if signature is None and name in scope.rule.sources.unparsed:
        raise TermError
    if signature is None:
        near = did_you_mean(name, scope.rule.signatures)
        raise scope.error(UNKNOWN_RULE, term.name.span, f"unknown rule `{name}`", near)
    expected, actual = len(signature.types), len(term.arguments)
    if expected != actual:
        problem = f"`{name}` takes {expected} argument{'s' * (expected != 1)}, got {actual}"
        help = "a call with another number of arguments never matches"
        raise scope.error(WRONG_ARGUMENT_COUNT, term.span, problem, help)
    arguments: list[Value] = []
    for index, argument in enumerate(term.arguments):
        try:
            arguments.append(_check_argument(name, signature, index, argument, scope))
        except TermError:
            continue
    if len(arguments) < actual:
        raise TermError
    return Invoke(name, tuple(arguments), term.span)


def _check_argument(name: str, signature: Signature, index: int, argument: ast.Term, scope: Scope) -> Value:
    value = check_value(argument, scope)
    kind, expected = type_not_nil(value, argument, scope), signature.types[index]
    if expected == UNKNOWN:
        raise TermError
    if isinstance(value, Constant):
        check_constant(argument, value, expected, scope, WRONG_ARGUMENT_TYPE)
        constants = signature.constants[index]
        if constants is not None and value.value not in constants and name not in scope.rule.sources.unparsed:
            near = did_you_mean(str(value.value), map(str, constants))
            problem = f"no rule `{name}` has {quote_term(argument)} here"
            raise scope.error(NO_RULE_FOR_CONSTANT, argument.span, problem, near)
    elif not scope.rule.schema.is_subtype(kind, expected):
        problem = f"`{name}` expects `{expected}` here, and `{quote_term(argument)}` is of type `{kind}`"
        constants = signature.constants[index]
        help = f"its heads have constants here: declare the type with `type {name}(...)`" if constants else ""
        raise scope.error(WRONG_ARGUMENT_TYPE, argument.span, problem, help)
    return value

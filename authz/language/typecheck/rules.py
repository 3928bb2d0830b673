"""Check one rule: bind its parameters, check its body, and report variables that are never used."""

from collections.abc import Mapping

from authz.language import ast
from authz.language.catalogue.heads import DUPLICATE_PARAMETER
from authz.language.catalogue.names import RESERVED_VARIABLE_NAME, UNUSED_VARIABLE
from authz.language.diagnostics import Diagnostic
from authz.language.ir import TRUE, CheckedRule, Constant, Variable
from authz.language.sources import Sources
from authz.language.typecheck.conditions import check_conjunction
from authz.language.typecheck.scope import RuleState, Scope, is_reserved, reserved_name_message
from authz.language.typecheck.signatures import Signature
from authz.language.types import UNKNOWN, Schema


def check_rule(
    rule: ast.Rule, signatures: Mapping[str, Signature], schema: Schema, sources: Sources
) -> tuple[CheckedRule, list[Diagnostic]]:
    """The typed form of one rule, and its diagnostics; the form is incomplete where there are diagnostics."""
    state = RuleState(signatures, schema, sources)
    scope = Scope(state)
    parameters = _bind_parameters(rule, scope)
    body = TRUE if rule.body is None else check_conjunction([rule.body], scope)
    _report_unused(rule, scope)
    return CheckedRule(rule.name.name, parameters, body, rule.span, sources.comment_above(rule.span)), state.diagnostics


def _bind_parameters(rule: ast.Rule, scope: Scope) -> tuple[Variable | Constant, ...]:
    state = scope.rule
    types = (*state.signatures[rule.name.name].types, *(UNKNOWN for _ in rule.parameters))
    parameters: list[Variable | Constant] = []
    for parameter, kind in zip(rule.parameters, types, strict=False):
        if parameter.literal is not None:
            if parameter.literal.value is not None:
                parameters.append(Constant(parameter.literal.value))
            continue
        name = parameter.name
        assert name is not None  # a parameter is a literal or a name
        variable = Variable(state.fresh_name(name.name), kind)
        parameters.append(variable)
        if scope.is_visible(name.name):
            help = "rename one: Polar would require both to be equal"
            scope.error(DUPLICATE_PARAMETER, parameter.span, f"two parameters are named `{name.name}`", help)
        elif name.name != "_":
            scope.bind(name, variable.name, variable)
            if is_reserved(name.name, state.schema):
                scope.error(RESERVED_VARIABLE_NAME, name.span, *reserved_name_message(name.name))
                scope.mark_used(name.name)
            if parameter.type is None:
                scope.mark_used(name.name)  # the missing type is reported already
    return tuple(parameters)


def _report_unused(rule: ast.Rule, scope: Scope) -> None:
    for name in scope.rule.unused.values():
        if name.name.startswith("_"):
            continue
        is_action = rule.name.name == "allow" and name in [parameter.name for parameter in rule.parameters[1:2]]
        help = f'say which: `{name.name} = "..."`' if is_action else f"use it, or name it `_{name.name}`"
        scope.error(UNUSED_VARIABLE, name.span, f"`{name.name}` is never used", help)

"""Check the entry points that the engine evaluates: `allow(subject, action, request)`, `reason(request, "CODE")`."""

from authz.language import ast
from authz.language.catalogue.heads import (
    ALLOWS_EVERY_ACTION,
    ENTRY_POINT_SIGNATURE,
    MISSING_ALLOW,
    MISSING_REASON,
    REASON_CODE_NOT_CONSTANT,
    UNKNOWN_REASON_CODE,
)
from authz.language.diagnostics import Diagnostic, did_you_mean
from authz.language.sources import Sources
from authz.language.types import Record, Schema

ENTRY_POINTS = ("allow", "reason")


def check_entry_points(files: list[ast.File], schema: Schema, sources: Sources) -> list[Diagnostic]:
    """The diagnostics of the heads of `allow` and `reason`, and of rules that are missing."""
    diagnostics: list[Diagnostic] = []
    codes: set[str] = set()
    rules = [rule for file in files for rule in file.rules]
    for rule in rules:
        if rule.name.name == "allow":
            diagnostics += _check_allow(rule, schema, sources)
        elif rule.name.name == "reason":
            code, problems = _check_reason(rule, schema, sources)
            codes.add(code)
            diagnostics += problems
    if "allow" not in {rule.name.name for rule in rules} | sources.unparsed:
        head = f"allow(_subject: {schema.subject}, action: String, request: {schema.request}) if ...;"
        diagnostics.append(sources.bundle_diagnostic(MISSING_ALLOW, f"no rule `{head}`"))
    if "reason" not in sources.unparsed:
        for code in schema.codes:
            if code not in codes:
                problem = f'reason code `{code}` has no rule `reason(request: {schema.request}, "{code}")`'
                diagnostics.append(sources.bundle_diagnostic(MISSING_REASON, problem))
    return diagnostics


def _check_allow(rule: ast.Rule, schema: Schema, sources: Sources) -> list[Diagnostic]:
    write = f"write `allow(_subject: {schema.subject}, action: String, request: {schema.request}) if ...`"
    diagnostics = _check_types(rule, (schema.subject, None, schema.request), write, sources)
    if len(rule.parameters) != 3:
        return diagnostics
    action = rule.parameters[1]
    if action.literal is not None and not isinstance(action.literal.value, str):
        problem = "the action must be of type `String`"
        diagnostics.append(sources.diagnostic(ENTRY_POINT_SIGNATURE, action.span, problem, write))
    if action.name is not None and action.type is not None:
        if action.type.name != "String":
            problem = "the action must be of type `String`"
            diagnostics.append(sources.diagnostic(ENTRY_POINT_SIGNATURE, action.type.span, problem, write))
        elif action.name.name.startswith("_"):
            help = "name it `action: String` and constrain it, or put one action in quotes"
            problem = "this rule allows every action"
            diagnostics.append(sources.diagnostic(ALLOWS_EVERY_ACTION, action.span, problem, help))
    return diagnostics


def _check_reason(rule: ast.Rule, schema: Schema, sources: Sources) -> tuple[str, list[Diagnostic]]:
    """The code of a rule `reason`, or an empty string, and the diagnostics of its head."""
    write = f'write `reason(request: {schema.request}, "CODE") if ...`'
    diagnostics = _check_types(rule, (schema.request, None), write, sources)
    if len(rule.parameters) != 2:
        return "", diagnostics
    code = rule.parameters[1]
    if code.literal is None or not isinstance(code.literal.value, str):
        problem = "the reason code must be a constant"
        return "", [*diagnostics, sources.diagnostic(REASON_CODE_NOT_CONSTANT, code.span, problem, write)]
    value = code.literal.value
    if value not in schema.codes:
        near = did_you_mean(value, schema.codes)
        problem = f"unknown reason code `{value}`"
        diagnostics.append(sources.diagnostic(UNKNOWN_REASON_CODE, code.span, problem, near))
    return value, diagnostics


def _check_types(rule: ast.Rule, types: tuple[Record | None, ...], write: str, sources: Sources) -> list[Diagnostic]:
    """The diagnostics of an entry point's parameters; None stands for a position that is checked apart."""
    name = rule.name.name
    if len(rule.parameters) != len(types):
        problem = f"`{name}` must have {len(types)} parameters"
        return [sources.diagnostic(ENTRY_POINT_SIGNATURE, rule.span, problem, write)]
    diagnostics = []
    for parameter, kind in zip(rule.parameters, types, strict=True):
        if kind is None or (parameter.literal is None and (parameter.type is None or parameter.type.name == kind.name)):
            continue
        problem = f"this parameter of `{name}` must be of type `{kind}`"
        diagnostics.append(sources.diagnostic(ENTRY_POINT_SIGNATURE, parameter.span, problem, write))
    return diagnostics

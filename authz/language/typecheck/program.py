"""Check a bundle's rules against its schema: the profile, in which nothing can raise or fail open.

    files + schema --signatures--> types of heads --rules--> formulas --calls--> no recursion
                   --omissions--> no permit by omission: a Program

All diagnostics of all files are reported at once. Inside the profile, classical logic and oso agree.
"""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from authz.language import ast
from authz.language.catalogue.heads import RECURSIVE_RULES
from authz.language.diagnostics import Diagnostic, DiagnosticError
from authz.language.ir import CheckedRule, Program, invocations
from authz.language.sources import Sources
from authz.language.typecheck.duplicates import check_duplicates
from authz.language.typecheck.omissions import check_omissions
from authz.language.typecheck.rules import check_rule
from authz.language.typecheck.signatures import check_heads
from authz.language.types import Schema


def check_program(bundle: str, files: Iterable[ast.File], schema: Schema) -> Program:
    """The checked program of parsed files; `bundle` names the bundle in diagnostics that stand on no line.

    Raises:
        DiagnosticError: with every diagnostic, in order of place.
    """
    files = tuple(files)
    sources = Sources.of(bundle, files)
    signatures, diagnostics = check_heads(files, schema, sources)
    diagnostics += check_duplicates(files, sources)
    rules: dict[str, list[CheckedRule]] = {}
    for rule in (rule for file in files for rule in file.rules):
        checked, problems = check_rule(rule, signatures, schema, sources)
        diagnostics += problems
        rules.setdefault(checked.name, []).append(checked)
    order, recursion = _callees_first(rules, sources)
    diagnostics += recursion
    callees_first = {name: tuple(rules[name]) for name in order}
    if not diagnostics:
        diagnostics = check_omissions(callees_first, schema, sources)
    if diagnostics:
        raise DiagnosticError(diagnostics)
    return Program(callees_first, schema)


def _callees_first(rules: Mapping[str, list[CheckedRule]], sources: Sources) -> tuple[list[str], list[Diagnostic]]:
    """Rule names with callees first; recursion is reported at the first call of the cycle."""
    calls = {
        name: {call.name: call for rule in alternatives for call in invocations(rule.body) if call.name in rules}
        for name, alternatives in rules.items()
    }
    try:
        return list(TopologicalSorter({name: list(called) for name, called in calls.items()}).static_order()), []
    except CycleError as error:
        cycle: list[str] = list(reversed(error.args[1]))
        span = calls[cycle[0]][cycle[1]].span
        problem = f"rules call each other in a cycle: {' -> '.join(f'`{name}`' for name in cycle)}"
        return [], [sources.diagnostic(RECURSIVE_RULES, span, problem, "rules do not recurse: write the cases out")]

"""Check a bundle's rules against its vocabulary: the profile, in which nothing can raise or fail open.

    files + schema --signatures--> types of heads --bodies--> formulas --calls--> no recursion: a Program

Every fault of every file is reported at once. Inside the profile, classical logic and the reference agree.
"""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from authz.language import ast as syntax
from authz.language.diagnostics import Diagnostic, DiagnosticError
from authz.language.ir import CheckedRule, Program, invocations
from authz.language.sources import Sources
from authz.language.typecheck.conditions import check_rule
from authz.language.typecheck.signatures import signatures
from authz.language.types import Schema


def check(name: str, files: Iterable[syntax.File], schema: Schema) -> Program:
    """The checked program of a bundle's files.

    Raises:
        DiagnosticError: with every fault, in order of place.
    """
    files = tuple(files)
    sources = Sources.of(name, files)
    known, faults = signatures(files, schema, sources)
    rules: dict[str, list[CheckedRule]] = {}
    for rule in (rule for file in files for rule in file.rules):
        checked, problems = check_rule(rule, known, schema, sources)
        faults += problems
        rules.setdefault(checked.name, []).append(checked)
    order, problem = _callees_first(rules, sources)
    faults += problem
    if faults:
        raise DiagnosticError(faults)
    return Program({name: tuple(rules[name]) for name in order}, schema)


def _callees_first(rules: Mapping[str, list[CheckedRule]], sources: Sources) -> tuple[list[str], list[Diagnostic]]:
    """Rule names with callees first; recursion is a fault, at the first call of the circle."""
    calls = {
        name: {call.name: call for rule in alternatives for call in invocations(rule.body) if call.name in rules}
        for name, alternatives in rules.items()
    }
    try:
        return list(TopologicalSorter({name: list(called) for name, called in calls.items()}).static_order()), []
    except CycleError as cycle:
        circle: list[str] = list(reversed(cycle.args[1]))
        place = calls[circle[0]][circle[1]].span
        path = " -> ".join(f"`{name}`" for name in circle)
        return [], [
            sources.fault(
                place, f"rules call each other in a circle: {path}", "rules do not recurse: write the cases out"
            )
        ]

"""Find the deepest chain of calls, for a program that is too deep to be compiled."""

from collections.abc import Iterable

from authz.language import ast
from authz.language.catalogue.syntax import NESTING_TOO_DEEP
from authz.language.diagnostics import Diagnostic
from authz.language.ir import CheckedRule, Program, invocations
from authz.language.sources import Sources


def too_deep(bundle: str, files: Iterable[ast.File], program: Program) -> Diagnostic:
    """The diagnostic of a program whose rules call each other too deep; it stands at the rule that begins the chain."""
    heights: dict[str, int] = {}
    for name, alternatives in program.rules.items():
        heights[name] = max(1 + _height(rule, heights) for rule in alternatives)
    deepest = max(heights, key=heights.__getitem__)
    rule = max(program.rules[deepest], key=lambda rule: _height(rule, heights))
    problem = f"the rules that `{deepest}` calls nest {heights[deepest]} deep, which is too deep to compile"
    help = "let fewer rules call each other in a chain"
    return Sources.of(bundle, files).diagnostic(NESTING_TOO_DEEP, rule.span, problem, help)


def _height(rule: CheckedRule, heights: dict[str, int]) -> int:
    return max((heights[call.name] for call in invocations(rule.body)), default=0)

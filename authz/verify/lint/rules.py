"""Lint of single rules: `==`, rules on which nothing rests, and rules that never hold."""

from collections.abc import Iterable, Iterator

from authz.analysis.contradictions import never_holds
from authz.bundle.loading import Bundle
from authz.language import ast
from authz.language.diagnostics import Diagnostic
from authz.language.ir import Program, invocations
from authz.language.sources import Sources
from authz.verify import catalogue

ENTRY_POINTS = ("allow", "reason")


def double_equals(files: Iterable[ast.File], sources: Sources) -> Iterator[Diagnostic]:
    """Equality that is written `==`."""
    for file in files:
        for rule in file.rules:
            for term in () if rule.body is None else _terms(rule.body):
                if isinstance(term, ast.Binary) and term.operator == "==":
                    yield sources.diagnostic(catalogue.DOUBLE_EQUALS, term.span, "`==` is written `=`", "write `=`")


def _terms(term: ast.Term) -> Iterator[ast.Term]:
    """A term and those inside it that are conditions."""
    yield term
    match term:
        case ast.And(parts=parts) | ast.Or(parts=parts):
            for part in parts:
                yield from _terms(part)
        case ast.Not(operand=operand):
            yield from _terms(operand)


def unused_rules(bundle: Bundle, sources: Sources) -> Iterator[Diagnostic]:
    """Rules on which no decision, reason or law rests."""
    rules = bundle.program.rules
    used = {*ENTRY_POINTS, *(law.when for law in bundle.laws if law.when is not None)}
    for name in reversed(tuple(rules)):  # callers come before callees
        if name in used:
            used |= {call.name for rule in rules[name] for call in invocations(rule.body)}
        else:
            span, problem = rules[name][0].span, f"neither `allow` nor a reason nor a law rests on `{name}`"
            yield sources.diagnostic(catalogue.UNUSED_RULE, span, problem, "call it, or remove it")


def contradictions(program: Program, sources: Sources) -> Iterator[Diagnostic]:
    """Rules that never hold."""
    for rules in program.rules.values():
        for rule in rules:
            if never_holds(rule.body):
                problem = f"this rule `{rule.name}` never holds: two of its conditions exclude each other"
                yield sources.diagnostic(catalogue.CONTRADICTION, rule.span, problem)

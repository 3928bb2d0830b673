"""Assembling one form of the source: the entry points, and the functions that they call."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from authz.analysis.definitions import Definition
from authz.analysis.simplify import simplify_under
from authz.codegen.python.function import Function
from authz.codegen.python.plan import Form, Plan, guard_rule
from authz.language.ir import TRUE, Formula, Not


@dataclass(frozen=True, slots=True)
class FunctionSource:
    """The source of a function, with the functions that it needs beside it, and the rules that they all call."""

    text: str
    calls: frozenset[str]

    @classmethod
    def join(cls, function: Function, nested: Iterable["FunctionSource"]) -> "FunctionSource":
        """A function after those that it needs beside it."""
        sources = [*nested, cls(function.source(), frozenset(function.calls))]
        return cls("\n\n".join(each.text for each in sources), frozenset().union(*(each.calls for each in sources)))


def section(plan: Plan, entries: list[FunctionSource], emit_rule: Callable[[Definition], FunctionSource]) -> list[str]:
    """The functions of all rules that the entry points call, directly or through others, and the entry points."""
    emitted: dict[str, FunctionSource] = {}
    pending = [name for entry in entries for name in entry.calls]
    while pending:
        name = pending.pop()
        if name not in emitted:
            emitted[name] = emit_rule(plan.rules[name])
            pending += emitted[name].calls
    return [*(emitted[name].text for name in plan.rules if name in emitted), *(entry.text for entry in entries)]


def specific_reasons(plan: Plan) -> dict[str, Definition]:
    """By code: the conditions that `reasons` does not evaluate as shared guards. Codes without any are left out."""
    remaining = {
        code: replace(definition, formula=simplify_under(definition.formula, frozenset(plan.guards[code])))
        for code, definition in plan.reasons.items()
    }
    return {code: definition for code, definition in remaining.items() if definition.formula != TRUE}


def reasons_entry(plan: Plan, form: Form, first_lines: list[str]) -> FunctionSource:
    """The function `reasons`: all codes that hold, in order; each shared guard is evaluated once, when first needed."""
    arguments = ", ".join(["request", *form.memo])
    lines = [
        f"def reasons{form.suffix}({arguments}):",
        '    """All reason codes that hold, in the catalogue\'s order."""',
        *first_lines,
        "    codes = []",
    ]
    specific = specific_reasons(plan)
    decided: list[Formula] = []
    for code, guards in plan.guards.items():
        for guard in guards:
            rule = guard_rule(guard)
            if rule not in map(guard_rule, decided):
                needed_first = _implied_guards(plan, rule, decided)
                call = f"{plan.function_names[rule]}{form.suffix}({arguments})"
                tests = [*(_guard_text(plan, each) for each in needed_first), call]
                lines.append(f"    is_{plan.function_names[rule]} = {' and '.join(tests)}")
                decided.append(guard)
        tests = [_guard_text(plan, guard) for guard in guards]
        if code in specific:
            tests.append(f"reason_{code}{form.suffix}({arguments})")
        lines += [f"    if {' and '.join(tests) or True}:", f"        codes.append({code!r})"]
    lines.append("    return tuple(codes)")
    return FunctionSource("\n".join(lines) + "\n", frozenset(map(guard_rule, decided)))


def _implied_guards(plan: Plan, rule: str, decided: list[Formula]) -> list[Formula]:
    """The decided guards without which no code needs this rule: it is evaluated only where they hold."""
    users = [guards for guards in plan.guards.values() if rule in map(guard_rule, guards)]
    return [guard for guard in decided if all(guard in guards for guards in users)]


def _guard_text(plan: Plan, guard: Formula) -> str:
    """A shared guard, by the local of `reasons` that holds its rule's answer."""
    return f"{'not ' if isinstance(guard, Not) else ''}is_{plan.function_names[guard_rule(guard)]}"

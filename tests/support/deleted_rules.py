"""Is every rule of a bundle needed? Delete one, and see whether any generated world is decided otherwise."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from authz import DiagnosticError, Policy
from authz.bundle.vocabulary import attribute
from authz.codegen.python import compile_program
from authz.interpreter.evaluate import two_valued
from authz.language import ast
from authz.language.ir import CheckedRule, Variable
from authz.language.typecheck.program import check_program
from authz.verify.generate import WorldGenerator
from authz.verify.values import Draw

SEED, WORLDS = 2026, 8_000


class Answer(NamedTuple):
    """A gathered world with what the whole bundle answers."""

    subject: Any
    action: str
    record: Any
    permits: bool
    reasons: tuple[str, ...]


def deletable_rules(policy: Policy) -> list[ast.Rule]:
    """The rules of a bundle, but for those that only its laws read: no decision does."""
    laws = {law.when for law in policy.bundle.laws if law.when}
    return [rule for file in policy.bundle.files for rule in file.rules if rule.name.name not in laws]


def rule_id(rule: ast.Rule) -> str:
    """A rule by its name, file and line."""
    return f"{rule.name.name} at {rule.span.path.rpartition('/')[2]} {rule.span.line}"


def answers(generator: WorldGenerator, draw: Draw, count: int) -> Sequence[Answer]:
    """The answers of the whole bundle on generated worlds."""
    policy = generator.policy
    found = []
    for _ in range(count):
        world = generator.draw(draw)
        record = generator.gathered(world)
        subject, action = policy.analyses.subject_of(record), world.request.action
        permits = subject is not None and policy.evaluator.allow(subject, action, record)
        found.append(Answer(subject, action, record, permits, policy.evaluator.reasons(record)))
    return found


def is_noticed(policy: Policy, deleted: ast.Rule, known: Sequence[Answer]) -> bool:
    """Whether the bundle without one rule is refused, or answers otherwise somewhere."""
    files = [
        replace(file, rules=tuple(rule for rule in file.rules if rule is not deleted)) for file in policy.bundle.files
    ]
    try:
        compiled = compile_program(check_program(policy.bundle.path, files, policy.bundle.program.schema), attribute)
    except DiagnosticError:
        return True
    return any(
        (answer.subject is not None and compiled.allow(answer.subject, answer.action, answer.record)) != answer.permits
        or compiled.reasons(answer.record) != answer.reasons
        for answer in known
    )


def rules_alone(generator: WorldGenerator, draw: Draw, count: int) -> tuple[set[tuple[str, int]], set[tuple[str, int]]]:
    """The rules of laws, by name and index, that alone spoke of some generated row; and all of them."""
    program, laws = generator.policy.bundle.program, [law for law in generator.policy.bundle.laws if law.when]
    wanted = {(law.when, index) for law in laws if law.when for index in range(len(program.rules[law.when]))}
    alone: set[tuple[str, int]] = set()
    for _ in range(count):
        world = generator.draw(draw)
        for law in laws:
            row = generator.row(draw, world, law.never_grants)
            if row is None or law.when is None:
                continue
            interpreter = two_valued(program, attribute)
            arguments = (generator.gathered(world), row)
            rules = enumerate(program.rules[law.when])
            speaking = [index for index, rule in rules if interpreter.evaluate(rule.body, _bound(rule, arguments))]
            if len(speaking) == 1:
                alone.add((law.when, speaking[0]))
        if alone == wanted:
            break
    return alone, wanted


def _bound(rule: CheckedRule, arguments: tuple[Any, ...]) -> dict[str, Any]:
    """The variables of a rule's head, with the arguments that they are bound to."""
    return {p.name: a for p, a in zip(rule.parameters, arguments, strict=True) if isinstance(p, Variable)}

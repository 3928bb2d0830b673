"""Generated policies: rules, `allow` and reason codes."""

from typing import Any

from authz.language.types import INSTANT, INTEGER, STRING, Record, Type
from tests.support.generated_atoms import Draft, Var, WrittenRule, literal
from tests.support.generated_conditions import condition, conjunction
from tests.support.generated_vocabularies import CODES, ORDERED, VALUES


def write_policy(draft: Draft) -> str:
    """The text of a policy: some rules, then `allow` and the reason codes over one of them."""
    parts = []
    request: Type = Record("Request")
    for index in range(draft.random.randint(1, 5)):
        kinds: list[Type] = [request]
        of = [Record("Grant"), Record("Block"), *3 * [Record("Dated")], STRING, INSTANT, INTEGER]
        more: list[Type] = [draft.random.choice(of) for _ in range(draft.random.choice((0, 0, 1, 1, 2, 2)))]
        # Two of one type show a compiler that swaps arguments.
        kinds += more[:1] * len(more) if draft.random.random() < 0.6 else more
        parts += (
            rule_about_values(draft, f"f{index}", tuple(kinds))
            if draft.random.random() < 0.5
            else rule_about_rows(draft, f"f{index}")
        )
    draft.begin_clause()
    body = conjunction(draft, [("request", request)], 2)
    if draft.random.random() < 0.3:
        draft.uses.add("comment")
        parts.append("# Who may? Wie mag? \u00e9\u00e9n regel.")
    parts.append(clause(draft, "rule", [("request", request)], body))
    if draft.random.random() < 0.3:
        draft.uses.add("alternatives")
        body = conjunction(draft, [("request", request)], 2)
        parts.append(clause(draft, "rule", [("request", request)], body))
    parts.append('allow(_who: Who, "read", request: Request) if rule(request);')
    parts.append('reason(request: Request, "A") if not rule(request);')
    for code in CODES[1:]:
        parts += reason_rules(draft, code)
    return "\n".join(parts)


def reason_rules(draft: Draft, code: str) -> list[str]:
    """The alternatives of a reason code. Codes share calls: a compiler may evaluate those once for all codes."""
    scope: list[Var] = [("request", Record("Request"))]
    callable_ = ["rule", *(rule.name for rule in draft.rules if len(rule.types) == 1)]
    lines, guards = [], list[str]()
    for turn in range(draft.random.choice((1, 1, 2))):
        draft.begin_clause()
        if turn == 0 or draft.random.random() < 0.4:
            guards = [
                f"{draft.random.choice(('', 'not '))}{name}(request)"
                for name in draft.random.sample(callable_, min(len(callable_), draft.random.choice((0, 1, 1, 2))))
            ]
        parts = [*guards, *([] if guards and draft.random.random() < 0.2 else [conjunction(draft, scope, 1)])]
        lines.append(clause(draft, "reason", scope, " and ".join(parts), f'"{code}"'))
    return lines


def rule_about_values(draft: Draft, name: str, kinds: tuple[Type, ...]) -> list[str]:
    """The clauses of a rule about values and rows; some have literals in their heads, some are declared."""
    lines = []
    plain = [index for index, kind in enumerate(kinds) if kind in (STRING, INTEGER)]
    constants: tuple[Any, ...] = ()
    if plain and draft.random.random() < 0.6:
        draft.uses.add("literal in a head")
        constants = tuple(draft.random.sample(VALUES[kinds[plain[0]]], draft.random.randint(1, 2)))
    if draft.random.random() < 0.15:
        draft.uses.add("declaration")
        lines.append(f"type {name}({', '.join(f'p{i}: {kind}' for i, kind in enumerate(kinds))});")
    for turn in range(max(len(constants), draft.random.choice((1, 1, 2)))):
        # Each clause names its variables anew, with names that other clauses use.
        draft.begin_clause()
        if turn:
            draft.uses.add("alternatives")
        head_literal = constants[turn] if turn < len(constants) else None
        scope: list[Var] = [
            ("request" if index == 0 else draft.fresh(), kind)
            for index, kind in enumerate(kinds)
            if not (head_literal is not None and index == plain[0])
        ]
        body = " and ".join([*distinguishing(draft, scope[1:]), conjunction(draft, scope, 2)])
        heads = iter(scope)
        parameters = [
            literal(head_literal) if head_literal is not None and index == plain[0] else parameter(next(heads), body)
            for index in range(len(kinds))
        ]
        lines.append(f"{name}({', '.join(parameters)}) if {body};")
    draft.rules.append(WrittenRule(name, kinds, constants))
    return lines


def rule_about_rows(draft: Draft, name: str) -> list[str]:
    """A rule about one row or two that looks for another row beside them, as most rules of real policies do."""
    draft.begin_clause()
    kind = draft.random.choice(["Grant", "Block"])
    field, relation = draft.random.choice(
        [
            ("holder", "="),
            ("holder", "!="),
            *([("begins", "<"), ("ends", "<=")] if kind == "Grant" else [("level", "<")]),
        ]
    )
    scope: list[Var] = [("request", Record("Request")), (draft.fresh(), Record(kind))]
    if draft.random.random() < 0.4:
        scope.append((draft.fresh(), Record(kind)))
    about = draft.random.choice(scope[1:])[0]
    row = draft.fresh()
    draft.uses |= {"some element", relation, "and"}
    parts = [
        *distinguishing(draft, scope[1:]),
        f"{row} in request.{kind.lower()}s",
        f"{row}.{field} {relation} {about}.{field}",
    ]
    parts.append(condition(draft, [*scope, (row, Record(kind))], 1, 1))
    line = clause(draft, name, scope, " and ".join(parts))
    draft.rules.append(WrittenRule(name, tuple(kind for _, kind in scope), ()))
    return [line]


def distinguishing(draft: Draft, scope: list[Var]) -> list[str]:
    """Conditions that differ for the last two of some variables of one type, so that swapping them shows."""
    if len(scope) < 2 or scope[-1][1] != scope[-2][1]:
        return []
    (first, kind), (second, _) = scope[-2:]
    if not isinstance(kind, Record):
        return [f"{first} < {second}" if kind in ORDERED else f'{first} = "a"', f'{second} != "a"'][
            : 1 + (kind == STRING)
        ]
    name = {"Grant": "begins", "Dated": "begins", "Block": "level"}[kind.name]
    draft.uses.add("<")
    return [f"{first}.{name} < {second}.{name}"]


def clause(draft: Draft, name: str, scope: list[Var], body: str, *more: str) -> str:
    """A clause with a head and a body."""
    return f"{name}({', '.join([*(parameter(var, body) for var in scope), *more])}) if {body};"


def parameter(var: Var, body: str) -> str:
    """A parameter with its type; with `_` before its name where the body does not use it."""
    name, kind = var
    words = body.translate(str.maketrans("().,[]", "      ")).split()
    return f"{name if name in words else f'_{name}'}: {kind}"

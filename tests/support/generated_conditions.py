"""Generated policies: conjunctions, disjunctions, negations, loops and calls."""

from authz.language.types import DATE, INSTANT, INTEGER, STRING, Collection, Record
from tests.support.generated_atoms import Draft, Var, atom, is_scalar, literal, paths
from tests.support.generated_vocabularies import VALUES


def conjunction(draft: Draft, scope: list[Var], depth: int, loops: int = 0) -> str:
    """Some conditions joined with `and`; rows that it ranges over are in scope for those that follow."""
    scope, parts = list(scope), []
    for _ in range(draft.random.randint(1, 3)):
        choice = draft.random.random()
        if choice < 0.4 and depth > 0 and loops < 3:
            loops += 1
            if loops > 1:
                draft.uses.add("nested loop")
            parts += related_rows(draft, scope) if draft.random.random() < 0.5 else loop(draft, scope)
        elif choice < 0.47:
            parts += naming(draft, scope)
        else:
            parts.append(condition(draft, scope, depth, loops))
    if len(parts) > 1:
        draft.uses.add("and")
    return " and ".join(parts)


def loop(draft: Draft, scope: list[Var]) -> list[str]:
    """A loop over a collection, and a condition on its row."""
    draft.uses.add("some element")
    rows = [
        (path, kind.of) for path, kind, guards in paths(draft, scope) if isinstance(kind, Collection) and not guards
    ]
    path, kind = draft.random.choice(rows)
    row = draft.fresh()
    scope.append((row, kind))
    # A name that is bound must be used.
    return [f"{row} in {path}", atom(draft, [(row, kind)], scope)]


def naming(draft: Draft, scope: list[Var]) -> list[str]:
    """A path named with `:=`, and a condition on the name."""
    draft.uses.add(":=")
    candidates = [
        (p, k)
        for p, k, g in paths(draft, scope)
        if not g and is_scalar(k) and p.count(".") and k not in (INSTANT, DATE)
    ]
    path, kind = draft.random.choice(candidates)
    name = draft.fresh()
    draft.aliases[name] = path
    scope.append((name, kind))
    return [f"{name} := {path}", atom(draft, [(name, kind)], scope)]


def condition(draft: Draft, scope: list[Var], depth: int, loops: int) -> str:
    """One condition: an atom, a call, or a nested one."""
    kind = draft.random.random()
    if depth <= 0 or kind < 0.5:
        return call(draft, scope) if draft.rules and draft.random.random() < 0.35 else atom(draft, scope, scope)
    if kind < 0.7:
        draft.uses.add("not")
        body = conjunction(draft, scope, depth - 1, loops)
        if " in request." in body:
            draft.uses.add("negated loop")
        return f"not ({body})"
    if kind < 0.9:
        draft.uses.add("or")
        branches = [conjunction(draft, scope, depth - 1, loops) for _ in range(draft.random.randint(2, 3))]
        return f"({' or '.join(f'({branch})' for branch in branches)})"
    return f"({conjunction(draft, scope, depth - 1, loops)})"


def call(draft: Draft, scope: list[Var]) -> str:
    """A call of a rule that is written already, or an atom where no arguments fit."""
    rule = draft.random.choice(draft.rules)
    name, kinds, constants = rule.name, rule.types, rule.literals
    arguments = []
    for wanted in kinds:
        candidates = [p for p, k, guards in paths(draft, scope) if not guards and draft.schema.is_subtype(k, wanted)]
        if wanted in (STRING, INTEGER) and (constants or not candidates) and draft.random.random() < 0.8:
            # Where every head has a literal, the type checker refuses any other constant.
            in_heads = bool(constants) and isinstance(constants[0], str) == (wanted == STRING)
            arguments.append(literal(draft.random.choice(constants if in_heads else VALUES[wanted])))
            continue
        if not candidates:
            return atom(draft, scope, scope)
        path = draft.random.choice([p for p in candidates if p not in arguments] or candidates)
        if {p: k for p, k, _ in paths(draft, scope)}[path] != wanted:
            draft.uses.add("subtype")
        arguments.append(path)
    draft.uses.add("call")
    return f"{name}({', '.join(arguments)})"


def related_rows(draft: Draft, scope: list[Var]) -> list[str]:
    """Loops over rows, and a call, negated or not, of a rule about such rows."""
    rules = [
        rule
        for rule in draft.rules
        if len(rule.types) > 1
        and all(isinstance(type_, Record) for type_ in rule.types)
        and not rule.literals
        and Record("Dated") not in rule.types
    ]
    if not rules:
        return loop(draft, scope)
    chosen = draft.random.choice(rules)
    name, kinds = chosen.name, chosen.types
    parts, arguments = [], ["request"]
    for kind in kinds[1:]:
        assert isinstance(kind, Record)
        row = draft.fresh()
        scope.append((row, kind))
        parts.append(f"{row} in request.{kind.name.lower()}s")
        arguments.append(row)
    draft.uses |= {"some element", "call"}
    negated = draft.random.random() < 0.5
    if negated:
        draft.uses |= {"not", "negated loop"}
    return [*parts, f"{'not ' if negated else ''}{name}({', '.join(arguments)})"]

"""Generated policies: conditions on one path, and the state of the policy that is being written."""

from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

from authz.language.types import (
    BOOLEAN,
    DATE,
    INSTANT,
    INTEGER,
    STRING,
    Collection,
    Enumeration,
    Optional,
    Record,
    Schema,
    Type,
)
from tests.support.generated_vocabularies import ORDERED, VALUES

Var = tuple[str, Type]
"""A variable and its type."""
NAMES = ("row", "other", "each", "one", "same", "near")
"""Names of variables; few, so that rules share them and a compiler must keep them apart."""
RELATIONS = {"=": "=", "==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass
class WrittenRule:
    """A rule that later rules may call."""

    name: str
    types: tuple[Type, ...]
    literals: tuple[Any, ...]
    """The literals in its heads: an argument that is none of them never matches."""


@dataclass
class Draft:
    """A policy while it is written."""

    random: Random
    schema: Schema
    uses: set[str] = field(default_factory=set)
    """The constructs that it uses."""
    rules: list[WrittenRule] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    """The names of variables of the current clause."""
    aliases: dict[str, str] = field(default_factory=dict)
    """Names that `:=` gives to paths in the current clause."""
    numbered: int = 0

    def begin_clause(self) -> None:
        """Begin a clause: no name is taken."""
        self.taken, self.aliases = set(), {}

    def origin(self, path: str) -> str:
        """The path that a name stands for."""
        while path in self.aliases:
            path = self.aliases[path]
        return path

    def fresh(self) -> str:
        """A name that is new in the current clause."""
        free = [name for name in NAMES if name not in self.taken]
        self.numbered += 1
        name = self.random.choice(free) if free else f"row{self.numbered}"
        self.taken.add(name)
        return name


def paths(draft: Draft, scope: list[Var]) -> list[tuple[str, Type, tuple[str, ...]]]:
    """The paths that a scope allows, each with its type and the optionals that it passes through or is."""
    candidates: list[tuple[str, Type, tuple[str, ...]]] = []
    pending: list[tuple[str, Type, tuple[str, ...], int]] = [(name, kind, (), 0) for name, kind in scope]
    while pending:
        path, kind, guards, depth = pending.pop()
        if isinstance(kind, Optional):
            guards, kind = (*guards, path), kind.of
        candidates.append((path, kind, guards))
        if isinstance(kind, Record) and depth < 2:
            pending += [
                (f"{path}.{name}", field.type, guards, depth + 1)
                for name, field in draft.schema.records[kind.name].fields.items()
            ]
    return sorted(candidates, key=lambda each: each[0])


def atom(draft: Draft, about: list[Var], scope: list[Var]) -> str:
    """A condition on a path from one of some variables; it stands behind guards for the optionals of the path."""
    candidates = [
        each for each in paths(draft, about) if is_scalar(each[1]) or isinstance(each[1], Collection) or each[2]
    ]
    candidates = [each for each in candidates if not isinstance(each[1], Collection) or is_scalar(each[1].of)]
    path, kind, guards = draft.random.choice(candidates)
    if path.count(".") > 1:
        draft.uses.add("field of a field")
    if any(part in ("class", "lambda", "from") for part in path.split(".")):
        draft.uses.add("word of Python")
    if guards and (draft.random.random() < 0.3 or not is_scalar(kind)):
        return absence(draft, guards)
    if guards:
        draft.uses.add("!= nil")
    text = comparison(draft, path, kind, scope)
    guarded = " and ".join([*(f"{guard} != nil" for guard in guards), text])
    if len(guards) == 1 and draft.random.random() < 0.25:
        draft.uses |= {"= nil", "or"}
        return f"({guards[0]} = nil or ({guarded}))"
    return f"({guarded})" if guards else text


def absence(draft: Draft, guards: tuple[str, ...]) -> str:
    """A test of whether the last of some optionals is nil, behind guards for the others."""
    relation = draft.random.choice(["= nil", "!= nil"])
    draft.uses.add(relation)
    *before, last = guards
    guarded = " and ".join([*(f"{guard} != nil" for guard in before), f"{last} {relation}"])
    return f"({guarded})" if before else guarded


def comparison(draft: Draft, path: str, kind: Type, scope: list[Var]) -> str:
    """A condition on a path that is known to be present."""
    pick = draft.random.choice
    if isinstance(kind, Collection):
        draft.uses.add("membership")
        values = kind.of.values if isinstance(kind.of, Enumeration) else VALUES[kind.of]
        others = [p for p, k, g in paths(draft, scope) if k == kind.of and not g]
        return f"{pick([*map(literal, values), *others[:4]])} in {path}"
    if kind == BOOLEAN and draft.random.random() < 0.5:
        return path
    itself = draft.origin(path)
    others = [p for p, k, g in paths(draft, scope) if k == kind and not g and draft.origin(p) != itself]
    if kind in (STRING, INTEGER) or isinstance(kind, Enumeration):
        values = kind.values if isinstance(kind, Enumeration) else VALUES[kind]
        if draft.random.random() < 0.2:
            draft.uses |= {"membership", "list of constants"}
            return f"{path} in [{', '.join(map(literal, draft.random.sample(values, draft.random.randint(1, 2))))}]"
        lists = [p for p, k, g in paths(draft, scope) if k == Collection(cast(Any, kind)) and not g]
        if lists and draft.random.random() < 0.15:
            draft.uses.add("membership")
            return f"{path} in {pick(lists)}"
    relation = pick([each for each in RELATIONS if kind in ORDERED or each in ("=", "==", "!=")])
    draft.uses.add(relation)
    constants = [] if kind in (INSTANT, DATE) else list(kind.values if isinstance(kind, Enumeration) else VALUES[kind])
    if constants and (not others or draft.random.random() < 0.5):
        value = pick(constants)
        draft.uses.add({str: "string", bool: "boolean", int: "integer"}[type(value)])
        return f"{path} {relation} {literal(value)}"
    # Others stand here for instants and days too: a request has one of each.
    return f"{path} {relation} {pick(others)}" if others else f'request.name {pick(("=", "!="))} "a"'


def is_scalar(type_: Type) -> bool:
    """Whether values of a type are compared."""
    return type_ in VALUES or isinstance(type_, Enumeration)


def literal(value: Any) -> str:
    """A constant in Polar."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)

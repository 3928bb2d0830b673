"""Generated policies over generated vocabularies: well-typed rules that use every construct of the profile.

A vocabulary has enumerations, a thing that rows may hold, rows with and without a base type, and a request with plain,
optional and many-valued fields. Rules call, negate, nest and range at random; what they compare has one type.
"""

import dataclasses
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import attrgetter
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from authz.bundle.loading import Bundle
from authz.bundle.vocabulary import attribute
from authz.language.diagnostics import DiagnosticError
from authz.language.ir import Program
from authz.language.parser import parse
from authz.language.typecheck.program import check_program
from authz.language.types import (
    BOOLEAN,
    DATE,
    INSTANT,
    INTEGER,
    STRING,
    Collection,
    Enumeration,
    Field,
    Optional,
    Record,
    RecordType,
    Schema,
    Type,
)

CODES = ("A", "B", "C")
CONSTRUCTS = (
    "and", "or", "not", "call", "field of a field", "=", "==", "!=", ":=", "<", "<=", ">", ">=", "= nil", "!= nil",
    "some element", "membership", "list of constants", "string", "integer", "boolean", "comment", "subtype",
    "declaration", "literal in a head", "negated loop", "nested loop", "alternatives", "word of Python",
)  # fmt: skip
ORDERED = {INTEGER, INSTANT, DATE}
VALUES: dict[Type, tuple[Any, ...]] = {
    STRING: ("a", "b", "c"),
    INTEGER: (0, 1, 2),
    BOOLEAN: (True, False),
    INSTANT: tuple(datetime(2025, 3, 10, hour, tzinfo=UTC) for hour in (9, 12, 15)),
    DATE: (date(2025, 3, 9), date(2025, 3, 10)),
}
NAMES = ("row", "other", "each", "one", "same", "near")
RELATIONS = {"=": "=", "==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
Var = tuple[str, Type]


@dataclass(frozen=True)
class Vocabulary:
    """A schema, and classes of records for it."""

    schema: Schema
    classes: dict[str, type[Any]]


@dataclass(frozen=True)
class Drawn:
    """One policy: its vocabulary, its text, what it uses, and what it became."""

    vocabulary: Vocabulary
    text: str
    uses: frozenset[str]
    program: Program

    @property
    def bundle(self) -> Bundle:
        """What the reference asks of a bundle."""
        file, _ = parse("rules.polar", self.text)
        words = SimpleNamespace(enumerations=self.program.schema.enumerations)
        found = SimpleNamespace(
            path="bundle", program=self.program, classes=self.vocabulary.classes, vocabulary=words, files=(file,)
        )
        return cast(Bundle, found)

    def request(self, random: Random) -> Any:
        """A request with few rows, drawn from few values so that they often meet."""
        return _record("Request", self.vocabulary, random, action="read")

    def subject(self) -> Any:
        """Who asks."""
        return _record("Who", self.vocabulary, Random(0))


def _record(name: str, vocabulary: Vocabulary, random: Random, **fixed: Any) -> Any:
    fields = vocabulary.schema.records[name].fields
    return vocabulary.classes[name](
        **{
            attribute(field): fixed[field] if field in fixed else _value(kind.type, vocabulary, random)
            for field, kind in fields.items()
        }
    )


def _value(kind: Type, vocabulary: Vocabulary, random: Random) -> Any:
    match kind:
        case Optional(of=of):
            return None if random.random() < 0.35 else _value(of, vocabulary, random)
        case Collection(of=of):
            return tuple(_value(of, vocabulary, random) for _ in range(random.choice((0, 1, 1, 2, 3))))
        case Record(name=name):
            return _record(name, vocabulary, random)
        case Enumeration(values=values):
            return random.choice(values)
    return random.choice(VALUES[kind])


class Policies:
    """Draws policies; nearly all that it writes are in the profile, and those that are not it draws anew."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.refused = Counter[str]()
        self.drawn = 0

    def draw(self) -> Drawn:
        """One policy."""
        while (drawn := self.draw_once()) is None:
            pass
        return drawn

    def draw_once(self) -> Drawn | None:
        """One policy, or None if what was written is not in the profile."""
        vocabulary = self.vocabulary()
        writing = _Writing(self.random, vocabulary)
        text = writing.text()
        self.drawn += 1
        file, faults = parse("rules.polar", text)
        try:
            if faults:
                raise DiagnosticError(faults)
            return Drawn(vocabulary, text, frozenset(writing.uses), check_program("bundle", [file], vocabulary.schema))
        except DiagnosticError as faulty:
            self.refused[f"{faulty.diagnostics[0].problem}\n{text}"] += 1
            return None

    def vocabulary(self) -> Vocabulary:
        """A vocabulary whose types, fields and sizes are drawn."""
        pick, sample = self.random.choice, self.random.sample
        words = ("given", "withdrawn", "open", "shut", "red")
        enumerations = {
            name: Enumeration(name, tuple(sample(words, self.random.randint(2, 3)))) for name in ("Hue", "Event")
        }
        scalars: list[Type] = [STRING, INTEGER, BOOLEAN, INSTANT, DATE, *enumerations.values()]
        dated: dict[str, Type] = {"begins": INSTANT, "ends": INSTANT}

        def some(names: str, least: int, most: int, *more: Type) -> dict[str, Type]:
            kinds: list[Type] = [*scalars, *(Optional(cast(Any, k)) for k in scalars), *more]
            chosen = sample(names.split(), self.random.randint(least, most))
            return {name: pick(kinds) for name in chosen}

        thing = Optional(Record("Thing"))
        lists: list[Type] = [Collection(cast(Any, kind)) for kind in (STRING, INTEGER, *enumerations.values())]
        records: dict[str, tuple[str, dict[str, Type]]] = {
            "Who": ("", {"id": STRING}),
            "Thing": ("", {"id": STRING, "shut": BOOLEAN, **some("rank colour since", 0, 2)}),
            "Dated": ("", dated),
            "Grant": (
                "Dated",
                {**dated, "holder": STRING, "open": BOOLEAN, **some("level kind note thing tags", 2, 4, thing, *lists)},
            ),
            "Block": ("", {"holder": STRING, "level": INTEGER, **some("kind note from until", 1, 3, thing, *lists)}),
        }
        request: dict[str, Type] = {
            "action": STRING,
            "at": INSTANT,
            "day": DATE,
            "name": STRING,
            "level": INTEGER,
            "open": BOOLEAN,
            "thing": thing,
            "owner": Record("Thing"),
            "grants": Collection(Record("Grant")),
            "blocks": Collection(Record("Block")),
            "names": Collection(STRING),
            "numbers": Collection(INTEGER),
            **some("hue event limit until nickname class lambda verified from", 4, 8, *lists),
        }
        records["Request"] = ("", request)
        schema = Schema(
            {
                name: RecordType(name, {field: Field(kind) for field, kind in fields.items()}, base)
                for name, (base, fields) in records.items()
            },
            enumerations,
            Record("Who"),
            Record("Request"),
            CODES,
        )
        return Vocabulary(schema, _classes(records))


def _classes(records: dict[str, tuple[str, dict[str, Type]]]) -> dict[str, type[Any]]:
    made: dict[str, type[Any]] = {}
    for name, (base, fields) in records.items():
        own = [(attribute(f), Any) for f in fields if not base or f not in records[base][1]]
        made[name] = dataclasses.make_dataclass(name, own, bases=(made[base],) if base else (), frozen=True)
        for field in fields:
            if attribute(field) != field:
                setattr(made[name], field, property(attrgetter(attribute(field))))
    return made


class _Writing:
    """Writes the rules of one policy."""

    def __init__(self, random: Random, vocabulary: Vocabulary) -> None:
        self.random, self.schema = random, vocabulary.schema
        self.uses: set[str] = set()
        self.rules: list[tuple[str, tuple[Type, ...], tuple[Any, ...]]] = []
        self.number = 0
        self.taken: set[str] = set()
        self.aliases: dict[str, str] = {}

    def origin(self, path: str) -> str:
        """What a path is where a name stands for something else."""
        while path in self.aliases:
            path = self.aliases[path]
        return path

    def fresh(self) -> str:
        """A name that is new in its rule, and likely one of other rules too: those must be kept apart."""
        free = [name for name in NAMES if name not in self.taken]
        self.number += 1
        name = self.random.choice(free) if free else f"row{self.number}"
        self.taken.add(name)
        return name

    def text(self) -> str:
        parts = []
        request: Type = Record("Request")
        for index in range(self.random.randint(1, 5)):
            kinds: list[Type] = [request]
            of = [Record("Grant"), Record("Block"), *3 * [Record("Dated")], STRING, INSTANT, INTEGER]
            more: list[Type] = [self.random.choice(of) for _ in range(self.random.choice((0, 0, 1, 1, 2, 2)))]
            # Two of one type, or arguments could change places unseen.
            kinds += more[:1] * len(more) if self.random.random() < 0.6 else more
            parts += self.rule(f"f{index}", tuple(kinds)) if self.random.random() < 0.5 else self.relating(f"f{index}")
        self.taken, self.aliases = set(), {}
        body = self.conjunction([("request", request)], 2)
        if self.random.random() < 0.3:
            self.uses.add("comment")
            parts.append("# Who may? Wie mag? \u00e9\u00e9n regel.")
        parts.append(self.head("rule", [("request", request)], body))
        if self.random.random() < 0.3:
            self.uses.add("alternatives")
            body = self.conjunction([("request", request)], 2)
            parts.append(self.head("rule", [("request", request)], body))
        parts.append('allow(_who: Who, "read", request: Request) if rule(request);')
        parts.append('reason(request: Request, "A") if not rule(request);')
        for code in CODES[1:]:
            parts += self.reasons(code)
        return "\n".join(parts)

    def reasons(self, code: str) -> list[str]:
        """The alternatives of a reason code. Codes share calls: a compiler may evaluate those once for all codes."""
        scope: list[Var] = [("request", Record("Request"))]
        callable_ = ["rule", *(name for name, kinds, _ in self.rules if len(kinds) == 1)]
        lines, guards = [], list[str]()
        for turn in range(self.random.choice((1, 1, 2))):
            self.taken, self.aliases = set(), {}
            if turn == 0 or self.random.random() < 0.4:
                guards = [
                    f"{self.random.choice(('', 'not '))}{name}(request)"
                    for name in self.random.sample(callable_, min(len(callable_), self.random.choice((0, 1, 1, 2))))
                ]
            parts = [*guards, *([] if guards and self.random.random() < 0.2 else [self.conjunction(scope, 1)])]
            lines.append(self.head("reason", scope, " and ".join(parts), f'"{code}"'))
        return lines

    def rule(self, name: str, kinds: tuple[Type, ...]) -> list[str]:
        """The rules of one name; some have a constant for a parameter, some are declared."""
        lines = []
        plain = [index for index, kind in enumerate(kinds) if kind in (STRING, INTEGER)]
        constants: tuple[Any, ...] = ()
        if plain and self.random.random() < 0.6:
            self.uses.add("literal in a head")
            constants = tuple(self.random.sample(VALUES[kinds[plain[0]]], self.random.randint(1, 2)))
        if self.random.random() < 0.15:
            self.uses.add("declaration")
            lines.append(f"type {name}({', '.join(f'p{i}: {kind}' for i, kind in enumerate(kinds))});")
        for turn in range(max(len(constants), self.random.choice((1, 1, 2)))):
            # Each rule has names of its own, and they are those of others.
            self.taken, self.aliases = set(), {}
            if turn:
                self.uses.add("alternatives")
            given = constants[turn] if turn < len(constants) else None
            scope: list[Var] = [
                ("request" if index == 0 else self.fresh(), kind)
                for index, kind in enumerate(kinds)
                if not (given is not None and index == plain[0])
            ]
            body = " and ".join([*self.apart(scope[1:]), self.conjunction(scope, 2)])
            heads = iter(scope)
            parameters = [
                _literal(given) if given is not None and index == plain[0] else self.parameter(next(heads), body)
                for index in range(len(kinds))
            ]
            lines.append(f"{name}({', '.join(parameters)}) if {body};")
        self.rules.append((name, kinds, constants))
        return lines

    def relating(self, name: str) -> list[str]:
        """A rule about one row, or two, that asks for another beside it: what most rules of a policy do."""
        self.taken, self.aliases = set(), {}
        kind = self.random.choice(["Grant", "Block"])
        field, relation = self.random.choice(
            [
                ("holder", "="),
                ("holder", "!="),
                *([("begins", "<"), ("ends", "<=")] if kind == "Grant" else [("level", "<")]),
            ]
        )
        scope: list[Var] = [("request", Record("Request")), (self.fresh(), Record(kind))]
        if self.random.random() < 0.4:
            scope.append((self.fresh(), Record(kind)))
        about = self.random.choice(scope[1:])[0]
        row = self.fresh()
        self.uses |= {"some element", relation, "and"}
        parts = [
            *self.apart(scope[1:]),
            f"{row} in request.{kind.lower()}s",
            f"{row}.{field} {relation} {about}.{field}",
        ]
        parts.append(self.condition([*scope, (row, Record(kind))], 1, 1))
        line = self.head(name, scope, " and ".join(parts))
        self.rules.append((name, tuple(kind for _, kind in scope), ()))
        return [line]

    def related(self, scope: list[Var]) -> list[str]:
        """Rows, and a call of a rule about such rows, or not."""
        about = [
            rule
            for rule in self.rules
            if len(rule[1]) > 1 and all(isinstance(k, Record) for k in rule[1]) and not rule[2]
        ]
        about = [rule for rule in about if Record("Dated") not in rule[1]]
        if not about:
            return self.loop(scope)
        name, kinds, _ = self.random.choice(about)
        parts, arguments = [], ["request"]
        for kind in kinds[1:]:
            assert isinstance(kind, Record)
            row = self.fresh()
            scope.append((row, kind))
            parts.append(f"{row} in request.{kind.name.lower()}s")
            arguments.append(row)
        self.uses |= {"some element", "call"}
        negated = self.random.random() < 0.5
        if negated:
            self.uses |= {"not", "negated loop"}
        return [*parts, f"{'not ' if negated else ''}{name}({', '.join(arguments)})"]

    def apart(self, scope: list[Var]) -> list[str]:
        """A condition that tells the last two of some variables apart, if they have one type."""
        if len(scope) < 2 or scope[-1][1] != scope[-2][1]:
            return []
        (one, kind), (other, _) = scope[-2:]
        if not isinstance(kind, Record):
            return [f"{one} < {other}" if kind in ORDERED else f'{one} = "a"', f'{other} != "a"'][
                : 1 + (kind == STRING)
            ]
        name = {"Grant": "begins", "Dated": "begins", "Block": "level"}[kind.name]
        self.uses.add("<")
        return [f"{one}.{name} < {other}.{name}"]

    def head(self, name: str, scope: list[Var], body: str, *more: str) -> str:
        return f"{name}({', '.join([*(self.parameter(var, body) for var in scope), *more])}) if {body};"

    @staticmethod
    def parameter(var: Var, body: str) -> str:
        name, kind = var
        words = body.translate(str.maketrans("().,[]", "      ")).split()
        return f"{name if name in words else f'_{name}'}: {kind}"

    # Conditions.

    def conjunction(self, scope: list[Var], depth: int, loops: int = 0) -> str:
        scope, parts = list(scope), []
        for _ in range(self.random.randint(1, 3)):
            choice = self.random.random()
            if choice < 0.4 and depth > 0 and loops < 3:
                loops += 1
                if loops > 1:
                    self.uses.add("nested loop")
                parts += self.related(scope) if self.random.random() < 0.5 else self.loop(scope)
            elif choice < 0.47:
                parts += self.named(scope)
            else:
                parts.append(self.condition(scope, depth, loops))
        if len(parts) > 1:
            self.uses.add("and")
        return " and ".join(parts)

    def loop(self, scope: list[Var]) -> list[str]:
        self.uses.add("some element")
        rows = [
            (path, kind.of) for path, kind, guards in self.paths(scope) if isinstance(kind, Collection) and not guards
        ]
        path, kind = self.random.choice(rows)
        row = self.fresh()
        scope.append((row, kind))
        # A name that is bound must be used.
        return [f"{row} in {path}", self.atom([(row, kind)], scope)]

    def named(self, scope: list[Var]) -> list[str]:
        self.uses.add(":=")
        found = [
            (p, k)
            for p, k, g in self.paths(scope)
            if not g and _scalar(k) and p.count(".") and k not in (INSTANT, DATE)
        ]
        path, kind = self.random.choice(found)
        name = self.fresh()
        self.aliases[name] = path
        scope.append((name, kind))
        return [f"{name} := {path}", self.atom([(name, kind)], scope)]

    def condition(self, scope: list[Var], depth: int, loops: int) -> str:
        kind = self.random.random()
        if depth <= 0 or kind < 0.5:
            return self.call(scope) if self.rules and self.random.random() < 0.35 else self.atom(scope, scope)
        if kind < 0.7:
            self.uses.add("not")
            body = self.conjunction(scope, depth - 1, loops)
            if " in request." in body:
                self.uses.add("negated loop")
            return f"not ({body})"
        if kind < 0.9:
            self.uses.add("or")
            branches = [self.conjunction(scope, depth - 1, loops) for _ in range(self.random.randint(2, 3))]
            return f"({' or '.join(f'({branch})' for branch in branches)})"
        return f"({self.conjunction(scope, depth - 1, loops)})"

    def call(self, scope: list[Var]) -> str:
        name, kinds, constants = self.random.choice(self.rules)
        arguments = []
        for wanted in kinds:
            found = [p for p, k, guards in self.paths(scope) if not guards and self.schema.is_subtype(k, wanted)]
            if wanted in (STRING, INTEGER) and (constants or not found) and self.random.random() < 0.8:
                # A constant where every head has one must be one of those.
                pool = constants if constants and _kind(constants[0]) == wanted else VALUES[wanted]
                arguments.append(_literal(self.random.choice(pool)))
                continue
            if not found:
                return self.atom(scope, scope)
            path = self.random.choice([p for p in found if p not in arguments] or found)
            if {p: k for p, k, _ in self.paths(scope)}[path] != wanted:
                self.uses.add("subtype")
            arguments.append(path)
        self.uses.add("call")
        return f"{name}({', '.join(arguments)})"

    # Atoms.

    def paths(self, scope: list[Var]) -> list[tuple[str, Type, tuple[str, ...]]]:
        """What can be said in a scope: each path with its type, and the optionals that it passes or is."""
        found: list[tuple[str, Type, tuple[str, ...]]] = []
        pending: list[tuple[str, Type, tuple[str, ...], int]] = [(name, kind, (), 0) for name, kind in scope]
        while pending:
            path, kind, guards, depth = pending.pop()
            if isinstance(kind, Optional):
                guards, kind = (*guards, path), kind.of
            found.append((path, kind, guards))
            if isinstance(kind, Record) and depth < 2:
                pending += [
                    (f"{path}.{name}", field.type, guards, depth + 1)
                    for name, field in self.schema.records[kind.name].fields.items()
                ]
        return sorted(found, key=lambda each: each[0])

    def atom(self, about: list[Var], scope: list[Var]) -> str:
        """A condition on one of some variables; what may be absent stands behind its guards."""
        found = [each for each in self.paths(about) if _scalar(each[1]) or isinstance(each[1], Collection) or each[2]]
        found = [each for each in found if not isinstance(each[1], Collection) or _scalar(each[1].of)]
        path, kind, guards = self.random.choice(found)
        if path.count(".") > 1:
            self.uses.add("field of a field")
        if any(part in ("class", "lambda", "from") for part in path.split(".")):
            self.uses.add("word of Python")
        if guards and (self.random.random() < 0.3 or not _scalar(kind)):
            return self.absence(guards)
        if guards:
            self.uses.add("!= nil")
        said = self.said(path, kind, scope)
        whole = " and ".join([*(f"{guard} != nil" for guard in guards), said])
        if len(guards) == 1 and self.random.random() < 0.25:
            self.uses |= {"= nil", "or"}
            return f"({guards[0]} = nil or ({whole}))"
        return f"({whole})" if guards else said

    def absence(self, guards: tuple[str, ...]) -> str:
        relation = self.random.choice(["= nil", "!= nil"])
        self.uses.add(relation)
        *before, last = guards
        whole = " and ".join([*(f"{guard} != nil" for guard in before), f"{last} {relation}"])
        return f"({whole})" if before else whole

    def said(self, path: str, kind: Type, scope: list[Var]) -> str:
        pick = self.random.choice
        if isinstance(kind, Collection):
            self.uses.add("membership")
            values = kind.of.values if isinstance(kind.of, Enumeration) else VALUES[kind.of]
            others = [p for p, k, g in self.paths(scope) if k == kind.of and not g]
            return f"{pick([*map(_literal, values), *others[:4]])} in {path}"
        if kind == BOOLEAN and self.random.random() < 0.5:
            return path
        itself = self.origin(path)
        others = [p for p, k, g in self.paths(scope) if k == kind and not g and self.origin(p) != itself]
        if kind in (STRING, INTEGER) or isinstance(kind, Enumeration):
            values = kind.values if isinstance(kind, Enumeration) else VALUES[kind]
            if self.random.random() < 0.2:
                self.uses |= {"membership", "list of constants"}
                return f"{path} in [{', '.join(map(_literal, self.random.sample(values, self.random.randint(1, 2))))}]"
            lists = [p for p, k, g in self.paths(scope) if k == Collection(cast(Any, kind)) and not g]
            if lists and self.random.random() < 0.15:
                self.uses.add("membership")
                return f"{path} in {pick(lists)}"
        relation = pick([each for each in RELATIONS if kind in ORDERED or each in ("=", "==", "!=")])
        self.uses.add(relation)
        constants = (
            [] if kind in (INSTANT, DATE) else list(kind.values if isinstance(kind, Enumeration) else VALUES[kind])
        )
        if constants and (not others or self.random.random() < 0.5):
            value = pick(constants)
            self.uses.add({str: "string", bool: "boolean", int: "integer"}[type(value)])
            return f"{path} {relation} {_literal(value)}"
        # Others stand here for instants and days too: a request has one of each.
        return f"{path} {relation} {pick(others)}" if others else f'request.name {pick(("=", "!="))} "a"'


def _scalar(kind: Type) -> bool:
    return kind in VALUES or isinstance(kind, Enumeration)


def _kind(value: Any) -> Type:
    return STRING if isinstance(value, str) else INTEGER


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)

"""Expressions, and what they rest on: what is inlined, what has a local name, what is known at a place."""

import itertools
import keyword
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from authz.analysis.definitions import Definition, called_rules, instantiate
from authz.analysis.simplify import normalize, simplify_under
from authz.analysis.substitute import free_variables
from authz.codegen.python.names import BUILTINS, TEMPORARIES, safe
from authz.language.ir import (
    FALSE,
    Absent,
    Access,
    And,
    Compare,
    Constant,
    Exists,
    Formula,
    Holds,
    Invoke,
    Member,
    Not,
    Or,
    Value,
    Variable,
    subformulas,
    values,
)
from authz.language.types import Optional, Record

if TYPE_CHECKING:
    from authz.codegen.python.module import Module


LARGE = 12
"""A rule of more conditions than this is called rather than inlined into an expression."""

HUGE = 100
"""And a rule of more than this is called by an entry point too, which spares no length otherwise."""

SMALL = 8
"""Where answers are remembered, a rule of more conditions than this has one worth remembering."""

LOOP = 1000
"""What a loop costs beside a comparison."""

WIDE = 110
"""Lines longer than this are broken."""

OPERATORS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass
class Scope:
    """What is settled at one place of a function: conditions that hold, and values that have a local name."""

    known: frozenset[Formula] = frozenset()
    locals: dict[Access, str] = field(default_factory=dict)
    ranging: dict[str, "Ranging"] = field(default_factory=dict)
    """The loops around this place, by their variables."""

    def inner(self) -> "Scope":
        return Scope(self.known, dict(self.locals), dict(self.ranging))


@dataclass
class Ranging:
    """A loop being written: its variable, what it ranges over, and whether a loop in it skips a lone row."""

    variable: Variable
    collection: Access
    others: str = ""


Success = str


class Expressions:
    """One function being written: its lines, and how it says values and conditions."""

    def __init__(
        self, module: "Module", name: str, definition: Definition, remembering: bool, entry: bool = False
    ) -> None:
        self.module, self.name, self.definition = module, name, definition
        self.remembering, self.entry = remembering, entry
        self.lines: list[str] = []
        self.parameters = {p.name for p in definition.parameters}
        bound = {p.variable.name for p in subformulas(definition.formula) if isinstance(p, Exists)}
        self.variables = self.parameters | bound | free_variables(definition.formula)
        self.python_names: dict[str, str] = {}
        self.reads: Counter[tuple[str, ...]] = Counter()
        self.helpers: list[str] = []

    def write(self, depth: int, line: str) -> None:
        self.lines.append("    " * depth + line)

    # Inlining.

    def expand(self, formula: Formula, known: frozenset[Formula]) -> Formula:
        """The formula with small rules inlined, simplified where `known` holds."""
        match formula:
            case Invoke(name=name) if self.inlined(name):
                return self.expand(self.instance(formula), known)
            case Not(operand=operand):
                return simplify_under(normalize(Not(self.expand(operand, known))), known)
            case And(parts=parts):
                return simplify_under(normalize(And(tuple(self.expand(part, known) for part in parts))), known)
            case Or(parts=parts):
                return simplify_under(normalize(Or(tuple(self.expand(part, known) for part in parts))), known)
        return simplify_under(formula, known)

    def inlined(self, name: str) -> bool:
        """Whether calls of a rule are always replaced by its conditions: it is small, and has no loop of its own."""
        most = SMALL if self.remembering and name in self.module.looping else LARGE
        return name not in self.module.ranging and self.module.sizes[name] <= most

    def instance(self, call: Invoke) -> Formula:
        formula = instantiate(self.module.defined[call.name], call.arguments, self.variables)
        self.variables |= free_variables(formula) | {
            part.variable.name for part in subformulas(formula) if isinstance(part, Exists)
        }
        return formula

    def flat(self, part: Formula, known: frozenset[Formula]) -> list[Formula]:
        """A conjunct as the conjuncts it stands for; an entry point spares no length to save a call."""
        part = self.expand(part, known)
        if isinstance(part, And):
            return [one for inner in part.parts for one in self.flat(inner, known)]
        if isinstance(part, Invoke) and self.entry and not self.remembering and self.spread(part.name):
            inner_formula = normalize(self.instance(part))
            if inner_formula == FALSE or not isinstance(inner_formula, Or):
                return [FALSE] if inner_formula == FALSE else self.flat(inner_formula, known)
        return [part]

    def spread(self, name: str) -> bool:
        """Whether an entry point takes a rule's conditions for its own."""
        return name not in self.module.ranging and self.module.sizes[name] <= HUGE

    def condition(self, depth: int, keyword: str, parts: list[Formula], joint: str, scope: Scope) -> None:
        """Write `if a and b:` or `return a and b`, over several lines where one is too long."""
        binding = 1 if joint == " or " else 2
        parts = unguarded(parts, joint == " or ")
        texts = [self.expression(self.expand(p, frozenset()), scope, binding if len(parts) > 1 else 0) for p in parts]
        end = ":" if keyword == "if " else ""
        line = f"{keyword}{joint.join(texts)}{end}"
        if len(line) + 4 * depth <= WIDE or len(texts) == 1:
            self.write(depth, line)
            return
        self.write(depth, f"{keyword}(")
        for index, text in enumerate(texts):
            self.write(depth + 1, text if index == 0 else f"{joint.lstrip()}{text}")
        self.write(depth, f"){end}")

    def hoist_for(self, loop: Exists, depth: int, scope: Scope) -> None:
        """Give each value that a loop reads, and that is the same in every round, a local name before it."""
        parts = [one for part in parts_of(loop.body) for one in self.flat(part, frozenset())]
        reads = [value for part in parts for value in values(part) if isinstance(value, Access)]
        self.name_values(self.nameable(reads, scope, {loop.variable.name}), depth, scope)

    def hoist(self, formulas: list[Formula], depth: int, scope: Scope) -> None:
        """Give each value that is read more than once a local name."""
        self.name_values(self.hoisted(formulas, scope), depth, scope)

    def hoisted(self, formulas: list[Formula], scope: Scope) -> list[Access]:
        """The values in these formulas that deserve a local name and have none."""
        reads = [value for f in formulas for value in values(f) if isinstance(value, Access)]
        return [v for v in self.nameable(reads, scope, set()) if v.root.name in self.parameters and self.uses(v) > 1]

    def nameable(self, reads: list[Access], scope: Scope, bound: set[str]) -> list[Access]:
        known = {*self.parameters, *scope.ranging} - bound
        return [v for v in dict.fromkeys(reads) if v not in scope.locals and v.root.name in known and self.total(v)]

    def name_values(self, found: list[Access], depth: int, scope: Scope) -> None:
        for value in found:
            name = self.local(value)
            self.write(depth, f"{name} = {self.value(value, scope)}")
            scope.locals[value] = name

    def uses(self, value: Access) -> int:
        """How often the function reads a field, in itself or in rules that may be inlined: an estimate."""
        if not self.reads:
            called = called_rules([self.definition.formula], self.module.defined)
            formulas = [self.definition.formula, *(self.module.defined[name].formula for name in called)]
            self.reads = Counter(v.fields for f in formulas for v in values(f) if isinstance(v, Access))
        return self.reads[value.fields]

    def total(self, value: Access) -> bool:
        """Whether a value can be read wherever its variable is known: no optional on the way to it."""
        kind = value.root.type
        for name in value.fields[:-1]:
            assert isinstance(kind, Record)  # the checker saw it
            declared = self.module.program.schema.field(kind, name)
            assert declared is not None  # likewise
            if isinstance(declared.type, Optional):
                return False
            kind = declared.type
        return True

    def local(self, value: Access) -> str:
        names = [value.fields[-1], f"{value.root.name}_{'_'.join(value.fields)}"]
        taken = {
            *self.python_names.values(),
            *self.module.functions,
            *self.variables,
            *BUILTINS,
            *keyword.kwlist,
            *TEMPORARIES,
        }
        name = next((n for n in names if n not in taken), None) or next(
            candidate for n in itertools.count(2) if (candidate := f"{names[-1]}_{n}") not in taken
        )
        self.python_names[f"local {name}"] = name
        return name

    def variable(self, name: str) -> str:
        if name not in self.python_names:
            base = safe(name)
            if re.match(r"loop_\d+_of_", base):  # a loop's own function
                base = f"{base}_"
            taken = {*self.module.functions, *self.python_names.values()}
            candidates = itertools.chain([base], (f"{base}_{n}" for n in itertools.count(2)))
            self.python_names[name] = next(c for c in candidates if c not in taken)
        return self.python_names[name]

    # Expressions.

    def value(self, value: Value, scope: Scope) -> str:
        if isinstance(value, Constant):
            return repr(value.value)
        if isinstance(value, Variable):
            return self.variable(value.name)
        if value in scope.locals:
            return scope.locals[value]
        for length in range(len(value.fields) - 1, 0, -1):
            for known, name in scope.locals.items():
                if known.root == value.root and known.fields == value.fields[:length]:
                    return ".".join([name, *map(self.module.attribute, value.fields[length:])])
        return ".".join([self.variable(value.root.name), *map(self.module.attribute, value.fields)])

    def expression(self, formula: Formula, scope: Scope, outer: int = 2) -> str:
        """A Python expression; `outer` is how tightly its surroundings bind: 0 not, 1 `or`, 2 `and`, 3 `not`."""
        match formula:
            case And(parts=()):
                return "True"
            case Or(parts=()):
                return "False"
            case And():
                text = " and ".join(
                    self.expression(self.expand(p, frozenset()), scope, 2) for p in self.ordered(formula)
                )
                return f"({text})" if outer > 2 else text
            case Or():
                text = " or ".join(
                    self.expression(self.expand(p, frozenset()), scope, 1) for p in self.ordered(formula)
                )
                return f"({text})" if outer > 1 else text
            case Not(operand=Absent(value=value)):
                return f"{self.value(value, scope)} is not None"
            case Not(operand=Member(value=value, collection=collection)):
                return f"{self.value(value, scope)} not in {self.members(collection, scope)}"
            case Not(operand=operand):
                return f"not {self.expression(operand, scope, 3)}"
            case Compare(operator=operator, left=left, right=right):
                return f"{self.value(left, scope)} {OPERATORS[operator]} {self.value(right, scope)}"
            case Absent(value=value):
                return f"{self.value(value, scope)} is None"
            case Holds(value=value):
                return self.value(value, scope)
            case Member(value=value, collection=collection):
                return f"{self.value(value, scope)} in {self.members(collection, scope)}"
            case Invoke():
                if self.inlined(formula.name):
                    return self.expression(self.expand(formula, frozenset()), scope, outer)
                arguments = [self.value(a, scope) for a in formula.arguments] + (["memo"] if self.remembering else [])
                return f"{self.module.call(formula.name, self.remembering)}({', '.join(arguments)})"
            case Exists():
                return self.helper(formula, scope)

    def ordered(self, formula: And | Or) -> list[Formula]:
        """The parts, cheap tests first, without guards that Python does not need."""
        return unguarded(sorted(formula.parts, key=self.module.cost), isinstance(formula, Or))

    def members(self, collection: Access | tuple[Constant, ...], scope: Scope) -> str:
        if isinstance(collection, Access):
            return self.value(collection, scope)
        return "(" + "".join(f"{c.value!r}, " for c in collection).rstrip() + ")"

    def helper(self, loop: Exists, scope: Scope) -> str:
        """A loop where no statement can stand becomes a function of the variables that it leaves free."""
        kinds = {v.name: v for value in values(loop) if (v := root_of(value)) is not None}
        parameters = tuple(kinds[name] for name in sorted(free_variables(loop)))
        name = f"loop_{len(self.helpers) + 1}_of_{self.name}"
        self.helpers.append(self.module.function(name, Definition(name, parameters, loop), self.remembering))
        arguments = [self.value(p, scope) for p in parameters] + (["memo"] if self.remembering else [])
        return f"{name}({', '.join(arguments)})"


def unguarded(parts: list[Formula], disjuncts: bool) -> list[Formula]:
    """Conjuncts without `x != nil`, or disjuncts without `x = nil`, where the next test of `x` answers for `None` too.

    `None` equals no constant and is in no collection: such a test fails, or negated holds, where its guard would have.
    """
    kept: list[Formula] = []
    for index, part in enumerate(parts):
        guarded = _guarded(part, disjuncts)
        reader = (
            next((p for p in parts[index + 1 :] if guarded in set(values(p))), None) if guarded is not None else None
        )
        if reader is None or not _stands_alone(reader, guarded, disjuncts):
            kept.append(part)
    return kept


def _guarded(part: Formula, disjunct: bool) -> Value | None:
    """The value that a guard is about: `x != nil` among conjuncts, `x = nil` among disjuncts."""
    if disjunct:
        return part.value if isinstance(part, Absent) else None
    return part.operand.value if isinstance(part, Not) and isinstance(part.operand, Absent) else None


def _stands_alone(part: Formula, value: Value | None, negated: bool) -> bool:
    """Whether a test answers for `None` what it would behind its guard: false, or true where all is negated."""
    if isinstance(part, Compare):
        return part.left == value and isinstance(part.right, Constant) and part.operator == ("!=" if negated else "=")
    if negated:
        return isinstance(part, Not) and isinstance(part.operand, Member) and part.operand.value == value
    return isinstance(part, Member) and part.value == value


def parts_of(formula: Formula) -> list[Formula]:
    return list(formula.parts) if isinstance(formula, And) else [formula]


def branches_of(formula: Formula) -> list[Formula]:
    return list(formula.parts) if isinstance(formula, Or) else [formula]


def root_of(value: Value) -> Variable | None:
    return value if isinstance(value, Variable) else (value.root if isinstance(value, Access) else None)

"""Compile checked rules to Python: readable source, one function a rule, that a debugger can step through.

The source has two halves that mean the same. The first is for requests with few rows: rules without loops are
inlined, loops too where a statement can hold them, and cheap tests come first. Its entry points hand requests with
many rows to the second half, in which every rule that loops remembers its answers and looks rows up by key: there
the work grows with the square of the rows and no faster.
"""

import builtins
import itertools
import keyword
import linecache
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from authz.compiled.definitions import (
    Definition,
    assume,
    definitions,
    free,
    instantiate,
    looping_rules,
    loops,
    normal,
    reachable,
    reasons,
    roots,
    substitute,
)
from authz.language.formula import (
    FALSE,
    TRUE,
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
    Program,
    Value,
    Variable,
    subformulas,
    values,
)
from authz.language.types import Optional, Record

MANY = 16
"""More rows than this, in all collections that nested loops range over, go to the half that remembers."""

_LARGE = 12
"""A rule of more conditions than this is called rather than inlined into an expression."""

_SMALL = 8
"""Where answers are remembered, a rule of more conditions than this has one worth remembering."""

_DEEP = 2
"""Loops are inlined up to this depth; below it they are calls."""

_LOOP = 1000
"""What a loop costs beside a comparison."""

_WIDE = 110
"""Lines longer than this are broken."""

_OWN = frozenset({"allow", "allow_many", "reasons", "reasons_many", "rows_where", "memo", "codes", "request"})
"""Names that every compiled policy has."""

_OPERATORS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

_REMEMBERING = '''\
def rows_where(memo, rows, name, value):
    """The rows whose field of this name has this value, from an index that is built once a decision."""
    index = memo.get((id(rows), name))
    if index is None:
        index = memo[id(rows), name] = {}
        for row in rows:
            index.setdefault(getattr(row, name), []).append(row)
    return index.get(value, ())
'''

_BUILTINS = frozenset(dir(builtins))
_counter = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A policy as two functions, and the source they came from."""

    source: str
    allow: Callable[[Any, str, Any], bool]
    reasons: Callable[[Any], tuple[str, ...]]


def compile_program(program: Program, attribute: Callable[[str], str] = str) -> Compiled:
    """The compiled form of a checked program; `attribute` says under which name a record holds a field."""
    source = generate(program, attribute)
    filename = f"<compiled policy {next(_counter)}>"
    # A traceback and a debugger show the line.
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    names: dict[str, Any] = {}
    exec(compile(source, filename, "exec"), names)
    return Compiled(source, names["allow"], names["reasons"])


def generate(program: Program, attribute: Callable[[str], str] = str) -> str:
    """The Python source of a checked program."""
    return _Module(program, attribute).source()


class _Module:
    """All functions of one program, and what they share: names, definitions, which rules loop."""

    def __init__(self, program: Program, attribute: Callable[[str], str]) -> None:
        self.program, self.attribute = program, attribute
        defined = {
            name: Definition(d.name, d.parameters, normal(d.formula)) for name, d in definitions(program).items()
        }
        self.defined = {name: d for name, d in defined.items() if name != "allow"}
        self.allow = defined["allow"]
        self.reasons = {code: Definition(code, d.parameters, normal(d.formula)) for code, d in reasons(program).items()}
        self.looping = looping_rules(self.defined)
        self.ranging = {name for name, d in self.defined.items() if loops(d.formula)}
        self.costs: dict[str, int] = {}
        self.sizes: dict[str, int] = {}
        for name, definition in self.defined.items():
            self.costs[name] = 1 + self.cost(definition.formula)
            self.sizes[name] = 1 if name in self.ranging else self.size(definition.formula)
        self.names = _names(self.defined)
        self.functions = (_OWN - {"request"}).union(*map(_kin, self.names.values()))
        self.wanted: list[str] = []

    def source(self) -> str:
        few = [self.entry_allow(False), *self.reason_functions(False), self.entry_reasons(False)]
        few = [*self.called(False), *few]
        many = [self.entry_allow(True), *self.reason_functions(True), self.entry_reasons(True)]
        many = [*self.called(True), *many]
        head = '"""A compiled policy: `allow(subject, action, request)` and `reasons(request)`."""\n'
        if not self.nested():
            return "\n\n".join([head, *few])
        note = "# The same rules again, for requests with many rows: answers are remembered, rows looked up by key.\n"
        return "\n\n".join([head, *few, note, _REMEMBERING, *many])

    def called(self, remembering: bool) -> list[str]:
        """The functions of all rules called so far, and of the rules that those call."""
        written: dict[str, str] = {}
        while self.wanted:
            name = self.wanted.pop()
            if name not in written:
                written[name] = self.rule(self.defined[name], remembering)
        order = [name for name in self.defined if name in written]
        return [written[name] for name in order]

    def call(self, name: str, remembering: bool) -> str:
        self.wanted.append(name)
        return self.names[name] + ("_many" if remembering else "")

    def nested(self) -> list[str]:
        """The collections of the request that loops within loops range over."""
        formulas = [self.allow.formula, *(d.formula for d in self.reasons.values())]
        inner: set[str] = set()
        for formula in [*formulas, *(d.formula for d in self.defined.values())]:
            for part in subformulas(formula):
                if isinstance(part, Exists) and loops(part.body, self.looping):
                    below = [part, *(self.defined[name].formula for name in reachable([part.body], self.defined))]
                    inner |= {c for one in below for c in self.collections(one)}
        return sorted(inner)

    def collections(self, formula: Formula) -> set[str]:
        ranged = {part.collection for part in subformulas(formula) if isinstance(part, Exists)}
        return {c.fields[0] for c in ranged if c.root.type == self.program.schema.request and len(c.fields) == 1}

    def too_many(self) -> str:
        counted = " + ".join(f"len(request.{self.attribute(name)})" for name in self.nested())
        return f"{counted} > {MANY}"

    def cost(self, formula: Formula) -> int:
        """Roughly how long deciding a formula takes: below `_LOOP` it has no loop."""
        match formula:
            case Not(operand=operand):
                return self.cost(operand)
            case And(parts=parts) | Or(parts=parts):
                return sum(map(self.cost, parts))
            case Exists(body=body):
                return _LOOP * (1 + self.cost(body))
            case Invoke(name=name):
                return self.costs[name]
        return 1

    def size(self, formula: Formula) -> int:
        """How many conditions a formula has once small rules are inlined."""
        return sum(
            self.sizes[part.name] if isinstance(part, Invoke) else not isinstance(part, And | Or | Not)
            for part in subformulas(formula)
        )

    # Functions.

    def rule(self, definition: Definition, remembering: bool) -> str:
        name = self.names[definition.name]
        if not remembering:
            return _Function(self, name, definition, False).text()
        body = _Function(self, f"{name}_of_many", definition, True).text()
        rows = [
            p for p in definition.parameters if isinstance(p.type, Record) and p.type != self.program.schema.request
        ]
        if len(rows) > 1:
            # A pair of rows is hardly ever asked about twice.
            return body.replace(f"def {name}_of_many(", f"def {name}_many(", 1)
        parameters = [_safe(p.name) for p in definition.parameters]
        told = [p for p in definition.parameters if p.type != self.program.schema.request]
        key = [f"id({_safe(p.name)})" if isinstance(p.type, Record) else _safe(p.name) for p in told]
        listed = ", ".join([*parameters, "memo"])
        return (
            f"{body}\n\ndef {name}_many({listed}):\n"
            f"    key = {', '.join([repr(definition.name), *key])}\n"
            f"    answer = memo.get(key)\n"
            f"    if answer is None:\n"
            f"        answer = memo[key] = {name}_of_many({listed})\n"
            f"    return answer\n"
        )

    def entry_allow(self, remembering: bool) -> str:
        function = _Function(self, "allow_many" if remembering else "allow", self.allow, remembering, entry=True)
        return function.text()

    def shared(self) -> dict[str, list[Formula]]:
        """The calls over the request alone that several codes ask, by code: each looping, each to be decided once."""
        guards = {code: self.guards(definition.formula) for code, definition in self.reasons.items()}
        counts = Counter(_called(guard) for found in guards.values() for guard in found)
        return {code: [guard for guard in found if counts[_called(guard)] > 1] for code, found in guards.items()}

    def guards(self, formula: Formula) -> list[Formula]:
        """The calls over the request alone, negated or not, that every alternative of a code makes."""
        alternatives = [_parts(alternative) for alternative in _branches(formula)]
        calls = [part for part in alternatives[0] if self.guard(part)] if alternatives else []
        return [call for call in calls if all(call in other for other in alternatives)]

    def guard(self, part: Formula) -> bool:
        call = part.operand if isinstance(part, Not) else part
        return isinstance(call, Invoke) and call.name in self.looping and len(call.arguments) == 1

    def reason_functions(self, remembering: bool) -> list[str]:
        written = []
        shared = self.shared()
        for code, definition in self.reasons.items():
            formula = assume(definition.formula, frozenset(shared[code]))
            if formula == TRUE:
                continue
            name = f"reason_{code}" + ("_many" if remembering else "")
            written.append(_Function(self, name, Definition(code, definition.parameters, formula), remembering).text())
        return written

    def entry_reasons(self, remembering: bool) -> str:
        """All codes that hold, in order; a condition that several codes share is decided once."""
        shared = self.shared()
        lines = ["def reasons_many(request, memo):" if remembering else "def reasons(request):"]
        lines.append('    """All reason codes that hold, in the catalogue\'s order."""')
        if not remembering and self.nested():
            lines += [f"    if {self.too_many()}:", "        return reasons_many(request, {})"]
        lines.append("    codes = []")
        suffix, more = ("_many", ", memo") if remembering else ("", "")
        decided: list[Formula] = []
        for code, asked in shared.items():
            for guard in asked:
                if _called(guard) not in map(_called, decided):
                    # What is asked only behind other conditions is decided only where those hold.
                    users = [guards for guards in shared.values() if _called(guard) in map(_called, guards)]
                    behind = [g for g in decided if all(g in guards for guards in users)]
                    call = f"{self.call(_called(guard), remembering)}(request{more})"
                    lines.append(
                        f"    is_{self.names[_called(guard)]} = {' and '.join([*map(self.asked, behind), call])}"
                    )
                    decided.append(guard)
            tests = list(map(self.asked, asked))
            if assume(self.reasons[code].formula, frozenset(asked)) != TRUE:
                tests.append(f"reason_{code}{suffix}(request{more})")
            lines += [f"    if {' and '.join(tests)}:", f"        codes.append({code!r})"]
        lines.append("    return tuple(codes)")
        return "\n".join(lines) + "\n"

    def asked(self, guard: Formula) -> str:
        """A shared condition, as `reasons` knows it."""
        return f"{'not ' if isinstance(guard, Not) else ''}is_{self.names[_called(guard)]}"


def _called(guard: Formula) -> str:
    """The rule that a shared condition calls."""
    call = guard.operand if isinstance(guard, Not) else guard
    assert isinstance(call, Invoke)  # guards are calls
    return call.name


def _names(defined: Iterable[str]) -> dict[str, str]:
    """The Python name of each rule's function, apart from Python's own, the entry points and other rules' kin."""
    taken = {*_OWN, *keyword.kwlist, *_BUILTINS}
    found: dict[str, str] = {}
    for name in defined:
        # `reason_CODE` is a code's own function, and `f_1` holds a loop of `f`.
        candidate = f"rule_{name}" if name.startswith("reason_") else name
        while _kin(candidate) & taken or re.search(r"_\d+$", candidate):
            candidate = f"{candidate}_rule"
        taken |= _kin(candidate)
        found[name] = candidate
    return found


def _kin(name: str) -> set[str]:
    """The names of all functions of one rule, and of what `reasons` knows of it."""
    return {name, f"{name}_many", f"{name}_of_many", f"is_{name}"}


def _safe(name: str) -> str:
    """The Python name of a variable: apart from functions, which have no trailing `_`, only where it must be."""
    return (
        f"{name}_"
        if keyword.iskeyword(name) or name in _BUILTINS or name in ("memo", "key", "answer", "index", "kept")
        else name
    )


@dataclass
class _Scope:
    """What is settled at one place of a function: conditions that hold, and values that have a local name."""

    known: frozenset[Formula] = frozenset()
    locals: dict[Access, str] = field(default_factory=dict)
    ranging: dict[str, "_Ranging"] = field(default_factory=dict)
    """The loops around this place, by their variables."""

    def inner(self) -> "_Scope":
        return _Scope(self.known, dict(self.locals), dict(self.ranging))


@dataclass
class _Ranging:
    """A loop being written: its variable, what it ranges over, and whether a loop in it skips a lone row."""

    variable: Variable
    collection: Access
    others: str = ""


Success = str


class _Function:
    """Writes one function: a condition falls through where it holds, and leaves by `fail` where it does not."""

    def __init__(
        self, module: _Module, name: str, definition: Definition, remembering: bool, entry: bool = False
    ) -> None:
        self.module, self.name, self.definition, self.remembering, self.entry = (
            module,
            name,
            definition,
            remembering,
            entry,
        )
        self.lines: list[str] = []
        self.parameters = {p.name for p in definition.parameters}
        self.variables = set(self.parameters) | free(definition.formula)
        self.python_names: dict[str, str] = {}
        self.handed_over = False
        self.reads: Counter[tuple[str, ...]] = Counter()
        self.helpers: list[str] = []

    def text(self) -> str:
        formula = self.expand(self.definition.formula, frozenset())
        scope = _Scope()
        alternatives = _branches(formula)
        plain = [a for a in alternatives if not self.statement(a)]
        looping = [a for a in alternatives if self.statement(a)]
        if not looping:
            joint = " or " if isinstance(formula, Or) else " and "
            parts = alternatives if isinstance(formula, Or) else _parts(formula)
            self.condition(1, "return ", parts or [formula], joint, scope)
        else:
            if plain:
                self.condition(1, "if ", plain, " or ", scope)
                self.write(2, "return True")
            for index, alternative in enumerate(looping):
                last = index == len(looping) - 1
                self.conjuncts(
                    _parts(alternative),
                    "return True",
                    "return False" if last else "",
                    1,
                    scope if last else scope.inner(),
                )
            if not self.lines[-1].strip().startswith("return") or self.lines[-1].startswith("        "):
                self.write(1, "return False")
        parameters = ", ".join(
            [*(self.variable(p.name) for p in self.definition.parameters), *(["memo"] if self.remembering else [])]
        )
        return "\n\n".join([*self.helpers, "\n".join([f"def {self.name}({parameters}):", *self.lines]) + "\n"])

    def write(self, depth: int, line: str) -> None:
        self.lines.append("    " * depth + line)

    # Inlining.

    def expand(self, formula: Formula, known: frozenset[Formula]) -> Formula:
        """The formula with small rules inlined, simplified where `known` holds."""
        match formula:
            case Invoke(name=name) if self.inlined(name):
                return self.expand(self.instance(formula), known)
            case Not(operand=operand):
                return assume(normal(Not(self.expand(operand, known))), known)
            case And(parts=parts):
                return assume(normal(And(tuple(self.expand(part, known) for part in parts))), known)
            case Or(parts=parts):
                return assume(normal(Or(tuple(self.expand(part, known) for part in parts))), known)
        return assume(formula, known)

    def inlined(self, name: str) -> bool:
        """Whether calls of a rule are always replaced by its conditions: it has no loop of its own, or, if answers are
        remembered, none at all."""
        if name not in self.module.looping:
            return self.remembering or self.module.sizes[name] <= _LARGE
        return name not in self.module.ranging and self.module.sizes[name] <= (_SMALL if self.remembering else _LARGE)

    def instance(self, call: Invoke) -> Formula:
        formula = instantiate(self.module.defined[call.name], call.arguments, self.variables)
        self.variables |= free(formula) | {
            part.variable.name for part in subformulas(formula) if isinstance(part, Exists)
        }
        return formula

    def flat(self, part: Formula, known: frozenset[Formula]) -> list[Formula]:
        """A conjunct as the conjuncts it stands for; an entry point spares no length to save a call."""
        part = self.expand(part, known)
        if isinstance(part, And):
            return [one for inner in part.parts for one in self.flat(inner, known)]
        if isinstance(part, Invoke) and self.entry and not self.remembering and part.name not in self.module.ranging:
            inner_formula = normal(self.instance(part))
            if inner_formula == FALSE or not isinstance(inner_formula, Or):
                return [FALSE] if inner_formula == FALSE else self.flat(inner_formula, known)
        return [part]

    def opened(self, part: Formula, known: frozenset[Formula], depth: int) -> Formula:
        """A call of a rule that loops, opened where a statement can hold its loop; anything else as it is."""
        negative = isinstance(part, Not)
        call = part.operand if isinstance(part, Not) else part
        if not isinstance(call, Invoke):
            return part
        body = assume(normal(self.instance(call)), known)
        if body in (TRUE, FALSE):
            return normal(Not(body)) if negative else body
        parts = _parts(body)
        single = sum(isinstance(p, Exists) for p in parts) == 1 and not isinstance(body, Or)
        if self.remembering or depth > _DEEP or not single or (negative and len(parts) > 1):
            return part
        return Not(body) if negative else body

    # Statements.

    def statement(self, formula: Formula) -> bool:
        """Whether some loop of the formula must be written as a statement."""
        return any(
            isinstance(part, Exists) or (isinstance(part, Not) and isinstance(part.operand, Exists)) or self.opens(part)
            for part in _parts(formula)
        )

    def opens(self, part: Formula) -> bool:
        call = part.operand if isinstance(part, Not) else part
        return isinstance(call, Invoke) and not self.remembering and call.name in self.module.looping

    def conjuncts(
        self, parts: list[Formula], success: Success, fail: str, depth: int, scope: _Scope, level: int = 0
    ) -> None:
        """Write a conjunction: `success` where all parts hold; where one fails, `fail`, or on to what follows."""
        pending = sorted((one for part in parts for one in self.flat(part, scope.known)), key=self.module.cost)
        while pending:
            part = self.expand(pending.pop(0), scope.known)
            if isinstance(part, And):
                pending = sorted([*self.flat(part, scope.known), *pending], key=self.module.cost)
                continue
            if self.module.cost(part) >= _LOOP:
                if self.either(part, fail, depth, scope, level):
                    scope.known |= {part}
                    continue
                opened = self.opened(part, scope.known, level + 1)
                if opened != part and not isinstance(opened, Not):
                    # All conjuncts must hold, so the others may take this one for granted.
                    scope.known |= {part}
                    pending = sorted([*self.flat(opened, scope.known), *pending], key=self.module.cost)
                    continue
                part = opened
            loop = part.operand if isinstance(part, Not) else part
            if not isinstance(loop, Exists) or not self.fits(part, pending, success, fail):
                tests, pending = self.tests(part, pending, scope)
                depth = self.test(tests, pending, success, fail, depth, scope)
                if depth == 0:
                    return
                continue
            self.hand_over(depth, level, loop)
            if isinstance(part, Not):
                if self.absent(loop, pending, success, fail, depth, scope, level):
                    return
            elif self.present(loop, pending, success, fail, depth, scope, level):
                return
            scope.known |= {part}
        if success:
            self.write(depth, success)

    def either(self, part: Formula, fail: str, depth: int, scope: _Scope, level: int) -> bool:
        """Write a disjunction with one branch that loops, where failing leaves the function; False if it is none."""
        if not isinstance(part, Or) or not fail or self.remembering or level >= _DEEP:
            return False
        plain = [p for p in part.parts if self.module.cost(p) < _LOOP]
        looping = [p for p in part.parts if self.module.cost(p) >= _LOOP]
        if len(looping) != 1 or not plain or not self.statement(looping[0]):
            return False
        if fail == "continue" and not self.only_found(looping[0], scope, level):
            return False
        self.hoist(plain, depth, scope)
        self.condition(depth, "if ", [normal(Not(p)) for p in plain], " and ", scope)
        inner = scope.inner()
        inner.known |= {normal(Not(p)) for p in plain}
        start = len(self.lines)
        self.conjuncts(_parts(looping[0]), "", fail, depth + 1, inner, level)
        assert len(self.lines) > start  # a branch that loops has statements
        return True

    def only_found(self, formula: Formula, scope: _Scope, level: int) -> bool:
        """Whether the loops of a conjunction only look for a row: then `continue` leaves from where it stands."""
        for part in _parts(formula):
            opened = self.opened(part, scope.known, level + 1)
            if self.module.cost(opened) >= _LOOP and not any(isinstance(p, Exists) for p in _parts(opened)):
                return False
        return True

    def condition(self, depth: int, keyword: str, parts: list[Formula], joint: str, scope: _Scope) -> None:
        """Write `if a and b:` or `return a and b`, over several lines where one is too long."""
        binding = 1 if joint == " or " else 2
        parts = _unguarded(parts, joint == " or ")
        texts = [self.expression(self.expand(p, frozenset()), scope, binding if len(parts) > 1 else 0) for p in parts]
        end = ":" if keyword == "if " else ""
        line = f"{keyword}{joint.join(texts)}{end}"
        if len(line) + 4 * depth <= _WIDE or len(texts) == 1:
            self.write(depth, line)
            return
        self.write(depth, f"{keyword}(")
        for index, text in enumerate(texts):
            self.write(depth + 1, text if index == 0 else f"{joint.lstrip()}{text}")
        self.write(depth, f"){end}")

    def fits(self, part: Formula, pending: list[Formula], success: Success, fail: str) -> bool:
        """Whether a statement can hold this loop here: one that must go on after finding a row needs a way to fail."""
        return bool(fail) or isinstance(part, Not) or (not pending and success.startswith("return"))

    def tests(self, first: Formula, pending: list[Formula], scope: _Scope) -> tuple[list[Formula], list[Formula]]:
        """As many conditions as one `if` can hold, from the first on."""
        tests = [first]
        known = scope.known | {first}
        while pending:
            part = self.expand(pending[0], known)
            if isinstance(part, And) or self.module.cost(part) >= _LOOP:
                break
            pending = pending[1:]
            tests.append(part)
            known |= {part}
        return [t for t in tests if t != TRUE] or [TRUE], pending

    def test(
        self, tests: list[Formula], pending: list[Formula], success: Success, fail: str, depth: int, scope: _Scope
    ) -> int:
        """Write an `if`; the depth at which to go on, or 0 if nothing is left to write."""
        if tests == [TRUE]:
            return depth
        first = list(itertools.takewhile(lambda t: not self.hoisted([t], scope), tests))
        if fail and 0 < len(first) < len(tests):
            # What refuses first should not wait for locals that it does not need.
            depth = self.test(first, [FALSE], success, fail, depth, scope)
            return self.test(tests[len(first) :], pending, success, fail, depth, scope)
        self.hoist(tests, depth, scope)
        scope.known |= set(tests)
        if not pending and success and (not fail or fail == "continue"):
            self.condition(depth, "if ", tests, " and ", scope)
            self.write(depth + 1, success)
            return 0
        if not pending and success == "return True" and fail == "return False":
            self.condition(depth, "return ", tests, " and ", scope)
            return 0
        if not fail:
            self.condition(depth, "if ", tests, " and ", scope)
            return depth + 1
        fails = [one for t in tests for one in _branches(normal(Not(t)))]
        self.condition(depth, "if ", fails, " or ", scope)
        self.write(depth + 1, fail)
        return depth

    def present(
        self, loop: Exists, pending: list[Formula], success: Success, fail: str, depth: int, scope: _Scope, level: int
    ) -> bool:
        """Write `some element`; True if nothing is left to write after it."""
        self.hoist_for(loop, depth, scope)
        last = not pending and success.startswith("return")
        self.loop(loop, success if last else "break", depth, scope, level)
        if last:
            if fail.startswith("return"):
                self.write(depth, fail)
            return True
        self.write(depth, "else:")
        self.write(depth + 1, fail)
        return False

    def absent(
        self, loop: Exists, pending: list[Formula], success: Success, fail: str, depth: int, scope: _Scope, level: int
    ) -> bool:
        """Write `no element`; True if nothing is left to write after it."""
        self.hoist_for(loop, depth, scope)
        if fail.startswith("return"):
            self.loop(loop, fail, depth, scope, level)
            return False
        self.loop(loop, "break", depth, scope, level)
        self.write(depth, "else:")
        inner = scope.inner()
        inner.known |= {Not(loop)}
        self.conjuncts(pending, success, fail, depth + 1, inner, level)
        return True

    def loop(self, loop: Exists, success: Success, depth: int, scope: _Scope, level: int) -> None:
        inner = scope.inner()
        ranging = inner.ranging[loop.variable.name] = _Ranging(loop.variable, loop.collection)
        rows = self.rows(loop, depth, scope)
        start = len(self.lines)
        self.write(depth, f"for {self.variable(loop.variable.name)} in {rows}:")
        self.conjuncts(_parts(loop.body), success, "continue", depth + 1, inner, level + 1)
        if ranging.others:
            self.lines.insert(start, "    " * depth + f"{ranging.others} = {rows} if len({rows}) > 1 else ()")

    def rows(self, loop: Exists, depth: int, scope: _Scope) -> str:
        """What a loop ranges over: where answers are remembered, only the rows that an index selects."""
        if self.remembering:
            return self.indexed(loop, depth, scope)
        for around in scope.ranging.values():
            if around.collection == loop.collection and self.contradicts(loop, around.variable, scope):
                # The row of the loop around this one is no answer: where it is alone there is none.
                around.others = around.others or self.local(Access(around.variable, ("others",), loop.variable.type))
                return around.others
        return self.value(loop.collection, scope)

    def contradicts(self, loop: Exists, other: Variable, scope: _Scope) -> bool:
        """Whether a loop's body cannot hold of a row that is known already."""
        body = substitute(loop.body, {loop.variable.name: other})
        parts = [assume(one, scope.known) for part in _parts(normal(body)) for one in self.flat(part, scope.known)]
        return FALSE in map(normal, parts)

    def indexed(self, loop: Exists, depth: int, scope: _Scope) -> str:
        """The rows of an index that is built once a decision: those that can satisfy the loop, by a key if it has one.

        Where nothing but one comparison is left to ask, the index keeps the one row likeliest to satisfy it.
        """
        everything = self.value(loop.collection, scope)
        request = loop.collection.root
        parts = [one for part in _parts(loop.body) for one in self.flat(part, frozenset())]
        alone = [p for p in parts if free(p) <= {loop.variable.name, request.name}]
        key = next((k for p in parts if p not in alone and (k := _key(p, loop.variable))), None)
        rest = [p for p in parts if p not in alone and (key is None or _key(p, loop.variable) != key)]
        extreme = _extreme(rest[0], loop.variable) if len(rest) == 1 else None
        if extreme is None:
            alone = [p for p in alone if self.module.cost(p) < _LOOP]
        if request.type != self.module.program.schema.request or (not alone and not extreme):
            if key is None:
                return everything
            return f"rows_where(memo, {everything}, {self.module.attribute(key[0])!r}, {self.value(key[1], scope)})"
        name = f"{self.name}_{len(self.helpers) + 1}"
        self.helpers.append(_Index(self.module, name, loop, request, alone, key, extreme).text())
        self.write(depth, f"index = memo.get({name!r})")
        self.write(depth, "if index is None:")
        self.write(depth + 1, f"index = {name}({self.variable(request.name)}, memo)")
        if key is None:
            return "index.get(None, ())"
        return f"index.get({self.value(key[1], scope)}, ())"

    def hand_over(self, depth: int, level: int, loop: Exists) -> None:
        """Before its first loop in a loop, an entry point hands requests with many rows over."""
        if not self.entry or self.handed_over or self.remembering or level or not loops(loop.body, self.module.looping):
            return
        self.handed_over = True
        arguments = ", ".join(self.variable(p.name) for p in self.definition.parameters)
        self.write(depth, f"if {self.module.too_many()}:")
        self.write(depth + 1, f"return allow_many({arguments}, {{}})")

    # Locals.

    def hoist_for(self, loop: Exists, depth: int, scope: _Scope) -> None:
        """Give each value that a loop reads, and that is the same in every round, a local name before it."""
        parts = [one for part in _parts(loop.body) for one in self.flat(part, frozenset())]
        reads = [value for part in parts for value in values(part) if isinstance(value, Access)]
        self.name_values(self.nameable(reads, scope, {loop.variable.name}), depth, scope)

    def hoist(self, formulas: list[Formula], depth: int, scope: _Scope) -> None:
        """Give each value that is read more than once a local name."""
        self.name_values(self.hoisted(formulas, scope), depth, scope)

    def hoisted(self, formulas: list[Formula], scope: _Scope) -> list[Access]:
        """The values in these formulas that deserve a local name and have none."""
        reads = [value for f in formulas for value in values(f) if isinstance(value, Access)]
        return [v for v in self.nameable(reads, scope, set()) if v.root.name in self.parameters and self.uses(v) > 1]

    def nameable(self, reads: list[Access], scope: _Scope, bound: set[str]) -> list[Access]:
        known = {*self.parameters, *scope.ranging} - bound
        return [v for v in dict.fromkeys(reads) if v not in scope.locals and v.root.name in known and self.total(v)]

    def name_values(self, found: list[Access], depth: int, scope: _Scope) -> None:
        for value in found:
            name = self.local(value)
            self.write(depth, f"{name} = {self.value(value, scope)}")
            scope.locals[value] = name

    def uses(self, value: Access) -> int:
        """How often the function reads a field, in itself or in rules that may be inlined: an estimate."""
        if not self.reads:
            called = reachable([self.definition.formula], self.module.defined)
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
            *_BUILTINS,
            *keyword.kwlist,
        }
        name = next((n for n in names if n not in taken), None) or next(
            candidate for n in itertools.count(2) if (candidate := f"{names[-1]}_{n}") not in taken
        )
        self.python_names[f"local {name}"] = name
        return name

    def variable(self, name: str) -> str:
        if name not in self.python_names:
            safe = _safe(name)
            if re.fullmatch(rf"{self.name}_\d+", safe):  # a loop's own function
                safe = f"{safe}_"
            taken = {*self.module.functions, *self.python_names.values()}
            self.python_names[name] = next(
                c for c in itertools.chain([safe], (f"{safe}_{n}" for n in itertools.count(2))) if c not in taken
            )
        return self.python_names[name]

    # Expressions.

    def value(self, value: Value, scope: _Scope) -> str:
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

    def expression(self, formula: Formula, scope: _Scope, outer: int = 2) -> str:
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
                return f"{self.value(left, scope)} {_OPERATORS[operator]} {self.value(right, scope)}"
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
        return _unguarded(sorted(formula.parts, key=self.module.cost), isinstance(formula, Or))

    def members(self, collection: Access | tuple[Constant, ...], scope: _Scope) -> str:
        if isinstance(collection, Access):
            return self.value(collection, scope)
        return "(" + "".join(f"{c.value!r}, " for c in collection).rstrip() + ")"

    def helper(self, loop: Exists, scope: _Scope) -> str:
        """A loop where no statement can stand becomes a function of the variables that it leaves free."""
        kinds = {v.name: v for value in values(loop) if (v := _root(value)) is not None}
        parameters = tuple(kinds[name] for name in sorted(free(loop)))
        name = f"{self.name}_{len(self.helpers) + 1}"
        self.helpers.append(_Function(self.module, name, Definition(name, parameters, loop), self.remembering).text())
        arguments = [self.value(p, scope) for p in parameters] + (["memo"] if self.remembering else [])
        return f"{name}({', '.join(arguments)})"


class _Index(_Function):
    """Writes the function that builds an index: the rows that satisfy what is asked of a row alone, by key."""

    def __init__(
        self,
        module: _Module,
        name: str,
        loop: Exists,
        request: Variable,
        alone: list[Formula],
        key: tuple[str, Value] | None,
        extreme: tuple[str, str] | None,
    ) -> None:
        super().__init__(module, name, Definition(name, (request,), And(tuple(alone))), True)
        self.row, self.collection, self.key, self.extreme = loop.variable, loop.collection, key, extreme

    def text(self) -> str:
        """The function, after those of the loops in it."""
        scope = _Scope()
        row = self.variable(self.row.name)
        self.write(1, f"index = memo[{self.name!r}] = {{}}")
        self.write(1, f"for {row} in {self.value(self.collection, scope)}:")
        parts = sorted(_parts(self.definition.formula), key=self.module.cost)
        if parts:
            self.condition(2, "if ", [normal(Not(part)) for part in parts], " or ", scope)
            self.write(3, "continue")
        key = f"{row}.{self.module.attribute(self.key[0])}" if self.key else "None"
        if self.extreme is None:
            self.write(2, f"index.setdefault({key}, []).append({row})")
        else:
            name, better = self.extreme
            field = self.module.attribute(name)
            self.write(2, f"kept = index.get({key})")
            self.write(2, f"if kept is None or kept[0].{field} {better} {row}.{field}:")
            self.write(3, f"index[{key}] = ({row},)")
        self.write(1, "return index")
        head = f"def {self.name}({self.variable(self.collection.root.name)}, memo):"
        return "\n\n".join([*self.helpers, "\n".join([head, *self.lines]) + "\n"])


def _unguarded(parts: list[Formula], disjuncts: bool) -> list[Formula]:
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


def _extreme(part: Formula, variable: Variable) -> tuple[str, str] | None:
    """The field that one comparison asks to be large or small, and how the row to keep compares with a better one."""
    if not isinstance(part, Compare) or part.operator not in ("<", "<=", ">", ">="):
        return None
    for one, other, larger in ((part.left, part.right, (">", ">=")), (part.right, part.left, ("<", "<="))):
        if (
            isinstance(one, Access)
            and one.root == variable
            and len(one.fields) == 1
            and variable.name not in roots(other)
        ):
            return one.fields[0], "<" if part.operator in larger else ">"
    return None


def _parts(formula: Formula) -> list[Formula]:
    return list(formula.parts) if isinstance(formula, And) else [formula]


def _branches(formula: Formula) -> list[Formula]:
    return list(formula.parts) if isinstance(formula, Or) else [formula]


def _root(value: Value) -> Variable | None:
    return value if isinstance(value, Variable) else (value.root if isinstance(value, Access) else None)


def _key(part: Formula, variable: Variable) -> tuple[str, Value] | None:
    """The field and the value by which a loop's rows can be looked up: `row.field = value`, the value known before."""
    if not isinstance(part, Compare) or part.operator != "=":
        return None
    for one, other in ((part.left, part.right), (part.right, part.left)):
        if (
            isinstance(one, Access)
            and one.root == variable
            and len(one.fields) == 1
            and not isinstance(one.type, Optional)
            and isinstance(other, Access | Variable)
            and variable.name not in roots(other)
        ):
            return one.fields[0], other
    return None

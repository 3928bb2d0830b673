"""The whole source of a compiled policy: its functions, its two entry points, and the half for many rows."""

from collections import Counter
from collections.abc import Callable

from authz.analysis.definitions import (
    Definition,
    called_rules,
    has_loop,
    looping_rules,
    reason_definitions,
    rule_definitions,
)
from authz.analysis.simplify import normalize, simplify_under
from authz.codegen.python.expressions import LOOP, branches_of, parts_of
from authz.codegen.python.names import OWN, function_names, kin
from authz.codegen.python.statements import Function
from authz.language.ir import (
    TRUE,
    And,
    Exists,
    Formula,
    Invoke,
    Not,
    Or,
    Program,
    subformulas,
)
from authz.language.types import Record

MANY = 16
"""More rows than this, in all collections that nested loops range over, go to the half that remembers."""

ROWS_WHERE = '''\
def rows_where(memo, rows, name, value):
    """The rows whose field of this name has this value, from an index that is built once a decision."""
    index = memo.get(("rows", id(rows), name))
    if index is None:
        index = memo["rows", id(rows), name] = {}
        for row in rows:
            index.setdefault(getattr(row, name), []).append(row)
    return index.get(value, ())
'''


class Module:
    """All functions of one program, and what they share: names, definitions, which rules loop."""

    def __init__(self, program: Program, attribute: Callable[[str], str], many: int = MANY) -> None:
        self.program, self.attribute, self.many = program, attribute, many
        defined = {
            name: Definition(d.name, d.parameters, normalize(d.formula))
            for name, d in rule_definitions(program).items()
        }
        self.defined = {name: d for name, d in defined.items() if name != "allow"}
        self.allow = defined["allow"]
        self.reasons = {
            code: Definition(code, d.parameters, normalize(d.formula))
            for code, d in reason_definitions(program).items()
        }
        self.looping = looping_rules(self.defined)
        self.ranging = {name for name, d in self.defined.items() if has_loop(d.formula)}
        self.costs: dict[str, int] = {}
        self.sizes: dict[str, int] = {}
        for name, definition in self.defined.items():
            self.costs[name] = 1 + self.cost(definition.formula)
            self.sizes[name] = 1 if name in self.ranging else self.size(definition.formula)
        self.names = function_names(self.defined)
        self.functions = (OWN - {"request"}).union(*map(kin, self.names.values()))
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
        return "\n\n".join([head, *few, note, ROWS_WHERE, *many])

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
                if isinstance(part, Exists) and has_loop(part.body, self.looping):
                    below = [part, *(self.defined[name].formula for name in called_rules([part.body], self.defined))]
                    inner |= {c for one in below for c in self.collections(one)}
        return sorted(inner)

    def collections(self, formula: Formula) -> set[str]:
        ranged = {part.collection for part in subformulas(formula) if isinstance(part, Exists)}
        return {c.fields[0] for c in ranged if c.root.type == self.program.schema.request and len(c.fields) == 1}

    def too_many(self, request: str = "request") -> str:
        """Whether a request has many rows; `request` is its name."""
        counted = " + ".join(f"len({request}.{self.attribute(name)})" for name in self.nested())
        return f"{counted} > {self.many}"

    def cost(self, formula: Formula) -> int:
        """Roughly how long deciding a formula takes: below `LOOP` it has no loop."""
        match formula:
            case Not(operand=operand):
                return self.cost(operand)
            case And(parts=parts) | Or(parts=parts):
                return sum(map(self.cost, parts))
            case Exists(body=body):
                return LOOP * (1 + self.cost(body))
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

    def function(self, name: str, definition: Definition, remembering: bool) -> str:
        """The source of one function, and of those that hold its inner loops."""
        return Function(self, name, definition, remembering).text()

    def rule(self, definition: Definition, remembering: bool) -> str:
        name = self.names[definition.name]
        if not remembering:
            return Function(self, name, definition, False).text()
        body = Function(self, f"{name}_of_many", definition, True).text()
        rows = [
            p for p in definition.parameters if isinstance(p.type, Record) and p.type != self.program.schema.request
        ]
        if len(rows) > 1:
            # A pair of rows is hardly ever asked about twice.
            return body.replace(f"def {name}_of_many(", f"def {name}_many(", 1)
        parameters = [(f"value_{n}", p.type) for n, p in enumerate(definition.parameters, 1)]
        told = [(name, kind) for name, kind in parameters if kind != self.program.schema.request]
        key = [f"id({name})" if isinstance(kind, Record) else name for name, kind in told]
        listed = ", ".join([*(name for name, _ in parameters), "memo"])
        return (
            f"{body}\n\ndef {name}_many({listed}):\n"
            f"    key = 'rule', {', '.join([repr(definition.name), *key])}\n"
            f"    answer = memo.get(key)\n"
            f"    if answer is None:\n"
            f"        answer = memo[key] = {name}_of_many({listed})\n"
            f"    return answer\n"
        )

    def entry_allow(self, remembering: bool) -> str:
        function = Function(self, "allow_many" if remembering else "allow", self.allow, remembering, entry=True)
        return function.text()

    def shared(self) -> dict[str, list[Formula]]:
        """The calls over the request alone that several codes ask, by code: each looping, each to be decided once."""
        guards = {code: self.guards(definition.formula) for code, definition in self.reasons.items()}
        counts = Counter(_called(guard) for found in guards.values() for guard in found)
        return {code: [guard for guard in found if counts[_called(guard)] > 1] for code, found in guards.items()}

    def guards(self, formula: Formula) -> list[Formula]:
        """The calls over the request alone, negated or not, that every alternative of a code makes."""
        alternatives = [parts_of(alternative) for alternative in branches_of(formula)]
        calls = [part for part in alternatives[0] if self.guard(part)] if alternatives else []
        return [call for call in calls if all(call in other for other in alternatives)]

    def guard(self, part: Formula) -> bool:
        call = part.operand if isinstance(part, Not) else part
        return isinstance(call, Invoke) and call.name in self.looping and len(call.arguments) == 1

    def reason_functions(self, remembering: bool) -> list[str]:
        written = []
        shared = self.shared()
        for code, definition in self.reasons.items():
            formula = simplify_under(definition.formula, frozenset(shared[code]))
            if formula == TRUE:
                continue
            name = f"reason_{code}" + ("_many" if remembering else "")
            written.append(Function(self, name, Definition(code, definition.parameters, formula), remembering).text())
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
            if simplify_under(self.reasons[code].formula, frozenset(asked)) != TRUE:
                tests.append(f"reason_{code}{suffix}(request{more})")
            lines += [f"    if {' and '.join(tests) or True}:", f"        codes.append({code!r})"]
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

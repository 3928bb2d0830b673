"""The state of one Python function while its source is written."""

import itertools
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from keyword import kwlist

from authz.analysis.definitions import Definition, called_rules
from authz.analysis.substitute import bound_variables, free_variables
from authz.codegen.python.names import BUILTINS, LOOP_FUNCTION, TEMPORARIES, safe
from authz.codegen.python.plan import Form, Plan
from authz.language.diagnostics import Span
from authz.language.ir import Access, Exists, Formula, Invoke, Variable, values

WIDEST = 110
"""Longer lines are broken."""


@dataclass(slots=True)
class OpenLoop:
    """A loop whose body is being written."""

    variable: Variable
    collection: Access
    other_rows: str = ""
    """The local name of the collection's rows, or of no rows where it has a single one; "" while nothing uses it."""


@dataclass(slots=True)
class EmitScope:
    """What the emitter knows at one place of the function that it writes."""

    known: frozenset[Formula] = frozenset()
    """Formulas that hold here."""
    locals: dict[Access, str] = field(default_factory=dict)
    """Values that have a local name."""
    loops: dict[str, OpenLoop] = field(default_factory=dict)
    """The loops around this place, by the names of their variables."""

    def inner(self) -> "EmitScope":
        """A copy for a nested block."""
        return EmitScope(self.known, dict(self.locals), dict(self.loops))


@dataclass(frozen=True, slots=True)
class Block:
    """Where a conjunction is written, and the statements for its two outcomes."""

    depth: int
    """Levels of indentation."""
    loops: int
    """The number of loops around."""
    success: str
    """The statement for where all conjuncts hold; "" to go on with the statements that follow."""
    failure: str
    """The statement for where some conjunct does not hold; "" to go on with the statements that follow."""

    def indented(self) -> "Block":
        """The block one level of indentation deeper."""
        return replace(self, depth=self.depth + 1)


@dataclass(frozen=True, slots=True)
class LoopFunction:
    """A loop that stands where no statement can: it becomes a function of its free variables."""

    name: str
    definition: Definition


@dataclass(frozen=True, slots=True)
class IndexFunction:
    """A function that builds an index of a loop's rows, once a decision.

    `definition.formula` is what a row must satisfy to be in the index. `key` is the field by which rows are looked up.
    With `extreme` the index keeps one row a key: the one that no other row beats, see `indexes.extreme_of`.
    """

    name: str
    definition: Definition
    loop: Exists
    key: str | None
    extreme: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Strategy:
    """What the two emitters do differently at loops, and at calls of rules that loop."""

    opens: Callable[[Plan, Invoke], bool]
    """Whether a call may have to be written as a statement."""
    open_call: "Callable[[Function, Formula, Formula, frozenset[Formula], int], Formula]"
    """What to write instead of a call, or a negated one: from the simplified body and the number of loops around."""
    write_disjunction: "Callable[[Function, Formula, Block, EmitScope], bool]"
    """Write a disjunction as statements; False where that cannot be."""
    before_loop: "Callable[[Function, Exists, Block], None]"
    """Write statements before a loop."""
    loop_rows: "Callable[[Function, Exists, int, EmitScope], str]"
    """The expression for the rows that a loop ranges over, after the statements that it needs."""


@dataclass(slots=True)
class Function:
    """A function being written."""

    plan: Plan
    form: Form
    strategy: Strategy
    name: str
    definition: Definition
    spread: frozenset[str] = frozenset()
    """The rules that this function inlines wherever they stand as conjuncts."""
    hands_over: bool = False
    """Whether requests with many rows are still to be handed to the memoized form."""
    opened: int = 0
    """The number of calls whose loops this function inlines."""
    lines: list[str] = field(default_factory=list)
    nested: list[LoopFunction | IndexFunction] = field(default_factory=list)
    """The functions that this one needs beside it."""
    calls: set[str] = field(default_factory=set)
    """The rules that this function calls."""
    variables: set[str] = field(init=False)
    """All names that variables have had here; inlined rules take others."""
    _python_names: dict[str, str] = field(default_factory=dict)
    _reads: Counter[tuple[str, ...]] | None = None

    def __post_init__(self) -> None:
        formula = self.definition.formula
        self.variables = {*self.parameters(), *bound_variables(formula), *free_variables(formula)}

    def parameters(self) -> list[str]:
        """The names of the function's parameters in the rules."""
        return [parameter.name for parameter in self.definition.parameters]

    def write(self, depth: int, line: str) -> None:
        """Add a line."""
        self.lines.append("    " * depth + line)

    def source(self) -> str:
        """The function, after a comment with the place of the rules that it was made from."""
        parameters = ", ".join([*map(self.variable_name, self.parameters()), *self.form.memo])
        return place_comment(self.definition.spans) + "\n".join([f"def {self.name}({parameters}):", *self.lines]) + "\n"

    def nested_name(self) -> str:
        """The name of the next function that this one needs beside it."""
        return f"loop_{len(self.nested) + 1}_of_{self.name}"

    def variable_name(self, name: str) -> str:
        """The Python name of a variable."""
        if name not in self._python_names:
            base = safe(name)
            if LOOP_FUNCTION.match(base):
                base = f"{base}_"
            taken = {*self.plan.reserved_names, *self._python_names.values()}
            candidates = itertools.chain([base], (f"{base}_{n}" for n in itertools.count(2)))
            self._python_names[name] = next(each for each in candidates if each not in taken)
        return self._python_names[name]

    def local_name(self, value: Access) -> str:
        """A new local name for a value."""
        short, long = value.fields[-1], f"{value.root.name}_{'_'.join(value.fields)}"
        taken = {
            *self._python_names.values(),
            *self.plan.reserved_names,
            *self.variables,
            *BUILTINS,
            *kwlist,
            *TEMPORARIES,
        }
        candidates = itertools.chain([short, long], (f"{long}_{n}" for n in itertools.count(2)))
        name = next(each for each in candidates if each not in taken)
        self._python_names[f"local {name}"] = name
        return name

    def estimated_reads(self, value: Access) -> int:
        """How often the function reads a field, itself or in rules that may be inlined."""
        if self._reads is None:
            called = called_rules([self.definition.formula], self.plan.rules)
            formulas = [self.definition.formula, *(self.plan.rules[name].formula for name in called)]
            self._reads = Counter(v.fields for f in formulas for v in values(f) if isinstance(v, Access))
        return self._reads[value.fields]

    def call(self, rule: str, arguments: Iterable[str]) -> str:
        """The expression that calls a rule's function."""
        self.calls.add(rule)
        return f"{self.plan.function_names[rule]}{self.form.suffix}({', '.join([*arguments, *self.form.memo])})"


def place_comment(spans: Iterable[Span]) -> str:
    """A comment with the places of rules: files relative to the bundle's folder, and lines."""
    places = ", ".join(dict.fromkeys(f"{span.path.rpartition('/')[2]}:{span.line}" for span in spans))
    return "".join(f"# {line}\n" for line in textwrap.wrap(places, WIDEST))

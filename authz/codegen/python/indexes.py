"""Indexes, for requests with many rows: built once a decision, they select the rows that can satisfy a loop."""

from typing import TYPE_CHECKING

from authz.analysis.definitions import Definition
from authz.analysis.simplify import normalize
from authz.analysis.substitute import root_of
from authz.codegen.python.expressions import Expressions, Scope, parts_of
from authz.language.ir import Access, And, Compare, Exists, Formula, Not, Value, Variable
from authz.language.types import Optional

if TYPE_CHECKING:
    from authz.codegen.python.module import Module


class Index(Expressions):
    """Writes the function that builds an index: the rows that satisfy what is asked of a row alone, by key."""

    def __init__(
        self,
        module: "Module",
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
        scope = Scope()
        row = self.variable(self.row.name)
        self.write(1, f"index = memo['index', {self.name!r}] = {{}}")
        self.write(1, f"for {row} in {self.value(self.collection, scope)}:")
        parts = sorted(parts_of(self.definition.formula), key=self.module.cost)
        if parts:
            self.condition(2, "if ", [normalize(Not(part)) for part in parts], " or ", scope)
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


def extreme_of(part: Formula, variable: Variable) -> tuple[str, str] | None:
    """The field that one comparison asks to be large or small, and how the row to keep compares with a better one."""
    if not isinstance(part, Compare) or part.operator not in ("<", "<=", ">", ">="):
        return None
    for one, other, larger in ((part.left, part.right, (">", ">=")), (part.right, part.left, ("<", "<="))):
        if isinstance(one, Access) and one.root == variable and len(one.fields) == 1 and root_of(other) != variable:
            return one.fields[0], "<" if part.operator in larger else ">"
    return None


def key_of(part: Formula, variable: Variable) -> tuple[str, Value] | None:
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
            and root_of(other) != variable
        ):
            return one.fields[0], other
    return None

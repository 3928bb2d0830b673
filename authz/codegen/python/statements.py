"""Functions and their statements: a condition falls through where it holds, and leaves by `fail` where it does not."""

import itertools

from authz.analysis.definitions import has_loop
from authz.analysis.simplify import normalize, simplify_under
from authz.analysis.substitute import free_variables, substitute
from authz.codegen.python.expressions import LOOP, Expressions, Ranging, Scope, branches_of, parts_of
from authz.codegen.python.indexes import Index, extreme_of, key_of
from authz.language.ir import (
    FALSE,
    TRUE,
    Access,
    And,
    Exists,
    Formula,
    Invoke,
    Not,
    Or,
    Variable,
)

DEEP = 2
"""Loops are inlined up to this depth; below it they are calls."""


Success = str
"""What is written where a conjunction holds: a way out, or nothing to fall through."""


class Function(Expressions):
    """Writes one function."""

    handed_over = False

    def text(self) -> str:
        formula = self.expand(self.definition.formula, frozenset())
        scope = Scope()
        alternatives = branches_of(formula)
        plain = [a for a in alternatives if not self.statement(a)]
        looping = [a for a in alternatives if self.statement(a)]
        if not looping:
            joint = " or " if isinstance(formula, Or) else " and "
            parts = alternatives if isinstance(formula, Or) else parts_of(formula)
            self.condition(1, "return ", parts or [formula], joint, scope)
        else:
            if plain:
                self.condition(1, "if ", plain, " or ", scope)
                self.write(2, "return True")
            for index, alternative in enumerate(looping):
                last = index == len(looping) - 1
                self.conjuncts(
                    parts_of(alternative),
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

    def opened(self, part: Formula, known: frozenset[Formula], depth: int) -> Formula:
        """A call of a rule that loops, opened where a statement can hold its loop; anything else as it is."""
        negative = isinstance(part, Not)
        call = part.operand if isinstance(part, Not) else part
        if not isinstance(call, Invoke):
            return part
        body = simplify_under(normalize(self.instance(call)), known)
        if body in (TRUE, FALSE):
            return normalize(Not(body)) if negative else body
        parts = parts_of(body)
        single = sum(isinstance(p, Exists) for p in parts) == 1 and not isinstance(body, Or)
        if self.remembering or depth > DEEP or not single or (negative and len(parts) > 1):
            return part
        return Not(body) if negative else body

    # Statements.

    def statement(self, formula: Formula) -> bool:
        """Whether some loop of the formula must be written as a statement."""
        return any(
            isinstance(part, Exists) or (isinstance(part, Not) and isinstance(part.operand, Exists)) or self.opens(part)
            for part in parts_of(formula)
        )

    def opens(self, part: Formula) -> bool:
        call = part.operand if isinstance(part, Not) else part
        return isinstance(call, Invoke) and not self.remembering and call.name in self.module.looping

    def conjuncts(
        self, parts: list[Formula], success: Success, fail: str, depth: int, scope: Scope, level: int = 0
    ) -> None:
        """Write a conjunction: `success` where all parts hold; where one fails, `fail`, or on to what follows."""
        pending = sorted((one for part in parts for one in self.flat(part, scope.known)), key=self.module.cost)
        while pending:
            part = self.expand(pending.pop(0), scope.known)
            if isinstance(part, And):
                pending = sorted([*self.flat(part, scope.known), *pending], key=self.module.cost)
                continue
            if self.module.cost(part) >= LOOP:
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

    def either(self, part: Formula, fail: str, depth: int, scope: Scope, level: int) -> bool:
        """Write a disjunction with one branch that loops, where failing leaves the function; False if it is none."""
        if not isinstance(part, Or) or not fail or self.remembering or level >= DEEP:
            return False
        plain = [p for p in part.parts if self.module.cost(p) < LOOP]
        looping = [p for p in part.parts if self.module.cost(p) >= LOOP]
        if len(looping) != 1 or not plain or not self.statement(looping[0]):
            return False
        self.hoist(plain, depth, scope)
        begun = len(self.lines)
        self.condition(depth, "if ", [normalize(Not(p)) for p in plain], " and ", scope)
        inner = scope.inner()
        inner.known |= {normalize(Not(p)) for p in plain}
        start = len(self.lines)
        self.conjuncts(parts_of(looping[0]), "", fail, depth + 1, inner, level)
        if len(self.lines) == start:
            # Where the other branches fail, this one holds: there is nothing to ask.
            del self.lines[begun:]
        return True

    def fits(self, part: Formula, pending: list[Formula], success: Success, fail: str) -> bool:
        """Whether a statement can hold this loop here.

        After a row that must not be found, the rest stands in the loop's `else`, so it cannot fall through to what
        follows, unless failing leaves the function; after a row that must be found, failing needs a way out.
        """
        if isinstance(part, Not):
            return fail.startswith("return") or bool(success)
        return bool(fail) or (not pending and success.startswith("return"))

    def tests(self, first: Formula, pending: list[Formula], scope: Scope) -> tuple[list[Formula], list[Formula]]:
        """As many conditions as one `if` can hold, from the first on."""
        tests = [first]
        known = scope.known | {first}
        while pending:
            part = self.expand(pending[0], known)
            if isinstance(part, And) or self.module.cost(part) >= LOOP:
                break
            pending = pending[1:]
            tests.append(part)
            known |= {part}
        return [t for t in tests if t != TRUE] or [TRUE], pending

    def test(
        self, tests: list[Formula], pending: list[Formula], success: Success, fail: str, depth: int, scope: Scope
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
        fails = [one for t in tests for one in branches_of(normalize(Not(t)))]
        self.condition(depth, "if ", fails, " or ", scope)
        self.write(depth + 1, fail)
        return depth

    def present(
        self, loop: Exists, pending: list[Formula], success: Success, fail: str, depth: int, scope: Scope, level: int
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
        self, loop: Exists, pending: list[Formula], success: Success, fail: str, depth: int, scope: Scope, level: int
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

    def loop(self, loop: Exists, success: Success, depth: int, scope: Scope, level: int) -> None:
        inner = scope.inner()
        ranging = inner.ranging[loop.variable.name] = Ranging(loop.variable, loop.collection)
        rows = self.rows(loop, depth, scope)
        start = len(self.lines)
        self.write(depth, f"for {self.variable(loop.variable.name)} in {rows}:")
        self.conjuncts(parts_of(loop.body), success, "continue", depth + 1, inner, level + 1)
        if ranging.others:
            self.lines.insert(start, "    " * depth + f"{ranging.others} = {rows} if len({rows}) > 1 else ()")

    def rows(self, loop: Exists, depth: int, scope: Scope) -> str:
        """What a loop ranges over: where answers are remembered, only the rows that an index selects."""
        if self.remembering:
            return self.indexed(loop, depth, scope)
        for around in scope.ranging.values():
            if around.collection == loop.collection and self.contradicts(loop, around.variable, scope):
                # The row of the loop around this one is no answer: where it is alone there is none.
                around.others = around.others or self.local(Access(around.variable, ("others",), loop.variable.type))
                return around.others
        return self.value(loop.collection, scope)

    def contradicts(self, loop: Exists, other: Variable, scope: Scope) -> bool:
        """Whether a loop's body cannot hold of a row that is known already."""
        body = substitute(loop.body, {loop.variable.name: other})
        parts = [
            simplify_under(one, scope.known)
            for part in parts_of(normalize(body))
            for one in self.flat(part, scope.known)
        ]
        return FALSE in map(normalize, parts)

    def indexed(self, loop: Exists, depth: int, scope: Scope) -> str:
        """The rows of an index that is built once a decision: those that can satisfy the loop, by a key if it has one.

        Where nothing but one comparison is left to ask, the index keeps the one row likeliest to satisfy it.
        """
        everything = self.value(loop.collection, scope)
        request = loop.collection.root
        parts = [one for part in parts_of(loop.body) for one in self.flat(part, frozenset())]
        alone = [p for p in parts if free_variables(p) <= {loop.variable.name, request.name}]
        key = next((k for p in parts if p not in alone and (k := key_of(p, loop.variable))), None)
        rest = [p for p in parts if p not in alone and (key is None or key_of(p, loop.variable) != key)]
        extreme = extreme_of(rest[0], loop.variable) if len(rest) == 1 else None
        if extreme is None:
            alone = [p for p in alone if self.module.cost(p) < LOOP]
        if request.type != self.module.program.schema.request or (not alone and not extreme):
            if key is None:
                return everything
            return f"rows_where(memo, {everything}, {self.module.attribute(key[0])!r}, {self.value(key[1], scope)})"
        name = f"loop_{len(self.helpers) + 1}_of_{self.name}"
        self.helpers.append(Index(self.module, name, loop, request, alone, key, extreme).text())
        self.write(depth, f"index = memo.get(('index', {name!r}))")
        self.write(depth, "if index is None:")
        self.write(depth + 1, f"index = {name}({self.variable(request.name)}, memo)")
        if key is None:
            return "index.get(None, ())"
        return f"index.get({self.value(key[1], scope)}, ())"

    def hand_over(self, depth: int, level: int, loop: Exists) -> None:
        """Before its first loop in a loop, an entry point hands requests with many rows over."""
        if not self.entry or self.handed_over or self.remembering or level:
            return
        if not self.module.nested() or not has_loop(loop.body, self.module.looping):
            return
        self.handed_over = True
        arguments = ", ".join(self.variable(p.name) for p in self.definition.parameters)
        self.write(depth, f"if {self.module.too_many(self.variable(self.definition.parameters[2].name))}:")
        self.write(depth + 1, f"return allow_many({arguments}, {{}})")

    # Locals.

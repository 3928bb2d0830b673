"""Which changes could help at all: what rules cannot see, or see only under a `not`, grants nothing.

Conditions are judged in three values. What no change touches is known; all else is not. A row that is added can help
only where some condition asks for such a row, and a row that is ended only where one asks that there be none.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from authz.facts.changes import Change
from authz.interpreter.evaluate import RELATIONS, Known, identity
from authz.language.ir import (
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
)


class _Unknown:
    """A value that changes could change, or a row that could be any."""


UNKNOWN: Any = _Unknown()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A place where rules ask whether there is some row: of which list, what of it, and under no `not` or one."""

    collection: str
    formula: Exists
    known: Known
    positive: bool


@dataclass(frozen=True, slots=True)
class _Rows:
    """A list whose rows changes could change: those that stay, and those that could be there."""

    fixed: tuple[Any, ...]
    open: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """What is judged: some changes are made (`request` is as it is after them), and others could be, each touching some
    fields of the request."""

    program: Program
    attribute: Callable[[str], str]
    subject: Any
    action: str
    request: Any
    open: Sequence[tuple[Change, frozenset[str]]]

    def hopeless(self) -> bool:
        """Whether no choice of the open changes could make `allow` hold."""
        arguments = (self.subject or UNKNOWN, self.action, self.request)
        return _Judged(self).rule("allow", arguments) is False

    def useful(self) -> list[int]:
        """The indexes of the open changes that could help."""
        judged = _Judged(self)
        asked = list(judged.asked("allow", (self.subject or UNKNOWN, self.action, self.request), True))
        return [index for index, (change, touched) in enumerate(self.open) if judged.could_help(change, touched, asked)]


class _Judged:
    def __init__(self, scope: Scope) -> None:
        self.program, self.attribute, self.request = scope.program, scope.attribute, scope.request
        self.open: dict[str, Any] = {}
        added: dict[str, list[Change]] = {}
        for change, touched in scope.open:
            for name in map(self.attribute, touched):
                if isinstance(getattr(self.request, name), tuple):
                    added.setdefault(name, []).append(change)
                else:
                    self.open[name] = UNKNOWN
        for name, changes in added.items():
            before = [change.before for change in changes if change.before is not None]
            fixed = tuple(row for row in getattr(self.request, name) if row not in before)
            self.open[name] = _Rows(fixed, (*before, *(change.row for change in changes)))
        self.seen: set[tuple[Any, ...]] = set()
        self.judged: dict[tuple[Any, ...], bool | None] = {}

    def could_help(self, change: Change, touched: frozenset[str], asked: Sequence[_Asked]) -> bool:
        seen = [one for one in asked if one.collection in touched]
        # A record or a value is no row of a list: what it changes is not judged here.
        return not seen or self._seen({True: change.row, False: change.before}, seen)

    def _seen(self, rows: Mapping[bool, Any], seen: Sequence[_Asked]) -> bool:
        return any(
            self.maybe(one.formula.body, {**one.known, one.formula.variable.name: row}) is not False
            for one in seen
            if (row := rows[one.positive]) is not None
        )

    def asked(self, name: str, arguments: tuple[Any, ...], positive: bool) -> Iterator[_Asked]:
        key = (name, positive, *map(identity, arguments))
        if key in self.seen:
            return
        self.seen.add(key)
        for rule in self.program.rules[name]:
            known = {}
            for parameter, argument in zip(rule.parameters, arguments, strict=True):
                if isinstance(parameter, Variable):
                    known[parameter.name] = argument
                elif argument is not UNKNOWN and argument != parameter.value:
                    break
            else:
                yield from self.within(rule.body, known, positive)

    def within(self, formula: Formula, known: Known, positive: bool) -> Iterator[_Asked]:
        """Where a condition asks for rows; what is settled asks for nothing."""
        if self.maybe(formula, known) is not None:
            return
        match formula:
            case And(parts=parts) | Or(parts=parts):
                for part in parts:
                    yield from self.within(part, known, positive)
            case Not(operand=operand):
                yield from self.within(operand, known, not positive)
            case Invoke(name=name, arguments=arguments):
                yield from self.asked(name, tuple(self.value(each, known) for each in arguments), positive)
            case Exists(variable=variable, collection=collection, body=body):
                if known.get(collection.root.name) is self.request:
                    yield _Asked(collection.fields[0], formula, known, positive)
                rows = self.value(collection, known)
                every = (
                    (*rows.fixed, *rows.open) if isinstance(rows, _Rows) else (UNKNOWN,) if rows is UNKNOWN else rows
                )
                for row in every:
                    yield from self.within(body, {**known, variable.name: row}, positive)

    def maybe(self, formula: Formula, known: Known) -> bool | None:
        """Whether a condition holds; None if that is open."""
        match formula:
            case And(parts=parts):
                return self._all((self.maybe(part, known) for part in parts), True)
            case Or(parts=parts):
                return self._all((self.maybe(part, known) for part in parts), False)
            case Not(operand=operand):
                found = self.maybe(operand, known)
                return None if found is None else not found
            case Invoke(name=name, arguments=arguments):
                return self.rule(name, tuple(self.value(each, known) for each in arguments))
            case Exists(variable=variable, collection=collection, body=body):
                return self.some(self.value(collection, known), variable.name, body, known)
            case Compare(operator=relation, left=left, right=right):
                one, other = self.value(left, known), self.value(right, known)
                return None if self._open(one, other) else bool(RELATIONS[relation](one, other))
            case Absent(value=value):
                found = self.value(value, known)
                return None if found is UNKNOWN else found is None
            case Holds(value=value):
                found = self.value(value, known)
                return None if self._open(found) else found is True
            case Member(value=value, collection=collection):
                found = self.value(value, known)
                among = (
                    [constant.value for constant in collection]
                    if isinstance(collection, tuple)
                    else self.value(collection, known)
                )
                return None if self._open(found, among) else found in among

    def some(self, rows: Any, name: str, body: Formula, known: Known) -> bool | None:
        """Whether some row meets a condition; a row that only could be there settles nothing by meeting it."""
        if rows is UNKNOWN:
            return False if self.maybe(body, {**known, name: UNKNOWN}) is False else None
        fixed, more = (rows.fixed, rows.open) if isinstance(rows, _Rows) else (rows, ())
        found = self._all((self.maybe(body, {**known, name: row}) for row in fixed), False)
        if found is False and any(self.maybe(body, {**known, name: row}) is not False for row in more):
            return None
        return found

    def rule(self, name: str, arguments: tuple[Any, ...]) -> bool | None:
        key = (name, *map(identity, arguments))
        if key not in self.judged:
            self.judged[key] = self._rule(name, arguments)
        return self.judged[key]

    def _rule(self, name: str, arguments: tuple[Any, ...]) -> bool | None:
        found: list[bool | None] = []
        for rule in self.program.rules[name]:
            known: dict[str, Any] = {}
            open = False
            for parameter, argument in zip(rule.parameters, arguments, strict=True):
                if isinstance(parameter, Variable):
                    known[parameter.name] = argument
                elif argument is UNKNOWN:
                    open = True
                elif argument != parameter.value:
                    break
            else:
                held = self.maybe(rule.body, known)
                found.append(None if open and held else held)
        return self._all(iter(found), False)

    def value(self, value: Value, known: Known) -> Any:
        match value:
            case Constant(value=constant):
                return constant
            case Variable(name=name):
                return known[name]
            case Access(root=root, fields=fields):
                found = known[root.name]
                for name in fields:
                    if found is UNKNOWN or found is None:
                        return UNKNOWN
                    own = self.attribute(name)
                    found = self.open[own] if found is self.request and own in self.open else getattr(found, own)
                return found

    @staticmethod
    def _open(*given: Any) -> bool:
        # What is absent here stands behind a guard that judges it.
        return any(each is UNKNOWN or each is None for each in given)

    @staticmethod
    def _all(found: Iterator[bool | None], wanted: bool) -> bool | None:
        """Of a conjunction (`wanted` true) or a disjunction: settled by one, open if some are."""
        result: bool | None = wanted
        for each in found:
            if each is (not wanted):
                return each
            if each is None:
                result = None
        return result

"""Prune changes by polarity, with three-valued evaluation: which changes could help to permit a request at all.

What no change touches is known, all else is unknown. A row that is added can help only where a condition that is not
settled looks for such a row under an even number of `not`, and a row that is ended only under an odd number.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from authz.bundle.vocabulary import CollectionKind, attribute
from authz.facts.changes import Change
from authz.interpreter.evaluate import Environment, Interpreter, Step, identity, three_valued
from authz.interpreter.partial import UNKNOWN, OpenRows, PartialRecord
from authz.language.ir import And, Exists, Formula, Invoke, Not, Or, Program


@dataclass(frozen=True, slots=True)
class OpenChange:
    """A change that may be made or not."""

    change: Change
    touched: frozenset[str]
    """The fields of the request that it could change."""
    collections: frozenset[str]
    """The fields among those that are collections of rows of the change's record type."""


def open_change(change: Change, touched: frozenset[str], collections: Mapping[str, CollectionKind]) -> OpenChange:
    """A change that may be made or not, by the fields that it touches and the vocabulary's collections."""
    rows = frozenset(name for name in touched if name in collections and collections[name].of == change.record)
    return OpenChange(change, touched, rows)


@dataclass(frozen=True, slots=True)
class PartialQuestion:
    """A question to `allow` of which some changes are settled, and others open.

    `request` holds the records after the changes that are made; `subject` is None where the subject is unknown.
    """

    program: Program
    subject: Any
    action: str
    request: Any
    open: Sequence[OpenChange]
    step: Step

    def may_permit(self) -> bool:
        """Whether some choice of the open changes may make `allow` hold."""
        return self._interpreter().call("allow", *self._arguments()) is not False

    def helpful(self) -> list[int]:
        """The indexes of the open changes that could help to make `allow` hold."""
        interpreter = self._interpreter()
        queries = list(_RowQueries(interpreter, self.request).of_call("allow", self._arguments(), True))
        return [index for index, each in enumerate(self.open) if _could_help(interpreter, each, queries)]

    def _arguments(self) -> tuple[Any, ...]:
        return (self.subject or UNKNOWN, self.action, self.request)

    def _interpreter(self) -> Interpreter[bool | None]:
        return three_valued(self.program, attribute, PartialRecord(self.request, self._open_attributes()), self.step)

    def _open_attributes(self) -> dict[str, Any]:
        attributes: dict[str, Any] = {}
        by_collection: dict[str, list[Change]] = {}
        for each in self.open:
            attributes |= {attribute(name): UNKNOWN for name in each.touched - each.collections}
            for name in each.collections:
                by_collection.setdefault(attribute(name), []).append(each.change)
        for name, changes in by_collection.items():
            before = [change.before for change in changes if change.before is not None]
            certain = tuple(row for row in getattr(self.request, name) if row not in before)
            attributes[name] = OpenRows(certain, (*before, *(change.row for change in changes)))
        return attributes


@dataclass(frozen=True, slots=True)
class _RowQuery:
    """A place where rules look for a row of a collection of the request; `positive` under an even number of `not`."""

    collection: str
    formula: Exists
    environment: Environment
    positive: bool


def _could_help(interpreter: Interpreter[bool | None], each: OpenChange, queries: Sequence[_RowQuery]) -> bool:
    looking = [query for query in queries if query.collection in each.collections]
    if not looking:
        # The change touches no rows that are looked for, so it is one of a record or a value: not judged here.
        return True
    rows = {True: each.change.row, False: each.change.before}
    return any(
        interpreter.evaluate(query.formula.body, {**query.environment, query.formula.variable.name: row}) is not False
        for query in looking
        if (row := rows[query.positive]) is not None
    )


class _RowQueries:
    """Finds the row queries of a call that its unsettled conditions make."""

    def __init__(self, interpreter: Interpreter[bool | None], request: Any) -> None:
        self._interpreter = interpreter
        self._request = request
        self._visited: set[tuple[Any, ...]] = set()

    def of_call(self, name: str, arguments: tuple[Any, ...], positive: bool) -> Iterator[_RowQuery]:
        """The row queries of all alternatives of a rule; each call is visited once a polarity."""
        key = (name, positive, *map(identity, arguments))
        if key in self._visited:
            return
        self._visited.add(key)
        for clause in self._interpreter.clauses(name, arguments):
            yield from self._of_formula(clause.rule.body, clause.environment, positive)

    def _of_formula(self, formula: Formula, environment: Environment, positive: bool) -> Iterator[_RowQuery]:
        if self._interpreter.evaluate(formula, environment) is not None:
            return
        match formula:
            case And(parts=parts) | Or(parts=parts):
                for part in parts:
                    yield from self._of_formula(part, environment, positive)
            case Not(operand=operand):
                yield from self._of_formula(operand, environment, not positive)
            case Invoke(name=name):
                yield from self.of_call(name, self._interpreter.arguments(formula, environment), positive)
            case Exists(variable=variable, collection=collection, body=body):
                if environment.get(collection.root.name) is self._request:
                    yield _RowQuery(collection.fields[0], formula, environment, positive)
                for row in _all_rows(self._interpreter.value(collection, environment)):
                    yield from self._of_formula(body, {**environment, variable.name: row}, positive)


def _all_rows(rows: Any) -> tuple[Any, ...]:
    if rows is UNKNOWN:
        return (UNKNOWN,)
    return (*rows.certain, *rows.possible) if isinstance(rows, OpenRows) else tuple(rows)

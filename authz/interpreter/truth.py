"""Two truth algebras: what the connectives, the tests and the reading of fields mean.

With two truth values every value is known, and reading through an absent value raises an error. With three (Kleene's
strong logic) values may be unknown, and None is the truth of what depends on them.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from authz.interpreter.partial import UNKNOWN, OpenRows, PartialRecord

Truth = TypeVar("Truth", bound=bool | None)


class AbsentValueError(Exception):
    """A condition compares an absent value, or reads a field of one: it stands behind a guard that does not hold."""


class Algebra(Protocol[Truth]):
    """What the evaluator asks of a truth algebra. Iterables are lazy: what is not needed is not evaluated."""

    def read(self, record: Any, attribute: str) -> Any:
        """The value of a record's attribute."""

    def argument(self, value: Any) -> Any:
        """A value as the argument of a rule."""

    def matches(self, argument: Any, literal: Any) -> Truth:
        """Whether an argument equals the literal in a rule's head."""

    def test(self, relation: Callable[..., Any], *operands: Any) -> Truth:
        """Whether a relation holds of values."""

    def is_absent(self, value: Any) -> Truth:
        """Whether a value is absent."""

    def negation(self, truth: Truth) -> Truth:
        """The truth of `not`."""

    def conjunction(self, truths: Iterable[Truth]) -> Truth:
        """The truth of `and`."""

    def disjunction(self, truths: Iterable[Truth]) -> Truth:
        """The truth of `or`."""

    def exists(self, rows: Any, holds: Callable[[Any], Truth]) -> Truth:
        """Whether a condition holds of some row."""


class TwoValued:
    """True and false, over records that are wholly known.

    `read`, `argument` and `test` raise `AbsentValueError` where a value is absent.
    """

    def read(self, record: Any, attribute: str) -> Any:
        """The value of a record's attribute."""
        if record is None:
            raise AbsentValueError
        return getattr(record, attribute)

    def argument(self, value: Any) -> Any:
        """The value itself, if it is present."""
        if value is None:
            raise AbsentValueError
        return value

    def matches(self, argument: Any, literal: Any) -> bool:
        """Whether an argument equals the literal in a rule's head."""
        return bool(argument == literal)

    def test(self, relation: Callable[..., Any], *operands: Any) -> bool:
        """Whether a relation holds of values that are all present."""
        for operand in operands:
            if operand is None:
                raise AbsentValueError
        return bool(relation(*operands))

    def is_absent(self, value: Any) -> bool:
        """Whether a value is absent."""
        return value is None

    def negation(self, truth: bool) -> bool:
        """The truth of `not`."""
        return not truth

    def conjunction(self, truths: Iterable[bool]) -> bool:
        """The truth of `and`; stops at the first that is false."""
        return all(truths)

    def disjunction(self, truths: Iterable[bool]) -> bool:
        """The truth of `or`; stops at the first that is true."""
        return any(truths)

    def exists(self, rows: Any, holds: Callable[[Any], bool]) -> bool:
        """Whether a condition holds of some row; stops at the first."""
        return any(map(holds, rows))


class ThreeValued:
    """True, false and unknown (None), over one partial record and records that are wholly known.

    A test of an absent value is unknown: the guard before it decides.
    """

    def __init__(self, partial: PartialRecord) -> None:
        self._record, self._open = partial.record, partial.open

    def read(self, record: Any, attribute: str) -> Any:
        """The value of a record's attribute; unknown where the record is unknown or absent."""
        if record is UNKNOWN or record is None:
            return UNKNOWN
        if record is self._record and attribute in self._open:
            return self._open[attribute]
        return getattr(record, attribute)

    def argument(self, value: Any) -> Any:
        """The value itself."""
        return value

    def matches(self, argument: Any, literal: Any) -> bool | None:
        """Whether an argument equals the literal in a rule's head."""
        return None if argument is UNKNOWN else bool(argument == literal)

    def test(self, relation: Callable[..., Any], *operands: Any) -> bool | None:
        """Whether a relation holds of values; unknown if one is unknown or absent."""
        if any(operand is UNKNOWN or operand is None or isinstance(operand, OpenRows) for operand in operands):
            return None
        return bool(relation(*operands))

    def is_absent(self, value: Any) -> bool | None:
        """Whether a value is absent."""
        return None if value is UNKNOWN else value is None

    def negation(self, truth: bool | None) -> bool | None:
        """The truth of `not`."""
        return None if truth is None else not truth

    def conjunction(self, truths: Iterable[bool | None]) -> bool | None:
        """The truth of `and`; stops at the first that is false."""
        result: bool | None = True
        for truth in truths:
            if truth is False:
                return False
            if truth is None:
                result = None
        return result

    def disjunction(self, truths: Iterable[bool | None]) -> bool | None:
        """The truth of `or`; stops at the first that is true."""
        result: bool | None = False
        for truth in truths:
            if truth is True:
                return True
            if truth is None:
                result = None
        return result

    def exists(self, rows: Any, holds: Callable[[Any], bool | None]) -> bool | None:
        """Whether a condition holds of some row. A row that is only possible makes this unknown at most."""
        if rows is UNKNOWN:
            return False if holds(UNKNOWN) is False else None
        if not isinstance(rows, OpenRows):
            return self.disjunction(map(holds, rows))
        truth = self.disjunction(map(holds, rows.certain))
        if truth is False and any(holds(row) is not False for row in rows.possible):
            return None
        return truth

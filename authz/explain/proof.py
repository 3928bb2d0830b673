"""What no choice of changes can do, by three-valued evaluation: whoever proves it needs to try no values.

Facts that somebody may write are unknown, all others are known. Where `allow` is false even so, no change permits,
whatever values it writes. The converse does not hold: an unknown answer proves nothing.
"""

import itertools
import math
from collections.abc import Collection as Items
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authz.bundle.toml_schema import ChangeTable
from authz.bundle.vocabulary import Vocabulary, attribute
from authz.explain.request import RefusedRequest
from authz.facts.changes import fields_of_facts
from authz.interpreter.evaluate import Step, three_valued
from authz.interpreter.partial import UNKNOWN, OpenRows, PartialRecord

MOST_CHOICES = 200
"""The number of choices of fact lists that are judged before a proof is given up."""

OpenFields = Mapping[str, Any]
"""By field of the request: what is known of it, `UNKNOWN` or `OpenRows`."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Judges which lists of facts must change for a refused request to be permitted."""

    request: RefusedRequest
    writable: Mapping[str, OpenFields]
    """By list or single value of the facts that somebody may write: the fields of the request that it opens."""
    step: Step

    def permit_is_possible(self, lists: Items[str]) -> bool:
        """Whether `allow` may hold after some changes to these lists and to no others."""
        request = self.request
        fields: dict[str, Any] = {}
        for name in lists:
            fields |= self.writable[name]
        subject_type = request.vocabulary.subject.type
        subject = UNKNOWN if subject_type in fields else request.subject(request.gathered)
        if subject is None or not request.has_decidable_types:
            return False
        partial = PartialRecord(request.gathered, {attribute(name): value for name, value in fields.items()})
        interpreter = three_valued(request.program, attribute, partial, self.step)
        return interpreter.call("allow", subject, request.action, request.gathered) is not False

    def nothing_permits(self) -> bool:
        """Whether no change that anybody may make permits."""
        return not self.permit_is_possible(self.writable)

    def needs_at_least(self, size: int) -> bool:
        """Whether fewer changes than `size` never permit: no choice of fewer lists may, however many rows they get."""
        if size <= 1:
            return True  # the request is refused as it is
        fewer = min(size - 1, len(self.writable))
        if math.comb(len(self.writable), fewer) > MOST_CHOICES:
            return False
        return not any(map(self.permit_is_possible, itertools.combinations(self.writable, fewer)))


def open_proof(request: RefusedRequest, step: Step) -> Proof:
    """The proofs about one refused request; `step` is called for each formula that is evaluated."""
    return Proof(request, _writable(request.vocabulary, request.gathered), step)


def _writable(vocabulary: Vocabulary, gathered: Any) -> dict[str, OpenFields]:
    by_list = {kind.facts: kind for kind in vocabulary.rows.values() if kind.facts}
    writable: dict[str, OpenFields] = {}
    for name, table in vocabulary.changes.items():
        record = by_list[name].name if name in by_list else ""
        open_rows = _open_rows(vocabulary, record, table, gathered)
        touched = fields_of_facts(name, record, vocabulary)
        rows = {field for field in touched if _holds_rows(vocabulary, field, record)}
        fields = dict.fromkeys(touched - rows, UNKNOWN) | open_rows
        if open_rows or (not rows and _may_be_written(vocabulary, record, table, gathered)):
            writable[name] = fields
    return writable


def _holds_rows(vocabulary: Vocabulary, field: str, record: str) -> bool:
    return field in vocabulary.collections and vocabulary.collections[field].of == record


def _may_be_written(vocabulary: Vocabulary, record: str, table: ChangeTable, gathered: Any) -> bool:
    """Whether a single value, or some record that the request names, may be written."""
    if not record:
        return bool(table.set)
    named = [name for name, of in vocabulary.entities.items() if of == record]
    known = [row for name in named if (row := getattr(gathered, attribute(name))) is not None]
    fillable = any(getattr(row, attribute(field)) is None for row in known for field in table.fill)
    return fillable or (bool(table.add) and len(known) < len(named))


def _open_rows(vocabulary: Vocabulary, record: str, table: ChangeTable, gathered: Any) -> dict[str, OpenRows]:
    """The collections to which rows may be added, or in which rows may end; an ended row could be any row too."""
    fields: dict[str, OpenRows] = {}
    for name, collection in vocabulary.collections.items():
        if collection.of != record or vocabulary.rows[record].key:
            continue
        rows = getattr(gathered, attribute(name))
        ending = _rows_that_may_end(vocabulary, record, table, gathered, rows)
        named = all(getattr(gathered, attribute(f"{key}_id")) is not None for key in collection.by)
        if ending or (table.add and named):
            certain = tuple(row for row in rows if row not in ending)
            fields[name] = OpenRows(certain, (*ending, UNKNOWN))
    return fields


def _rows_that_may_end(
    vocabulary: Vocabulary, record: str, table: ChangeTable, gathered: Any, rows: tuple[Any, ...]
) -> list[Any]:
    interval = vocabulary.rows[record].interval
    if not table.end or not interval:
        return []
    start, end = map(attribute, interval)
    return [row for row in rows if getattr(row, start) < gathered.at < getattr(row, end)]

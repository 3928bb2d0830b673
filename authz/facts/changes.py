"""Changes to facts, of the kinds that a vocabulary lets writers make; what each changes, and facts after changes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from authz.bundle.derived import source_paths
from authz.bundle.loading import Bundle
from authz.bundle.vocabulary import Vocabulary, attribute
from authz.facts.memory import Facts, facts_in_memory


class ChangeKind(StrEnum):
    """What a change does to the facts."""

    ADD = "add"
    END = "end"
    FILL = "fill"
    SET = "set"


@dataclass(frozen=True, slots=True)
class Change:
    """One fact to write: a row added or ended, an absent field of a record filled, or a single value set.

    `facts` names the list or the single value. `row` is the row as it will be (the value, for `SET`), and `before` as
    it is now, None for `ADD`. `record` is the row's type, empty for `SET`; `filled` is the field that `FILL` fills.
    `writers` may make the change. A set of changes has at most one change per `slot`, if the slot is not empty.
    """

    kind: ChangeKind
    facts: str
    row: Any = field(repr=False)
    before: Any = field(repr=False)
    writers: tuple[str, ...]
    record: str = ""
    filled: str = ""
    slot: tuple[Any, ...] = field(default=(), repr=False)


def apply_changes(changes: Iterable[Change], facts: Facts) -> Facts:
    """The facts after some changes; a row that a change replaces moves to the end of its list."""
    lists: dict[str, tuple[Any, ...]] = {}
    values: dict[str, Any] = {}
    for change in changes:
        if change.kind is ChangeKind.SET:
            values[change.facts] = change.row
        else:
            rows = lists.get(change.facts, facts.lists[change.facts])
            lists[change.facts] = (*(row for row in rows if row != change.before), change.row)
    return facts.with_rows(lists, values)


def gathered_facts(gathered: Any, bundle: Bundle) -> Facts:
    """The facts that were gathered for one request, and no others, as facts in memory without a revision."""
    vocabulary = bundle.vocabulary
    lists: dict[str, dict[Any, None]] = {kind.facts: {} for kind in vocabulary.rows.values() if kind.facts}
    for name, record in vocabulary.entities.items():
        if (row := getattr(gathered, attribute(name))) is not None:
            lists[vocabulary.rows[record].facts][row] = None
    for name, collection in vocabulary.collections.items():
        lists[vocabulary.rows[collection.of].facts] |= dict.fromkeys(getattr(gathered, attribute(name)))
    values = {name: getattr(gathered, attribute(name)) for name in vocabulary.values}
    rows = {name: tuple(rows) for name, rows in lists.items()}
    return facts_in_memory(vocabulary, "", bundle.schema_digest, rows, values)


def fields_changed_by(change: Change, vocabulary: Vocabulary) -> frozenset[str]:
    """The fields of a request record that a change may alter, derived and stored ones included."""
    return fields_of_facts(change.facts, change.record, vocabulary)


def fields_of_facts(facts: str, record: str, vocabulary: Vocabulary) -> frozenset[str]:
    """The fields of a request record that come from a list of facts of some record type, or else from a single value.

    `record` is empty for a single value.
    """
    if not record:
        fields = {facts}
    else:
        fields = {name for name, kind in vocabulary.collections.items() if kind.of == record}
        if vocabulary.rows[record].key:
            fields |= {name for name, of in vocabulary.entities.items() if of == record}
    fields |= {name for name, kind in vocabulary.properties.items() if kind.stored and kind.stored[0] in fields}
    for name, table in vocabulary.derived.items():
        if any(path.split(".")[0] in fields for path in source_paths(table)):
            fields.add(name)
    return frozenset(fields)

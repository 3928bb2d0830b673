"""The pool of changes that the search for the smallest change chooses from."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

from authz.bundle.vocabulary import Vocabulary, attribute
from authz.explain.pruning import OpenChange
from authz.facts.changes import Change, ChangeKind

Entity = tuple[str, Any]
"""A record type with a key, and a key."""


class ChangePool:
    """Changes by index: which of them go together, which touch a field, and the records after some of them."""

    def __init__(
        self,
        changes: Sequence[OpenChange],
        vocabulary: Vocabulary,
        gathered: Any,
        regather: Callable[[Sequence[Change]], Any],
    ) -> None:
        self.open = tuple(changes)
        self._vocabulary = vocabulary
        self._gathered = gathered
        self._regather = regather
        self._entities_named = [self._named_by(each.change) for each in changes]
        self._absent = {
            (record, getattr(gathered, attribute(f"{name}_id")))
            for name, record in vocabulary.entities.items()
            if getattr(gathered, attribute(name)) is None
        }

    def __len__(self) -> int:
        return len(self.open)

    def changes(self, chosen: tuple[int, ...]) -> tuple[Change, ...]:
        """The changes of these indexes."""
        return tuple(self.open[index].change for index in chosen)

    def is_free(self, index: int, chosen: tuple[int, ...], excluded: frozenset[int]) -> bool:
        """Whether a change can be added to those chosen: no slot is written twice."""
        if index in excluded or index in chosen:
            return False
        slot = self.open[index].change.slot
        return not slot or all(self.open[other].change.slot != slot for other in chosen)

    def free(self, chosen: tuple[int, ...], excluded: frozenset[int]) -> list[int]:
        """All changes that can be added to those chosen."""
        return [index for index in range(len(self.open)) if self.is_free(index, chosen, excluded)]

    def touching(self, fields: frozenset[str], free: list[int]) -> list[int]:
        """The free changes that touch one of some fields of the request."""
        return [index for index in free if not self.open[index].touched.isdisjoint(fields)]

    def creating(self, entity: Entity, free: list[int]) -> list[int]:
        """The free changes that write an entity."""
        return [index for index in free if self._written_by(self.open[index].change) == entity]

    def missing_entities(self, chosen: tuple[int, ...]) -> set[Entity]:
        """The entities that rows of the chosen changes name, that are absent, and that no chosen change writes."""
        written = {self._written_by(change) for change in self.changes(chosen)}
        return {
            entity for index in chosen for entity in self._entities_named[index] if entity in self._absent - written
        }

    def records_after(self, chosen: tuple[int, ...]) -> Any:
        """The request's records after the chosen changes. Where only rows change, nothing else is gathered anew."""
        changes = self.changes(chosen)
        vocabulary = self._vocabulary
        if any(change.kind is ChangeKind.SET or vocabulary.rows[change.record].key for change in changes):
            return self._regather(changes)
        records = copy.copy(self._gathered)
        for change in changes:
            for name, kind in vocabulary.collections.items():
                if kind.of == change.record:
                    rows = tuple(row for row in getattr(records, attribute(name)) if row != change.before)
                    object.__setattr__(records, attribute(name), (*rows, change.row))
        return records

    def _named_by(self, change: Change) -> list[Entity]:
        """The entities that a change's row names by their keys."""
        if not change.record:
            return []
        fields = self._vocabulary.rows[change.record].fields
        return [(kind.names, getattr(change.row, attribute(name))) for name, kind in fields.items() if kind.names]

    def _written_by(self, change: Change) -> Entity | None:
        key = self._vocabulary.rows[change.record].key if change.record else ""
        return (change.record, getattr(change.row, attribute(key))) if key else None

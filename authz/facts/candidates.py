"""Candidates of a search: the ids that could be permitted, in an order that does not depend on other facts.

Where a permit requires a row of some collection, the candidates are the ids that its rows name; else all ids.
"""

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import TypeVar

from authz.bundle.vocabulary import Vocabulary
from authz.facts.store import Key

K = TypeVar("K")
V = TypeVar("V")
Keys = tuple[Key, ...]
Index = Mapping[Key, Keys]


class CandidateIndex:
    """The sorted ids of one snapshot in memory; each index is built when a search first needs it.

    Threads share it without a lock: an index is written whole, and two threads at worst build an equal one twice.
    """

    __slots__ = ("_all_ids", "_indexes", "_keys", "_records", "vocabulary")

    def __init__(
        self,
        vocabulary: Vocabulary,
        records: Mapping[str, Iterable[str]],
        keys: Mapping[str, Iterable[Key]],
    ) -> None:
        """`records` has the ids of each record type, `keys` the keys under which each collection has rows."""
        self.vocabulary, self._records, self._keys = vocabulary, records, keys
        self._all_ids: dict[str, Keys] = {}
        self._indexes: dict[tuple[str, tuple[str, ...]], Index] = {}

    def candidates(
        self, searched: tuple[str, ...], known: Mapping[str, str | None], required: Set[str], after: Key = ()
    ) -> Iterator[Key]:
        """The candidates, as `FactsSnapshot.candidates` describes them."""
        together = self._narrowed(searched, known, required)
        if together is not None:
            return itertools.islice(together, bisect_right(together, after) if after else 0, None)
        by_field = []
        for name in searched:
            narrowed = self._narrowed((name,), known, required)
            by_field.append(self._every(name) if narrowed is None else narrowed)
        first = by_field[0][bisect_left(by_field[0], after[:1]) :] if after else by_field[0]
        product = (tuple(id for (id,) in parts) for parts in itertools.product(first, *by_field[1:]))
        return itertools.dropwhile(lambda key: key <= after, product) if after else product

    def _narrowed(self, searched: tuple[str, ...], known: Mapping[str, str | None], required: Set[str]) -> Keys | None:
        """The fewest candidates that one required collection leaves; None if none has all the searched fields."""
        fewest: Keys | None = None
        for collection, kind in self.vocabulary.collections.items():
            if collection not in required or not set(searched) <= set(kind.by):
                continue
            others = tuple(known.get(name) for name in kind.by if name not in searched)
            if None not in others:
                ids = self._index(collection, searched).get(others, ())  # type: ignore[arg-type]
                fewest = ids if fewest is None or len(ids) < len(fewest) else fewest
        return fewest

    def _index(self, collection: str, searched: tuple[str, ...]) -> Index:
        """The searched ids in the keys of a collection, sorted, by the key's other ids."""
        return _once(self._indexes, (collection, searched), lambda: self._built(collection, searched))

    def _built(self, collection: str, searched: tuple[str, ...]) -> Index:
        by = self.vocabulary.collections[collection].by
        places = [by.index(name) for name in searched]
        others = [place for place, name in enumerate(by) if name not in searched]
        ids: dict[Key, set[Key]] = {}
        for key in self._keys[collection]:
            if None in key:
                continue  # no request has an id that is absent, so no request finds these rows
            ids.setdefault(tuple(key[i] for i in others), set()).add(tuple(key[i] for i in places))
        return {other: tuple(sorted(keys)) for other, keys in ids.items()}

    def _every(self, name: str) -> Keys:
        """All ids that a request's field may hold, sorted."""
        record = self.vocabulary.entities[name]
        return _once(self._all_ids, record, lambda: tuple((id,) for id in sorted(self._records[record])))


def _once(cache: dict[K, V], key: K, build: Callable[[], V]) -> V:
    if key not in cache:
        cache[key] = build()
    return cache[key]

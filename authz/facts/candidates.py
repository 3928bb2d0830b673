"""Candidates of a search: the ids that could be permitted, in one order that does not depend on what else is there.

Where a permit needs a row of some collection, the candidates are those whom such a row names; else every id is one.
"""

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Protocol

from authz.bundle.vocabulary import Vocabulary
from authz.facts.memory import Facts, Key


class Candidates(Protocol):
    """Where searches find whom to ask about: a facts document, or later a database."""

    def __call__(self, searched: tuple[str, ...], known: Mapping[str, str | None], after: Key) -> Iterator[Key]:
        """The ids of the fields `searched`, in order, from behind `after` on; `()` is the beginning.

        `known` are the ids that the request names, by field.
        """


def candidates_of(facts: Facts, vocabulary: Vocabulary, needed: Collection[str]) -> Candidates:
    """The candidates in a facts document: narrowed to rows of a collection that a permit needs, where there is one."""
    by = {name: kind.by for name, kind in vocabulary.collections.items() if name in needed}
    records = vocabulary.entities

    def index(collection: str, searched: tuple[str, ...]) -> Mapping[Key, tuple[Key, ...]]:
        """The searched ids in the rows of a collection, sorted, by its other ids."""

        def make() -> Mapping[Key, tuple[Key, ...]]:
            names = by[collection]
            places = [names.index(name) for name in searched]
            others = [i for i, name in enumerate(names) if name not in searched]
            found: dict[Key, set[Key]] = {}
            for key in facts.collections[collection]:
                found.setdefault(tuple(key[i] for i in others), set()).add(tuple(key[i] for i in places))
            return {other: tuple(sorted(ids)) for other, ids in found.items()}

        found: Mapping[Key, tuple[Key, ...]] = _once(facts, (collection, searched), make)
        return found

    def narrowed(searched: tuple[str, ...], known: Mapping[str, str | None]) -> tuple[Key, ...] | None:
        """The fewest candidates that one needed collection leaves, or None if none bears on all that is searched."""
        fewest: tuple[Key, ...] | None = None
        for collection, names in by.items():
            others = tuple(known.get(name) for name in names if name not in searched)
            if set(searched) <= set(names) and None not in others:
                found = index(collection, searched).get(others, ())  # type: ignore[arg-type]
                fewest = found if fewest is None or len(found) < len(fewest) else fewest
        return fewest

    def every(name: str) -> tuple[Key, ...]:
        ids: tuple[Key, ...] = _once(
            facts, (name,), lambda: tuple((id,) for id in sorted(facts.entities[records[name]]))
        )
        return ids

    def candidates(searched: tuple[str, ...], known: Mapping[str, str | None], after: Key) -> Iterator[Key]:
        together = narrowed(searched, known)
        if together is not None:
            return itertools.islice(together, bisect_right(together, after) if after else 0, None)
        apart = []
        for name in searched:
            alone = narrowed((name,), known)
            apart.append(every(name) if alone is None else alone)
        first = apart[0][bisect_left(apart[0], after[:1]) :] if after else apart[0]
        product = (tuple(id for (id,) in parts) for parts in itertools.product(first, *apart[1:]))
        return itertools.dropwhile(lambda key: key <= after, product) if after else product

    return candidates


def _once(facts: Facts, key: tuple[object, ...], make: Callable[[], Any]) -> Any:
    """What was made of these facts under a key; two threads at worst make the same thing twice."""
    if key not in facts.indexes:
        facts.indexes[key] = make()
    return facts.indexes[key]

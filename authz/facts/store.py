"""The protocol of a fact store: snapshots with a revision, records by id, rows by key, candidates of a search."""

from collections.abc import Iterator, Mapping, Set
from datetime import datetime
from typing import Any, Protocol, TypeVar

Row = Any
"""A row of a list: an instance of one of the bundle's record classes."""
Key = tuple[str, ...]
"""The ids that a collection's rows are found by, in the order of the vocabulary's `by`."""

K = TypeVar("K", contravariant=True)
V = TypeVar("V")


class Lookup(Protocol[K, V]):
    """Finds by key, comparing keys exactly; a `dict` is a lookup."""

    def get(self, key: K, default: V, /) -> V:
        """The value under the key, or the default."""


class FactsSnapshot(Protocol):
    """The facts at one revision; a snapshot never changes.

    Lookups are attributes, not methods, so that the generated gather function reaches a store in memory at the price
    of one dictionary access per field.
    """

    @property
    def revision(self) -> str:
        """Names this state of the facts: it changes when, and only when, facts change."""

    @property
    def stamp(self) -> datetime | None:
        """When the last write was acknowledged, in UTC; None for a store that is not written to."""

    @property
    def schema_digest(self) -> str:
        """The digest of the manifest and vocabulary that the facts were validated against."""

    @property
    def records(self) -> Mapping[str, Lookup[str, Row | None]]:
        """By record type, the records by id. The default of a lookup is None."""

    @property
    def rows(self) -> Mapping[str, Lookup[Key, tuple[Row, ...]]]:
        """By collection, its rows by key. The default of a lookup is `()`."""

    @property
    def values(self) -> Mapping[str, Any]:
        """The vocabulary's single values by name; None for one that is not set."""

    def candidates(
        self, searched: tuple[str, ...], known: Mapping[str, str | None], required: Set[str], after: Key = ()
    ) -> Iterator[Key]:
        """The ids of the request fields `searched` that a search must try, each combination once.

        Keys come in the order of their code points, from behind `after` on. `known` are the ids that the request
        names, by field. `required` are the collections without a row of which nothing is permitted: a store may leave
        out every key for which one of them is empty, and must leave out no other.
        """


class FactStore(Protocol):
    """Where the facts of decisions come from."""

    def snapshot(self) -> FactsSnapshot:
        """The facts as they are now."""

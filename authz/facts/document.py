"""Read facts documents: strict and closed-world.

A fact that the document does not state does not hold. A row that lacks what its own fields require is an error, and a
document with an error gives no facts at all.
"""

import dataclasses
import hashlib
import json
import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from authz.bundle.constraints import row_check
from authz.bundle.records import Classes
from authz.bundle.values import annotation
from authz.bundle.vocabulary import RowType, Vocabulary, attribute
from authz.documents.places import Loc, diagnostic_at
from authz.documents.validation import diagnostics_of
from authz.facts.memory import REVISION_LENGTH, Facts, facts_in_memory
from authz.facts.serialize import row_as_data
from authz.facts.store import Row
from authz.language.diagnostics import Diagnostic, DiagnosticError, did_you_mean
from authz.language.types import Collection, Optional, Type


@dataclass(frozen=True, slots=True)
class FactsReader:
    """Reads the facts documents of one bundle."""

    vocabulary: Vocabulary
    schema_digest: str
    lists: Mapping[str, RowType]
    """The row type of each list of a document."""
    document: TypeAdapter[Any] = field(repr=False)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of a facts document."""
        return self.document.json_schema()

    def read(self, document: object, source: str = "facts", at: Loc = ()) -> Facts:
        """The facts in a parsed document. `source` and `at` place diagnostics.

        Raises:
            DiagnosticError: with every error, each with its place.
        """
        try:
            read = self.document.validate_python(document)
        except ValidationError as error:
            raise DiagnosticError([self._with_help(each) for each in diagnostics_of(error, source, at)]) from None
        assert isinstance(document, Mapping)  # pydantic read it
        rows = {name: getattr(read, attribute(name)) for name in self.lists}
        diagnostics = list(_integrity(self.lists, rows, document, source, at))
        if diagnostics:
            raise DiagnosticError(diagnostics)
        values = {name: getattr(read, attribute(name)) for name in self.vocabulary.values}
        revision = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:REVISION_LENGTH]
        return facts_in_memory(self.vocabulary, revision, self.schema_digest, rows, values)

    def _with_help(self, diagnostic: Diagnostic) -> Diagnostic:
        """The diagnostic, with the likely key where a key is unknown."""
        place, _, problem = diagnostic.problem.rpartition(": ")
        if problem != "is not known here":
            return diagnostic
        head, _, word = place.rpartition(".")
        name = head.rpartition(".")[2].partition("[")[0]
        known = self.lists[name].fields if name in self.lists else [*self.lists, *self.vocabulary.values]
        return dataclasses.replace(diagnostic, help=did_you_mean(word, known))


def facts_reader(vocabulary: Vocabulary, classes: Classes, schema_digest: str = "") -> FactsReader:
    """The reader of the facts documents of one vocabulary, as its record classes."""
    lists = {kind.facts: kind for kind in vocabulary.rows.values() if kind.facts}
    fields: list[Any] = [
        (
            attribute(name),
            _aliased(name, tuple.__class_getitem__((classes[kind.name], ...))),
            dataclasses.field(default=()),
        )
        for name, kind in lists.items()
    ]
    fields += [
        (attribute(name), _aliased(name, annotation(kind.type, vocabulary.bare_date_zone)), _default(kind.type))
        for name, kind in vocabulary.values.items()
    ]
    namespace = {"__pydantic_config__": ConfigDict(extra="forbid"), "__doc__": "A facts document."}
    document = dataclasses.make_dataclass("FactsDocument", fields, frozen=True, kw_only=True, namespace=namespace)
    return FactsReader(vocabulary, schema_digest, lists, TypeAdapter(document))


def row_problems(kind: RowType, row: Row, facts: Facts) -> list[str]:
    """The constraints that a row of a type would violate beside these facts, as messages."""
    check = row_check(kind, facts.records)
    return [f"{name}: {problem}" for name, problem in check(row, row_as_data(row, kind))]


def _aliased(name: str, type_: Any) -> Any:
    """The annotation of a field whose name in a document is a keyword of Python."""
    return operator.getitem(Annotated, (type_, Field(alias=name))) if attribute(name) != name else type_


def _default(type_: Type) -> Any:
    """The dataclass field of a single value: what it is if a document leaves it out, where that is allowed."""
    if isinstance(type_, Optional):
        return dataclasses.field(default=None)
    return dataclasses.field(default=()) if isinstance(type_, Collection) else dataclasses.field()


def _integrity(
    lists: Mapping[str, RowType], rows: Mapping[str, tuple[Row, ...]], document: Mapping[str, Any], source: str, at: Loc
) -> Iterator[Diagnostic]:
    """What no single field can show: violated constraints of rows, and ids that occur twice."""
    ids = {
        kind.name: {getattr(row, attribute(kind.key)) for row in rows[name]} for name, kind in lists.items() if kind.key
    }
    for name, kind in lists.items():
        check = row_check(kind, ids)
        seen: set[str] = set()
        for index, (row, raw) in enumerate(zip(rows[name], document.get(name) or (), strict=True)):
            loc = (*at, name, index)
            yield from (diagnostic_at(source, (*loc, key), problem) for key, problem in check(row, raw))
            if kind.key:
                id = getattr(row, attribute(kind.key))
                if id in seen:
                    yield diagnostic_at(source, (*loc, kind.key), f"`{id}` stands here twice")
                seen.add(id)

"""The listing of a bundle's vocabulary, and the JSON Schemas of its documents."""

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter

from authz.bundle.loading import Bundle
from authz.bundle.toml_schema import ManifestTable, ReasonsTable, VocabularyTable
from authz.facts.document import facts_reader
from authz.language.types import RecordType
from authz.verify.scenario_schema import ScenarioFile


def as_text(bundle: Bundle) -> Iterator[str]:
    """The vocabulary as lines of text."""
    vocabulary = bundle.vocabulary
    yield "actions"
    yield from (f"  {action}" for action in vocabulary.actions)
    yield ""
    yield "enumerations"
    yield from (f"  {name}: {', '.join(kind.values)}" for name, kind in vocabulary.enumerations.items())
    for name in (
        vocabulary.schema.request.name,
        *(n for n in vocabulary.schema.records if n != vocabulary.schema.request.name),
    ):
        yield ""
        yield from _record(vocabulary.schema.records[name])
    yield ""
    yield "reason codes, in order of precedence"
    width = max(map(len, bundle.reasons))
    yield from (f"  {code:<{width}}  {reason.en}" for code, reason in bundle.reasons.items())


def _record(record: RecordType) -> Iterator[str]:
    yield (
        record.name
        + (f", a {record.extends}" if record.extends else "")
        + (f": {record.about}" if record.about else "")
    )
    width = max(map(len, record.fields), default=0)
    kinds = max((len(str(field.type)) for field in record.fields.values()), default=0)
    for name, field in record.fields.items():
        yield f"  {name:<{width}}  {field.type!s:<{kinds}}  {field.about}".rstrip()


def as_data(bundle: Bundle) -> dict[str, Any]:
    """The vocabulary as data for programs; its form is stable."""
    vocabulary = bundle.vocabulary
    return {
        "name": bundle.name,
        "version": bundle.version,
        "path": bundle.path,
        "policy": bundle.digest,
        "actions": list(vocabulary.actions),
        "enumerations": {name: list(kind.values) for name, kind in vocabulary.enumerations.items()},
        "records": {
            name: {
                "extends": record.extends or None,
                "about": record.about,
                "fields": {
                    field: {"type": str(kind.type), "about": kind.about} for field, kind in record.fields.items()
                },
            }
            for name, record in vocabulary.schema.records.items()
        },
        "reasons": [
            {"code": r.code, "layer": r.layer, "audience": r.audience, "en": r.en, "nl": r.nl}
            for r in bundle.reasons.values()
        ],
    }


def json_schema(document: str, bundle: Bundle) -> dict[str, Any]:
    """The JSON Schema of one of a bundle's documents; that of the facts follows from the bundle's vocabulary."""
    if document == "facts":
        schema = facts_reader(bundle.vocabulary, bundle.classes).schema()
    else:
        tables: dict[str, Any] = {
            "manifest": ManifestTable,
            "vocabulary": VocabularyTable,
            "reasons": ReasonsTable,
            "scenarios": ScenarioFile,
        }
        schema = TypeAdapter(tables[document]).json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}

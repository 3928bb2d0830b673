"""Write the generated pages of `docs/reference/`, one function a page: `make docs`."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from authz.bundle import catalogue as bundle
from authz.bundle.catalogue.example import check_example as check_bundle_example
from authz.bundle.toml_schema import ManifestTable, ReasonsTable, VocabularyTable
from authz.documents import catalogue as documents
from authz.documents.example import check_example as check_document_example
from authz.language import catalogue as language
from authz.language.catalogue.entry import CatalogueEntry
from authz.language.diagnostics import Diagnostic
from authz.language.examples import EXAMPLE_SCHEMA, check_example
from authz.language.types import SCALARS
from authz.verify import catalogue as warnings
from authz.verify.example import check_example as check_warning_example
from authz.verify.scenario_schema import ScenarioFile

REFERENCE = Path(__file__).parent / "reference"
NOTICE = "<!-- Written by `make docs`: change docs/generate.py or the catalogue instead. -->"

Topics = Mapping[str, tuple[CatalogueEntry, ...]]

# A room that has diagnostics adds its catalogue here: its topics, and how one of its examples is checked.
CATALOGUES: tuple[tuple[Topics, Callable[[CatalogueEntry], Iterable[Diagnostic]]], ...] = (
    (language.TOPICS, lambda entry: check_example(entry.example)),
    (bundle.TOPICS, check_bundle_example),
    (documents.TOPICS, check_document_example),
    (warnings.TOPICS, check_warning_example),
)


def diagnostics_page() -> str:
    """The reference of all diagnostics, by code."""
    topics = [topic for catalogue, _ in CATALOGUES for topic in catalogue.items()]
    sections = [
        line
        for catalogue, check in CATALOGUES
        for title, entries in catalogue.items()
        for line in _topic(title, entries, check)
    ]
    return "\n".join([*_introduction(), *_index(topics), *_vocabulary(), *sections])


def _introduction() -> Iterator[str]:
    yield f"""\
{NOTICE}

# Diagnostics

`authz check` and every command that loads a bundle report what they refuse as diagnostics: the place, the problem,
the source line with the stretch underlined, a code, and the likely repair.

```text
access.polar:13:20: unknown type `Requst`
   13 | consented(request: Requst) if
      |                    ^^^^^^
code: unknown-type
help: did you mean `Request`?
```

Lines and columns begin at 1 and count code points. The problem and the repair are for people and may be reworded; a
code is stable and names one meaning, so search for it, or match on it in a program.

A rule of Polar that oso evaluates untyped can *fail open*: a slip makes a condition that refuses vanish, and the
request is permitted. An entry says so where oso takes its example and permits; a test runs these examples in oso.
"""


def _index(topics: Iterable[tuple[str, tuple[CatalogueEntry, ...]]]) -> Iterator[str]:
    for title, entries in topics:
        links = ", ".join(f"[`{entry.code}`](#{entry.code})" for entry in entries)
        yield f"- **{title}**: {links}"
    yield ""


def _vocabulary() -> Iterator[str]:
    schema = EXAMPLE_SCHEMA
    yield "## The vocabulary of the examples\n"
    yield "The examples of rules speak of a library. `allow` receives a `Reader` as its subject, and a `Request`.\n"
    yield "| type | fields |\n|---|---|"
    for record in schema.records.values():
        fields = ", ".join(f"`{name}: {field.type}`" for name, field in record.fields.items())
        yield f"| `{record.name}` | {fields} |"
    for enumeration in schema.enumerations.values():
        yield f"| `{enumeration}` | one of {', '.join(f'`{value}`' for value in enumeration.values)} |"
    scalars = ", ".join(f"`{name}`" for name in SCALARS)
    codes = " and ".join(f"`{code}`" for code in schema.codes)
    yield f"\nScalars are {scalars}; `T?` may be `nil`; `[T]` is a collection. The reason codes are {codes}.\n"


def _topic(
    title: str, entries: tuple[CatalogueEntry, ...], check: Callable[[CatalogueEntry], Iterable[Diagnostic]]
) -> Iterator[str]:
    yield f"## {title}\n"
    for entry in entries:
        language = entry.file.rpartition(".")[2]
        messages = "\n".join(str(diagnostic) for diagnostic in check(entry))
        yield f"""\
### `{entry.code}`

{entry.says} {entry.why}{" *It fails open in oso.*" if entry.fails_open else ""}

```{language}
{entry.example}
```

```text
{messages}
```

Repair: {entry.repair}
"""


def bundle_files_page() -> str:
    """The reference of every key of a bundle's TOML files and of scenario files, from their schemas."""
    files: tuple[tuple[str, type[Any]], ...] = (
        ("bundle.toml", ManifestTable),
        ("vocabulary.toml", VocabularyTable),
        ("reasons.toml", ReasonsTable),
        ("Scenario files", ScenarioFile),
    )
    sections = [line for title, table in files for line in _file_section(title, table)]
    return "\n".join([_FILES_INTRODUCTION, *sections, _FACTS_SECTION])


_FILES_INTRODUCTION = f"""\
{NOTICE}

# The files of a bundle

Every key of `bundle.toml`, `vocabulary.toml` and `reasons.toml`, of scenario files, and what a facts document holds.
The JSON Schemas of these files are in [schemas](../schemas/). An unknown key is an error, reported with its place.

A *name* is made of letters, digits and `_`. A *type* is written `String`, `Integer`, `Boolean`, `Instant`, `Date`, the
name of an enumeration, `[one of these]` for a list, or `id of Record` for the id of a record; a `?` behind it makes it
optional. A *path* is a name or names joined by dots, read from the request: `door.since`, `parameters.adult_age`.
"""

_FACTS_SECTION = """\
## Facts documents

A facts document (`facts.json`, or YAML) has a key for each record type that has `facts`, with a list of rows, and a
key for each of the `values`. `authz vocabulary --json-schema facts` gives the JSON Schema of one bundle's facts. What
the document does not state does not hold.

- A row has the fields of its record type. An optional field may be left out or `null`. So may a list, which is then
  empty; `when` says which rows must have it.
- Instants are RFC 3339 with an offset, such as `2025-03-10T12:00:00Z`. A bare date is midnight in the
  `bare_date_zone` of `bundle.toml`: UTC, unless the bundle declares another zone.
- An interval contains its first bound and not its last. A bound that is left out or `null` is an end of time. An
  interval is not empty.
- An id that a row names exists, and an id stands once in its list. Ids are compared exactly.
- A row that breaks `needs`, `when`, `no_id_of` or `refuses` is an error. A document with an error gives no facts.
"""


def _file_section(title: str, table: type[Any]) -> Iterator[str]:
    """The tables of one file: its own, and each that it refers to, in the order of reference."""
    schema = TypeAdapter(table).json_schema()
    definitions: dict[str, Any] = schema.get("$defs", {})
    yield f"## {title}\n"
    yield from _keys(schema)
    pending = _references(schema["properties"])
    for name in pending:
        definition = definitions[name]
        yield f"### {_table_name(name)}\n"
        yield from _keys(definition)
        # The list grows while it is read: tables refer to further tables.
        pending += [other for other in _references(definition["properties"]) if other not in pending]


def _references(value: Any) -> list[str]:
    """The names of the definitions that a part of a schema refers to, in order."""
    if isinstance(value, list):
        found = [name for part in value for name in _references(part)]
    elif isinstance(value, dict):
        own = [value["$ref"].rpartition("/")[2]] if "$ref" in value else []
        found = own + [name for key, part in value.items() if key != "discriminator" for name in _references(part)]
    else:
        found = []
    return list(dict.fromkeys(found))


def _keys(schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"{schema['description']}\n"
    yield "| key | value | default | meaning |\n|---|---|---|---|"
    for key, value in schema["properties"].items():
        default = "required" if key in schema.get("required", ()) else _default(value)
        yield f"| `{key}` | {_value_text(value)} | {default} | {value.get('description', '')} |"
    yield ""


def _default(value: Mapping[str, Any]) -> str:
    default = value.get("default")
    return "" if default in (None, "", [], {}) else f"`{json.dumps(default)}`"


def _table_name(definition: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", definition.removesuffix("Table")).lower()
    return f"An {words} table" if words.startswith(("a", "e", "i", "o", "u", "hour")) else f"A {words} table"


def _value_text(value: Mapping[str, Any]) -> str:
    """What a value may be, in words, with links to the tables that it may be."""
    if "$ref" in value:
        name = _table_name(value["$ref"].rpartition("/")[2])
        return f"[{name[0].lower()}{name[1:]}](#{name.lower().replace(' ', '-')})"
    if "enum" in value or "const" in value:
        return " or ".join(f"`{each}`" for each in value.get("enum", [value.get("const")]))
    for union in ("anyOf", "oneOf"):
        if union in value:
            return " or ".join(_value_text(part) for part in value[union] if part.get("type") != "null")
    if value.get("type") == "array":
        items = value.get("items") or {}
        fixed = value.get("prefixItems")
        return f"{len(fixed)} names in a list" if fixed else f"a list: {_value_text(items)}"
    if value.get("type") == "object":
        inner = value.get("additionalProperties") or next(iter(value.get("patternProperties", {}).values()), True)
        return f"by name: {_value_text(inner)}" if isinstance(inner, dict) else "a table"
    if value.get("type") == "string":
        return "a name" if "pattern" in value else "a string"
    return {"boolean": "`true` or `false`", "integer": "an integer"}.get(value.get("type", ""), "any value")


PAGES: Mapping[str, Callable[[], str]] = {"diagnostics.md": diagnostics_page, "bundle-files.md": bundle_files_page}
"""Each page of `docs/reference/` that is generated, and the function that gives its text."""


def main() -> None:
    """Write every page."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in PAGES.items():
        (REFERENCE / name).write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()

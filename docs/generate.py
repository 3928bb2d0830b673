"""Write the generated pages of `docs/reference/`, one function a page: `make docs`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from authz.bundle import catalogue as bundle
from authz.bundle.catalogue.example import check_example as check_bundle_example
from authz.documents import catalogue as documents
from authz.documents.example import check_example as check_document_example
from authz.language import catalogue as language
from authz.language.catalogue.entry import CatalogueEntry
from authz.language.diagnostics import Diagnostic
from authz.language.examples import EXAMPLE_SCHEMA, check_example
from authz.language.types import SCALARS

REFERENCE = Path(__file__).parent / "reference"
NOTICE = "<!-- Written by `make docs`: change docs/generate.py or the catalogue instead. -->"

Topics = Mapping[str, tuple[CatalogueEntry, ...]]

# A room that has diagnostics adds its catalogue here: its topics, and how one of its examples is checked.
CATALOGUES: tuple[tuple[Topics, Callable[[CatalogueEntry], Iterable[Diagnostic]]], ...] = (
    (language.TOPICS, lambda entry: check_example(entry.example)),
    (bundle.TOPICS, check_bundle_example),
    (documents.TOPICS, check_document_example),
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


PAGES: Mapping[str, Callable[[], str]] = {"diagnostics.md": diagnostics_page}
"""Each page of `docs/reference/` that is generated, and the function that gives its text."""


def main() -> None:
    """Write every page."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in PAGES.items():
        (REFERENCE / name).write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()

"""The type of a catalogue entry, for the language's catalogue and those of other rooms.

A room keeps its entries as constants of a `catalogue` module, collected with `entries_of`. A raise site makes its
diagnostic from such a constant, so that mypy finds a misspelt code and no diagnostic is without an entry:

    catalogue.UNKNOWN_FIELD.at(span, "`Request` has no field `opne`", "did you mean `open`?")
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from authz.language.diagnostics import Diagnostic, Span

_CODE = re.compile(r"[a-z]+(-[a-z]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """One kind of diagnostic: its stable code, what it says, why it matters, an example that fails, the repair.

    `file` names the file that the example stands in: `rules.polar`, `vocabulary.toml`. Texts are Markdown.

    Raises:
        ValueError: the code is not made of lower-case words with hyphens.
    """

    code: str
    says: str
    why: str
    example: str
    repair: str
    file: str = "rules.polar"

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code):
            raise ValueError(f"not a diagnostic code: {self.code!r}")

    def at(self, span: Span, problem: str, help: str = "", source: str = "") -> Diagnostic:
        """A diagnostic of this kind at a place; `source` is the line to quote."""
        return Diagnostic(span, problem, help, source, self.code)


def entries_of(*namespaces: Mapping[str, object]) -> tuple[CatalogueEntry, ...]:
    """The entries among the values of some modules (`vars(module)`), in the order they are defined.

    Raises:
        ValueError: two of them have one code.
    """
    entries = [value for names in namespaces for value in names.values() if isinstance(value, CatalogueEntry)]
    codes = [entry.code for entry in entries]
    if len(set(codes)) < len(codes):
        raise ValueError(f"one code, two entries: {sorted(code for code in set(codes) if codes.count(code) > 1)}")
    return tuple(entries)

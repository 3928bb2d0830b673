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

    `file` names the file that the example stands in: `rules.polar`, `vocabulary.toml`. `fails_open` means that oso
    takes the example and permits a request that it was to refuse. Texts are Markdown.

    Raises:
        ValueError: the code is not made of lower-case words with hyphens.
    """

    code: str
    says: str
    why: str
    example: str
    repair: str
    file: str = "rules.polar"
    fails_open: bool = False

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code):
            raise ValueError(f"not a diagnostic code: {self.code!r}")

    def at(self, span: Span, problem: str, help: str = "", source: str = "") -> Diagnostic:
        """A diagnostic of this kind at a place; `source` is the line to quote."""
        return Diagnostic(span, problem, help, source, self.code)


def entries_of(namespace: Mapping[str, object]) -> tuple[CatalogueEntry, ...]:
    """The entries among the constants of a module (`vars(module)`), in the order they are defined."""
    return tuple(value for value in namespace.values() if isinstance(value, CatalogueEntry))

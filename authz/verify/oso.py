"""The reference: oso's own Polar on the same files and the same records; the one door to oso.

Slow (about a millisecond a decision) and frozen (no wheels after CPython 3.12), and what every compiled decision must
match. A bundle that the checker refuses never reaches it: outside the profile is where oso fails open.
"""

import contextlib
import io
from collections.abc import Iterator
from datetime import date, datetime
from importlib.util import find_spec
from typing import Any

from authz.bundle.loading import Bundle
from authz.language.diagnostics import Diagnostic, DiagnosticError, Span
from authz.language.types import DATE, INSTANT, Enumeration


def available() -> bool:
    """Whether oso is installed here."""
    return find_spec("oso") is not None


class Reference:
    """A bundle's rules, decided by oso.

    Raises:
        DiagnosticError: oso refuses a file, or warns of something in it.
        ModuleNotFoundError: oso is not installed.
    """

    def __init__(self, bundle: Bundle) -> None:
        from oso import Oso, OsoError

        self._oso = Oso()
        self._codes = bundle.program.schema.codes
        self._oso.register_class(datetime, name=str(INSTANT))
        self._oso.register_class(date, name=str(DATE))
        for name, kind in bundle.classes.items():
            self._oso.register_class(kind, name=name)
        for name, enumeration in bundle.vocabulary.enumerations.items():
            self._oso.register_class(_one_of(enumeration), name=name)
        with _quietly() as said:
            try:
                self._oso.load_str("\n".join(file.text for file in bundle.files))
            except OsoError as error:
                raise DiagnosticError(
                    [Diagnostic(Span(bundle.path), f"the reference refuses the rules: {error}")]
                ) from None
        if said.getvalue():
            raise DiagnosticError([Diagnostic(Span(bundle.path), f"the reference warns: {said.getvalue().strip()}")])

    def allow(self, subject: Any, action: str, request: Any) -> bool:
        """Whether some `allow` rule permits."""
        return self._holds("allow", subject, action, request)

    def reasons(self, request: Any) -> tuple[str, ...]:
        """All reason codes that hold, in the catalogue's order."""
        return tuple(code for code in self._codes if self._holds("reason", request, code))

    def _holds(self, rule: str, *arguments: Any) -> bool:
        with _quietly():
            return next(iter(self._oso.query_rule(rule, *arguments)), None) is not None


def _one_of(enumeration: Enumeration) -> type[Any]:
    """A class whose instances are the strings of an enumeration, for rules whose parameters have that type."""

    class OneOf(type):
        def __instancecheck__(cls, value: object) -> bool:
            return value in enumeration.values

    return OneOf(enumeration.name, (), {})


@contextlib.contextmanager
def _quietly() -> Iterator[io.StringIO]:
    """Catch what oso prints to standard output."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        yield said

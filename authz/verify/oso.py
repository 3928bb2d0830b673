"""The reference evaluator: oso decides the same rules on the same records. The only importer of oso.

Every compiled decision must match it. It is slow (about a millisecond a decision) and has no wheels after CPython 3.12.
It is never given a bundle that the checker refuses, because oso fails open on what lies outside the profile.
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
    """Decides the rules of a bundle with oso.

    Raises:
        DiagnosticError: oso refuses the rules, or warns about them.
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
            self._oso.register_class(_enumeration_class(enumeration), name=name)
        with _captured_output() as output:
            try:
                self._oso.load_str("\n".join(file.text for file in bundle.files))
            except OsoError as error:
                raise DiagnosticError(
                    [Diagnostic(Span(bundle.path), f"the reference refuses the rules: {error}")]
                ) from None
        if output.getvalue():
            raise DiagnosticError([Diagnostic(Span(bundle.path), f"the reference warns: {output.getvalue().strip()}")])

    def allow(self, subject: Any, action: str, request: Any) -> bool:
        """Whether some `allow` rule permits."""
        return self._holds("allow", subject, action, request)

    def reasons(self, request: Any) -> tuple[str, ...]:
        """All reason codes that hold, in the catalogue's order."""
        return tuple(code for code in self._codes if self._holds("reason", request, code))

    def _holds(self, rule: str, *arguments: Any) -> bool:
        with _captured_output():
            return next(iter(self._oso.query_rule(rule, *arguments)), None) is not None


def _enumeration_class(enumeration: Enumeration) -> type[Any]:
    """A class whose instances are the strings of an enumeration: what oso needs for parameters of that type."""

    class OneOf(type):
        def __instancecheck__(cls, value: object) -> bool:
            return value in enumeration.values

    return OneOf(enumeration.name, (), {})


@contextlib.contextmanager
def _captured_output() -> Iterator[io.StringIO]:
    """Capture what oso prints to standard output."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        yield output

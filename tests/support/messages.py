"""The messages of diagnostics, for tests that compare them and leave the codes to the tests of a catalogue."""

import re

from authz import DiagnosticError


def message_of(error: DiagnosticError) -> str:
    """The message of an error, without the lines that name codes; every diagnostic has a code."""
    assert all(diagnostic.code for diagnostic in error.diagnostics)
    return re.sub(r"^code: .*\n?", "", str(error), flags=re.MULTILINE).rstrip("\n")

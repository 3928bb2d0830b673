"""Read the text of a file: UTF-8 without a byte order mark, and for policy text without characters that nobody sees."""

import re
from itertools import islice
from pathlib import Path

from authz.documents.catalogue import BYTE_ORDER_MARK, INVISIBLE_CHARACTER, UNREADABLE_FILE, WRONG_ENCODING
from authz.language.diagnostics import Diagnostic, DiagnosticError, Span

MAX_REPORTED = 10
"""How many invisible characters of one text are reported."""

_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_LINE_ENDS = r"\u2028\u2029"
# Unicode's Default_Ignorable_Code_Point, which holds every direction control and every zero-width character.
_IGNORABLE = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    r"\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# The other characters of category Cf: signs that enclose or annotate what follows them.
_FORMATTING = r"\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
_INVISIBLE = re.compile(rf"\r(?!\n)|[{_CONTROLS}{_LINE_ENDS}{_IGNORABLE}{_FORMATTING}]")


def read_text(path: Path, shown: str) -> str:
    """The text of a file; `shown` is the path that diagnostics name.

    Raises:
        DiagnosticError: the file cannot be read, or is not UTF-8.
    """
    try:
        return decode(path.read_bytes(), shown)
    except OSError as error:
        problem = (error.strerror or str(error)).lower()
        raise DiagnosticError([UNREADABLE_FILE.at(Span(shown), problem)]) from None


def read_policy_text(path: Path, shown: str) -> str:
    """The text of a file that a policy is read from: rules, TOML files, scenario files.

    Raises:
        DiagnosticError: the file cannot be read, is not UTF-8, or holds a character that a reviewer cannot see.
    """
    text = read_text(path, shown)
    diagnostics = invisible_characters(text, shown)
    if diagnostics:
        raise DiagnosticError(diagnostics)
    return text


def invisible_characters(text: str, shown: str) -> list[Diagnostic]:
    """The diagnostics of the first `MAX_REPORTED` characters that have no visible form, or that only some readers
    take for a line end. Tab, line feed, and carriage return before line feed are accepted.
    """
    if text.isascii() and text.replace("\r\n", "").replace("\n", "").replace("\t", "").isprintable():
        return []
    return [_invisible(text, match.start(), shown) for match in islice(_INVISIBLE.finditer(text), MAX_REPORTED)]


def _invisible(text: str, index: int, shown: str) -> Diagnostic:
    start, end = text.rfind("\n", 0, index) + 1, text.find("\n", index)
    span = Span(shown, text.count("\n", 0, index) + 1, index - start + 1)
    problem = f"U+{ord(text[index]):04X} is invisible, or is read as a line end by some readers only"
    source = _INVISIBLE.sub("\ufffd", text[start : end if end >= 0 else None].rstrip("\r"))
    return INVISIBLE_CHARACTER.at(span, problem, "remove it, or write its escape within a string", source)


def decode(data: bytes, shown: str) -> str:
    """The text that bytes encode.

    Raises:
        DiagnosticError: the bytes are not UTF-8, or begin with a byte order mark.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        problem = f"not UTF-8: byte {error.start + 1} is out of place"
        raise DiagnosticError([WRONG_ENCODING.at(Span(shown), problem)]) from None
    if text.startswith("\ufeff"):
        help = "save it as UTF-8 without one"
        raise DiagnosticError([BYTE_ORDER_MARK.at(Span(shown), "begins with a byte order mark", help)])
    return text

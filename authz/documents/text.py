"""Read the text of a file: UTF-8 without a byte order mark."""

from pathlib import Path

from authz.documents.catalogue import BYTE_ORDER_MARK, UNREADABLE_FILE, WRONG_ENCODING
from authz.language.diagnostics import DiagnosticError, Span


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

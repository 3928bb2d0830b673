"""Read TOML 1.0."""

import re
import tomllib
from typing import Any

from authz.documents.catalogue import NOT_TOML
from authz.documents.strictness import require_strict, too_deep, too_many_digits
from authz.language.diagnostics import Diagnostic, DiagnosticError, Span


def parse_toml(text: str, shown: str) -> Any:
    """The value of a TOML text.

    Raises:
        DiagnosticError: with every problem, each with its place.
    """
    return require_strict(load_toml(text, shown), shown)


def load_toml(text: str, shown: str) -> Any:
    """The value of a TOML text that may still break the rules of `strictness`.

    Raises:
        DiagnosticError: the text is not TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DiagnosticError([_diagnostic(error, text, shown)]) from None
    except RecursionError:
        raise too_deep(shown) from None
    except ValueError:
        raise too_many_digits(shown) from None


def _diagnostic(error: tomllib.TOMLDecodeError, text: str, shown: str) -> Diagnostic:
    """The error of tomllib, whose message ends in its place."""
    match = re.search(r"^(.*) \(at line (\d+), column (\d+)\)$", str(error))
    problem = match[1] if match else str(error).removesuffix(" (at end of document)")
    lines = text.split("\n")
    line, column = (int(match[2]), int(match[3])) if match else (len(lines), len(lines[-1]) + 1)
    source = lines[line - 1].rstrip("\r") if line <= len(lines) else ""
    return NOT_TOML.at(Span(shown, line, column), f"not TOML: {problem[0].lower() + problem[1:]}", source=source)

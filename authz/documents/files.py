"""Read a document from a file; its ending says which format it has."""

from pathlib import Path
from typing import Any

from authz.documents.json import load_json
from authz.documents.places import Loc
from authz.documents.strictness import not_strict, violations
from authz.documents.text import read_text
from authz.documents.toml import load_toml
from authz.documents.yaml import load_yaml


def read_document(path: Path, shown: str) -> Any:
    """The content of a JSON, YAML or TOML file; a file with any other ending is read as JSON.

    Raises:
        DiagnosticError: it cannot be read, or breaks a rule of `strictness`.
    """
    value, problems = inspect_document(path, shown)
    if problems:
        raise not_strict(problems, shown)
    return value


def inspect_document(path: Path, shown: str) -> tuple[Any, list[tuple[Loc, str]]]:
    """The content of a file, with the places and problems that break a rule of `strictness`.

    It is for a reader that can use the rest of such a document.

    Raises:
        DiagnosticError: it cannot be read, or is not of its format.
    """
    text = read_text(path, shown)
    if path.suffix in (".yaml", ".yml"):
        value = load_yaml(text, shown)
    elif path.suffix == ".toml":
        value = load_toml(text, shown)
    else:
        value = load_json(text, shown)
    return value, list(violations(value, ()))

"""Read a document from a file; its ending says which format it has."""

from pathlib import Path
from typing import Any

from authz.documents.json import load_json
from authz.documents.places import Loc
from authz.documents.strictness import require_strict, violations
from authz.documents.text import read_policy_text, read_text
from authz.documents.toml import load_toml
from authz.documents.yaml import load_yaml


def read_document(path: Path, shown: str) -> Any:
    """The content of a JSON, YAML or TOML file; a file with any other ending is read as JSON.

    Raises:
        DiagnosticError: it cannot be read, or breaks a rule of `strictness`.
    """
    return require_strict(_load(read_text(path, shown), path, shown), shown)


def inspect_policy_document(path: Path, shown: str) -> tuple[Any, list[tuple[Loc, str]]]:
    """The content of a file that belongs to a policy, with the places and problems that break a rule of `strictness`.

    It is for a reader that can use the rest of such a document, such as that of scenario files.

    Raises:
        DiagnosticError: it cannot be read, holds an invisible character, or is not of its format.
    """
    value = _load(read_policy_text(path, shown), path, shown)
    return value, list(violations(value, ()))


def _load(text: str, path: Path, shown: str) -> Any:
    if path.suffix in (".yaml", ".yml"):
        return load_yaml(text, shown)
    return load_toml(text, shown) if path.suffix == ".toml" else load_json(text, shown)

"""The files of a bundle's folder: those that a bundle is read from, and those that look like one and are not read.

The rules are the files that `*.polar` names in a shell: in the folder itself, with a lower-case ending, no dot file.
"""

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

MANIFEST, VOCABULARY, REASONS = "bundle.toml", "vocabulary.toml", "reasons.toml"
TABLES = (MANIFEST, VOCABULARY, REASONS)
FACTS = "facts.json"
SCENARIOS = "scenarios"
RULES_ENDING = ".polar"

# An ending may be followed by what editors append: `x.polar~`, `.x.polar.swp`, `#x.polar#`, `x.polar (copy)`.
_RULES = re.compile(r"\.polar(?![a-z0-9])", re.IGNORECASE)
_TABLES = re.compile(r"(?<![a-z0-9])(bundle|vocabulary|reasons)\.toml(?![a-z0-9])", re.IGNORECASE)
_FACTS = re.compile(r"(?<![a-z0-9])facts\.(json|ya?ml|toml)(?![a-z0-9])", re.IGNORECASE)
_SCENARIOS = re.compile(r"\.(json|ya?ml|toml)(?![a-z0-9])", re.IGNORECASE)
_SYSTEM_FILES = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_SCENARIOS_KEY = re.compile(rb"""^[\s{]*["']?scenarios["']?\s*[:=]|["']scenarios["']\s*:""", re.MULTILINE)
_INSPECTED_BYTES = 1_000_000


def is_hidden(name: str) -> bool:
    """Whether a shell's `*` and `ls` leave a name out."""
    return name.startswith(".")


def rule_files(folder: Path) -> list[Path]:
    """The files of rules, sorted by name."""
    return sorted(path for path in folder.iterdir() if path.name.endswith(RULES_ENDING) and not is_hidden(path.name))


def unread_files(folder: Path, read: Collection[Path]) -> Iterator[Path]:
    """The files below a folder that look like a part of a bundle and are not among those that are read, sorted.

    They are files of rules, TOML files, facts and scenarios under a name or in a place that is not read, with the
    copies of them that editors and operating systems leave behind.
    """
    names_read = {str(path) for path in read}
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(names):
            path = Path(place, name)
            if str(path) not in names_read and _looks_like_a_part(path, path.relative_to(folder).parts[:-1]):
                yield path


def _looks_like_a_part(path: Path, above: tuple[str, ...]) -> bool:
    """Whether a file looks like a part of a bundle; `above` are the folders of the bundle in which it lies."""
    name = path.name
    if name.lower() in _SYSTEM_FILES or any(shape.search(name) for shape in (_RULES, _TABLES, _FACTS)):
        return True
    if not _SCENARIOS.search(name):
        return False
    return any(part.lower() == SCENARIOS for part in above) or _holds_scenarios(path)


def _holds_scenarios(path: Path) -> bool:
    """Whether a document seems to have the key `scenarios`, as scenario files have."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return _SCENARIOS_KEY.search(file.read(_INSPECTED_BYTES)) is not None
    except OSError:
        return False

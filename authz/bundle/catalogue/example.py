"""The small bundle that the examples of the catalogue are parts of, and the check of an example.

The bundle is of a building: a visitor asks to open a door.
"""

import dataclasses
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from authz.bundle.catalogue.files import NO_BUNDLE_FOLDER, UNPRINTABLE_FILE_NAME
from authz.bundle.catalogue.reasons import PERSONAL_REASON_FOR_USER
from authz.bundle.loading import load
from authz.language.catalogue.entry import CatalogueEntry
from authz.language.diagnostics import Diagnostic, DiagnosticError

_KEYS: Mapping[str, Mapping[str, str]] = {
    "bundle.toml": {"name": 'name = "doors"', "version": 'version = "0.1.0"', "actions": 'actions = ["open"]'},
    "vocabulary.toml": {},
    "reasons.toml": {},
}
_TABLES: Mapping[str, Mapping[str, str]] = {
    "bundle.toml": {
        "request.subject": '[request.subject]\ntype = "visitor"\nrecord = "Visitor"',
        "request.resource": '[request.resource]\ntype = "door"\nrecord = "Door"',
        "parameters": '[parameters]\nadult_age = { type = "Integer", default = 18 }',
    },
    "vocabulary.toml": {
        "records.Visitor": '[records.Visitor]\nfacts = "visitors"\nkey = "id"\nfields = { id = "String" }',
        "records.Door": '[records.Door]\nfacts = "doors"\nkey = "id"\nfields = { id = "String" }',
    },
    "reasons.toml": {
        "substitute": '[substitute]\ncode = "NO_ENTRY"\nen = "no entry"\nnl = "geen toegang"',
        "reason": '[[reason]]\ncode = "DOOR_LOCKED"\nlayer = "door"\naudience = "user"\nen = "locked"\nnl = "op slot"',
    },
}
_RULES = """\
allow(_visitor: Visitor, "open", request: Request) if request.door != nil;
reason(request: Request, "DOOR_LOCKED") if request.door = nil;
"""


def example_file(name: str, part: str = "") -> str:
    """A file of the example bundle: the given part of it, and the keys and tables that the part leaves out."""
    try:
        stated = tomllib.loads(part)
    except tomllib.TOMLDecodeError:
        return part
    keys = [line for key, line in _KEYS[name].items() if key not in stated]
    tables = [table for path, table in _TABLES[name].items() if not _states(stated, path)]
    return "\n".join([*keys, part, *tables]) + "\n"


def _states(stated: Mapping[str, Any], path: str) -> bool:
    holder: Any = stated
    for step in path.split("."):
        if step not in holder:
            return False
        holder = holder[step]
    return True


def write_example(folder: Path, name: str, part: str) -> None:
    """Write the example bundle to a folder, with a part of one of its files, or with further rules."""
    for table in _TABLES:
        (folder / table).write_text(example_file(table, part if table == name else ""), "utf-8")
    (folder / "rules.polar").write_text(_RULES + (f"{part}\n" if name == "rules.polar" else ""), "utf-8")


def check_example(entry: CatalogueEntry) -> tuple[Diagnostic, ...]:
    """What loading the example bundle reports, with the example of an entry in its file; paths are relative."""
    with tempfile.TemporaryDirectory() as folder:
        write_example(Path(folder), entry.file, entry.example)
        if entry == UNPRINTABLE_FILE_NAME:
            Path(folder, "rules\tcopy.polar").touch()
        if entry == PERSONAL_REASON_FOR_USER:
            path = Path(folder, "vocabulary.toml")
            path.write_text(
                path.read_text("utf-8").replace('facts = "doors"', 'facts = "doors"\nperson = true'), "utf-8"
            )
        try:
            load(Path(folder, "no/such/folder") if entry == NO_BUNDLE_FOLDER else folder)
        except DiagnosticError as error:
            return tuple(_relative(diagnostic, folder) for diagnostic in error.diagnostics)
    return ()


def _relative(diagnostic: Diagnostic, folder: str) -> Diagnostic:
    span = diagnostic.span
    path = span.path.removeprefix(folder).removeprefix("/") or "."
    return dataclasses.replace(diagnostic, span=dataclasses.replace(span, path=path))

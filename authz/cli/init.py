"""`authz init`: a new bundle, to begin with."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from authz.cli.errors import file_error, invalid
from authz.cli.output import print_lines, print_text


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write to: a new one, or an empty one.")],
) -> None:
    """Write a new bundle: one rule, one scenario that passes, and facts."""
    if folder.is_dir() and any(folder.iterdir()):
        raise invalid("DIR", f"`{folder}` is not empty")
    if folder.exists() and not folder.is_dir():
        raise invalid("DIR", f"`{folder}` is a file, not a folder")
    try:
        written = list(_copy(files("authz.cli").joinpath("starter"), folder))
    except OSError as error:
        raise file_error("DIR", folder, error) from None
    print_lines(f"wrote {path}" for path in written)
    print_text(f"next: authz check {folder}, authz test {folder}, and change {folder / 'access.polar'}")


def _copy(source: Traversable, target: Path) -> list[Path]:
    """Copy a folder to a path; no file is overwritten."""
    target.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for entry in sorted(source.iterdir(), key=lambda entry: (entry.is_dir(), entry.name)):
        path = target / entry.name
        if entry.is_dir():
            written += _copy(entry, path)
        else:
            with path.open("xb") as file:
                file.write(entry.read_bytes())
            written.append(path)
    return written

"""`authz callers`: who may call the HTTP service, and with which rights."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from authz.cli.errors import file_error, invalid
from authz.cli.options import JsonOption
from authz.cli.output import print_json, print_text
from authz.language.diagnostics import DiagnosticError, did_you_mean

if TYPE_CHECKING:
    from authz_api.authn.callers import Caller

DEFAULT_FILE = Path("callers.json")

FileOption = Annotated[Path, typer.Option("--file", metavar="FILE", help="The file of callers.")]
app = typer.Typer(help="Manage who may call the HTTP service.", rich_markup_mode=None)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The caller's name in the decision log.")]
RightOption = Annotated[
    list[str],
    typer.Option("--right", metavar="RIGHT", help="evaluate, search, explain or operate; repeat it for each."),
]
SubjectOption = Annotated[
    str | None,
    typer.Option("--subject", metavar="ID", help="The one subject, such as a supplier, that it may ask about."),
]
TokenSubjectOption = Annotated[
    str | None,
    typer.Option("--token-subject", metavar="SUB", help="Identify it by a signed token with this `sub`, not a key."),
]


@app.command()
def add(
    name: NameArgument,
    right: RightOption,
    file: FileOption = DEFAULT_FILE,
    subject: SubjectOption = None,
    token_subject: TokenSubjectOption = None,
) -> None:
    """Add a caller and print its API key.

    The key is shown once: the file keeps only its digest.
    """
    from authz_api.authn.callers import Caller, new_key, save_callers

    _require_known_rights(right)
    _require_values({"--subject": subject, "--token-subject": token_subject})
    text, key = new_key()
    fields = {"name": name, "rights": right, "subject": subject, "token_subject": token_subject}
    try:
        caller = Caller.model_validate({**fields, "key": None if token_subject else key})
    except ValueError as error:
        from authz.documents.validation import diagnostics_of

        raise DiagnosticError(diagnostics_of(cast(Any, error), name)) from None
    with _locked(file):
        others = _load(file) if file.exists() else []
        if any(other.name == name for other in others):
            raise invalid("NAME", f"`{name}` is a caller already: revoke it first")
        if token_subject and any(other.token_subject == token_subject for other in others):
            raise invalid("--token-subject", f"`{token_subject}` is a caller already")
        save_callers(file, [*others, caller])
    if not token_subject:
        print_text(text)


@app.command(name="list")
def list_callers(file: FileOption = DEFAULT_FILE, as_json: JsonOption = False) -> None:
    """List the callers and their rights.

    Nothing is printed that could serve as a key.
    """
    rows = [
        {
            "name": caller.name,
            "rights": sorted(caller.rights),
            "subject": caller.subject,
            "known_by": f"key {caller.key.id}" if caller.key else f"token subject {caller.token_subject}",
        }
        for caller in _load(file)
    ]
    if as_json:
        print_json({"callers": rows})
        return
    for row in rows:
        bound = f", only as {row['subject']}" if row["subject"] else ""
        print_text(f"{row['name']}: {' '.join(row['rights'] or ())}{bound} ({row['known_by']})")


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The caller.")], file: FileOption = DEFAULT_FILE
) -> None:
    """Remove a caller.

    A running service stops accepting it.
    """
    from authz_api.authn.callers import save_callers

    _load(file)  # a missing file is reported before a lock file is created beside it
    with _locked(file):
        callers = _load(file)
        rest = [caller for caller in callers if caller.name != name]
        if len(rest) == len(callers):
            near = did_you_mean(name, [caller.name for caller in callers])
            raise invalid("NAME", f"`{name}` is not a caller in {file}" + (f": {near}" if near else ""))
        save_callers(file, rest)


def _require_known_rights(rights: list[str]) -> None:
    from authz_api.authn.callers import Right

    for right in rights:
        if right not in list(Right):
            listed = ", ".join(f"`{known}`" for known in Right)
            raise invalid("--right", f"`{right}` is not one of {listed}")


def _require_values(options: dict[str, str | None]) -> None:
    """Refuse an option that took the next option as its value."""
    for option, value in options.items():
        if value and value.startswith("--"):
            raise invalid(option, f"`{value}` is another option: the value is missing")


def _load(file: Path) -> "list[Caller]":
    from authz_api.authn.callers import load_callers

    return list(load_callers(file).all)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold the lock of the file of callers from reading it to writing it."""
    from authz_api.authn.callers import lock_callers

    try:
        with lock_callers(file):
            yield
    except OSError as error:
        raise file_error("--file", file, error) from None

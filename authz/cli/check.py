"""`authz check`: admit a bundle, or say why not."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from authz.cli.errors import file_error
from authz.cli.options import BundleArgument, Exit, JsonOption, bundle_folder
from authz.cli.output import print_diagnostics, print_json, print_lines, progress
from authz.language.diagnostics import Diagnostic, DiagnosticError


def check(
    folder: BundleArgument = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings: on what could not be checked.")] = False,
    as_json: JsonOption = False,
    sarif: Annotated[
        Path | None, typer.Option("--sarif", metavar="FILE", help="Write the diagnostics as SARIF 2.1.0 too.")
    ] = None,
) -> None:
    """Check a bundle and say what was checked.

    Its files, types, rules and reasons are checked, and its decisions are compared with those of oso.
    """
    from authz.verify.check import check as check_bundle

    path = bundle_folder(folder)
    try:
        with progress("worlds") as show:
            report = check_bundle(path, show)
    except DiagnosticError as error:
        _write_sarif(sarif, error.diagnostics, (), {"path": str(path)})
        if not as_json:
            raise
        diagnostics = [diagnostic.as_data() for diagnostic in error.diagnostics]
        print_json({"admitted": False, "path": str(path), "diagnostics": diagnostics})
        raise typer.Exit(Exit.FAILED) from None
    policy = report.policy
    named = {"bundle": policy.bundle.name, "path": policy.bundle.path, "policy": policy.digest}
    _write_sarif(sarif, (), report.warnings, named)
    if as_json:
        print_json({"admitted": True, **report.as_data(), "diagnostics": []})
    else:
        print_lines(report.lines())
        print_diagnostics(report.warnings, "warning: ")
    raise typer.Exit(Exit.FAILED if strict and report.warnings else Exit.OK)


def _write_sarif(
    file: Path | None, errors: Iterable[Diagnostic], warnings: Iterable[Diagnostic], properties: Mapping[str, str]
) -> None:
    """Write a SARIF log, if a file is given for it."""
    from authz.verify.sarif import as_sarif

    if file is None:
        return
    try:
        file.write_text(json.dumps(as_sarif(errors, warnings, properties), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise file_error("--sarif", file, error) from None

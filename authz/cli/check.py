"""`authz check`: admit a bundle, or say why not."""

from typing import Annotated

import typer

from authz.cli.options import BundleArgument, Exit, JsonOption, bundle_folder
from authz.cli.output import print_diagnostics, print_json, print_lines, progress
from authz.language.diagnostics import DiagnosticError


def check(
    folder: BundleArgument = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings: on what could not be checked.")] = False,
    as_json: JsonOption = False,
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
        if not as_json:
            raise
        diagnostics = [diagnostic.as_data() for diagnostic in error.diagnostics]
        print_json({"admitted": False, "path": str(path), "diagnostics": diagnostics})
        raise typer.Exit(Exit.FAILED) from None
    if as_json:
        print_json({"admitted": True, **report.as_data(), "diagnostics": []})
    else:
        print_lines(report.lines())
        print_diagnostics(report.warnings, "warning: ")
    raise typer.Exit(Exit.FAILED if strict and report.warnings else Exit.OK)

"""The `authz` command: its groups put together, and one place that turns errors into an exit code.

Exits 0 for success and a permit, 2 for a refusal, 1 for everything that failed or could not be judged.
"""

import sys
from typing import Annotated, NoReturn

import typer

from authz.cli import callers
from authz.cli.check import check
from authz.cli.compile import compile_bundle
from authz.cli.decide import decide
from authz.cli.errors import UsageError, report_system, report_usage
from authz.cli.fuzz import fuzz
from authz.cli.init import init
from authz.cli.options import Exit
from authz.cli.output import prepare_streams, print_diagnostics, print_error, print_text
from authz.cli.serve import serve
from authz.cli.test import test
from authz.cli.vocabulary import vocabulary
from authz.language.diagnostics import DiagnosticError

TYPER_INTERRUPTED = 130
"""The exit code that typer returns in place of a KeyboardInterrupt."""

app = typer.Typer(
    pretty_exceptions_enable=False, rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]}
)


def print_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        from authz import __version__

        print_text(f"authz {__version__}")
        raise typer.Exit(Exit.OK)


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=print_version, is_eager=True)
    ] = False,
) -> None:
    """Policy as code: check, test and serve Polar policies."""


for command in (init, decide, test, check, fuzz, serve):
    app.command()(command)
app.add_typer(callers.app, name="callers")
app.command(name="compile")(compile_bundle)
app.command()(vocabulary)


def main() -> NoReturn:
    """Run the command; every error for bad input is a message on standard error and exit code 1."""
    prepare_streams()
    try:
        code = app(sys.argv[1:] or ["--help"], prog_name="authz", standalone_mode=False)
        sys.stdout.flush()
        if code == TYPER_INTERRUPTED:
            raise KeyboardInterrupt
    except DiagnosticError as error:
        print_diagnostics(error.diagnostics)
        code = Exit.FAILED
    except UsageError as error:
        report_usage(error)
        code = Exit.FAILED
    except (KeyboardInterrupt, typer.Abort):
        print_error("authz: interrupted")
        code = Exit.FAILED
    except OSError as error:
        report_system(error)
        code = Exit.FAILED
    sys.exit(int(code or 0))

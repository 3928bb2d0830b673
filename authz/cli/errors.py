"""Errors of the command line: one place that turns them into text on standard error and an exit code."""

import os
import sys
from typing import Any, cast

import typer

from authz.cli.output import print_error

# typer exports no nearer name for the base class of its usage errors.
UsageError = cast(type[Exception], typer.BadParameter.__mro__[2])


def invalid(option: str, problem: str) -> typer.BadParameter:
    """The error for an option or argument whose value cannot be used."""
    return typer.BadParameter(problem, param_hint=option)


def system_message(error: OSError) -> str:
    """What the operating system says, in the style of our messages."""
    return (error.strerror or str(error)).lower()


def file_error(option: str, path: object, error: OSError) -> typer.BadParameter:
    """The error for a file that cannot be read or written."""
    return invalid(option, f"{path}: {system_message(error)}")


def report_usage(error: Exception) -> None:
    """Print a usage error, and which help page to read."""
    message: str = cast(Any, error).format_message()
    message = message.removesuffix(".").replace("Value error, ", "")
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "authz"
    # typer lists the choices of an argument on lines of their own.
    print_error(f"authz: {' '.join(message.split())}")
    print_error(f"help: see `{command} --help`")


def report_system(error: OSError) -> None:
    """Print an error of the operating system; a reader that closed its end of a pipe is no error to report."""
    # Nothing more can be written to this stream, not even when Python flushes it at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not isinstance(error, BrokenPipeError):
        print_error(f"authz: {system_message(error)}")

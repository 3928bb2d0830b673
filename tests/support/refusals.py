"""Texts that the parser or the type checker refuses: `«` and `»` stand around what the carets must underline."""

import pytest

from authz.language.printable import single_line
from tests.support.small_schema import PATH, checker_output, condition


def condition_refused(name: str, body: str, code: str, problem: str, help: str = "") -> object:
    """The parameters of a case whose text is one condition."""
    return pytest.param(condition(body), code, problem, help, id=name)


def rules_refused(name: str, text: str, code: str, problem: str, help: str = "") -> object:
    """The parameters of a case whose text is whole rules, the last without its `;`."""
    return pytest.param(f"{text};", code, problem, help, id=name)


def assert_refused(marked: str, code: str, problem: str, help: str) -> None:
    """Assert that a marked text has exactly one diagnostic, and that it reads as it must."""
    text = marked.replace("«", "").replace("»", "")
    # A quoted line must not be able to steer a terminal.
    assert checker_output(text) == _message(marked, code, problem, help)


def _message(marked: str, code: str, problem: str, help: str) -> str:
    number, line = next((n, line) for n, line in enumerate(marked.split("\n"), 1) if "«" in line)
    column, width = line.index("«") + 1, line.index("»") - line.index("«") - 1
    source = line.replace("«", "").replace("»", "")
    lead = "".join("\t" if c == "\t" else " " for c in source[: column - 1])
    lines = [f"{PATH}:{number}:{column}: {problem}", f"{number:>5} | {source}", f"      | {lead}{'^' * width}"]
    return "\n".join(map(single_line, [*lines, f"code: {code}", *([f"help: {help}"] if help else [])]))

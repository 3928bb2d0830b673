"""Fixtures that every test may use."""

from typing import Any

import pytest

from authz import Policy
from tests.support.student import student_policy


@pytest.fixture(scope="session")
def policy() -> Policy:
    """The frozen student bundle, compiled."""
    return student_policy()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table of planted faults: after how many generated policies each was found."""
    found = [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, ())
        for name, value in getattr(report, "user_properties", ())
        if name == "planted"
    ]
    if found:
        terminalreporter.section("planted faults, and after how many generated policies each was found")
        for fault, after in sorted(found):
            terminalreporter.write_line(f"{after if after is not None else 'NOT FOUND':>9}  {fault}")

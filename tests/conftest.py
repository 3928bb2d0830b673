"""Fixtures that every test may use."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from authz import Policy
from tests.support.effort import FACTOR, effort
from tests.support.student import student_policy

settings.register_profile(
    "poort",
    max_examples=effort(200),
    deadline=None,
    derandomize=FACTOR == 1,  # `make test` gives one result; `make soak` draws anew each time
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
settings.load_profile("poort")


@pytest.fixture(scope="session")
def policy() -> Policy:
    """The frozen student bundle, compiled."""
    return student_policy()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table of mutants: after how many generated policies each was killed."""
    found = [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, ())
        for name, value in getattr(report, "user_properties", ())
        if name == "mutant"
    ]
    if found:
        terminalreporter.section("mutants, and after how many generated policies each was killed")
        for mutant, after in sorted(found):
            terminalreporter.write_line(f"{after if after is not None else 'SURVIVED':>9}  {mutant}")

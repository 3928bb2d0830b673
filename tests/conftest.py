"""What every test may ask for: the student bundle, compiled."""

from pathlib import Path

import pytest

from authz import Policy, load_bundle

ROOT = Path(__file__).parent.parent
STUDENT_DATA = ROOT / "policies" / "student_data"
AUTHZEN = ROOT / "tests" / "bundles" / "authzen"


@pytest.fixture(scope="session")
def policy() -> Policy:
    """The student bundle, compiled."""
    return load_bundle(STUDENT_DATA)

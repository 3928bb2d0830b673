"""Where the repository, its bundles and the fixtures of the tests are."""

from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
STUDENT_DATA = ROOT / "policies" / "student_data"
AUTHZEN = ROOT / "tests" / "bundles" / "authzen"

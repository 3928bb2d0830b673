"""Where the repository and the bundles of the tests are.

The engine's tests decide on a frozen copy of the student bundle, so that who edits `policies/student_data` breaks none
of them. What that bundle must satisfy is in `make test-policies`.
"""

from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
BUNDLES = ROOT / "tests" / "bundles"
STUDENT = BUNDLES / "student"
AUTHZEN = BUNDLES / "authzen"

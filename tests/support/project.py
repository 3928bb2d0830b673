"""A project folder for commands to run in: the frozen student bundle stands where the customer's bundle would."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from tests.support.paths import STUDENT


def copy_policies(folder: Path) -> None:
    """Copy the frozen student bundle to `policies/student_data` in a folder."""
    shutil.copytree(STUDENT, folder / "policies" / "student_data")


@cache
def project() -> Path:
    """A folder with `policies/student_data` in it, one for the whole session; tests must not write to it."""
    folder = Path(tempfile.mkdtemp(prefix="authz-project-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copy_policies(folder)
    return folder

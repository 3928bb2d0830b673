"""Record which source files of the project a call passes, in the order of their first use."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from tests.support.paths import ROOT

SOURCES = (ROOT / "authz", ROOT / "api" / "authz_api")


def files_passed(call: Callable[[], object]) -> list[str]:
    """The files, relative to the repository, with a function that runs during a call.

    The call runs once before it is traced, so that imports and caches are in place.
    """
    call()
    files: dict[str, None] = {}

    def record(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_name != "<module>":
            files.setdefault(frame.f_code.co_filename)

    threading.setprofile(record)
    sys.setprofile(record)
    try:
        call()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return [name for file in files if (name := _project_name(file)) is not None]


def _project_name(file: str) -> str | None:
    path = Path(file)
    return str(path.relative_to(ROOT)) if any(path.is_relative_to(source) for source in SOURCES) else None

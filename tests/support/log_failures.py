"""Failures of a process that configured the service's log, each with a marked text in its message.

`python -m tests.support.log_failures NAME` runs one of them.
"""

import asyncio
import gc
import logging
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from authz_api.authn.authenticator import Authenticator
from authz_api.logs import configure, log
from authz_api.reload import log_refusal
from pydantic import BaseModel

from authz.language.diagnostics import Diagnostic, DiagnosticError, Span

MARK = "made-up-pupil, born 2011-02-03"


def fail() -> None:
    raise ValueError(MARK)


def uncaught_in_a_thread() -> None:
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()


class Unraisable:
    def __del__(self) -> None:
        fail()


def unraisable() -> None:
    Unraisable()
    gc.collect()


def in_a_task_that_nobody_awaits() -> None:
    async def fail_soon() -> None:
        fail()

    async def run() -> None:
        tasks = [asyncio.create_task(fail_soon(), name=MARK)]
        await asyncio.sleep(0)
        tasks.clear()
        gc.collect()

    asyncio.run(run())


def in_a_callback_of_the_loop() -> None:
    async def run() -> None:
        asyncio.get_running_loop().call_soon(lambda _mark: fail(), MARK)
        await asyncio.sleep(0.01)

    asyncio.run(run())


def logged_by_a_library(*arguments: object, **options: Any) -> Callable[[], None]:
    def run() -> None:
        for name in ("a.library", "asyncio", "_granian", "concurrent.futures"):
            logging.getLogger(name).error("constant text %s", *arguments, **options)

    return run


def exception_logged_by_a_library() -> None:
    try:
        fail()
    except ValueError:
        logging.getLogger("a.library").exception("%s", MARK)
        logging.getLogger("asyncio").error("constant text\n%s", MARK, exc_info=True)
        logging.getLogger("another").error(MARK)


def exception_in_a_call() -> None:
    try:
        fail()
    except ValueError:
        log().error("exception in a call", exc_info=True)


def warning_with_data() -> None:
    warnings.simplefilter("always")
    warnings.warn(MARK, UserWarning, stacklevel=1)


def warning_of_pydantic() -> None:
    class Model(BaseModel):
        text: int

    Model.model_construct(text=MARK).model_dump_json()  # type: ignore[arg-type]


def refused_reload() -> None:
    log_refusal(
        DiagnosticError(
            [Diagnostic(Span("facts.json", n + 1, 5), f"{MARK} {n}", MARK, MARK, "duplicate-row") for n in range(99)]
        )
    )


def broken_reload() -> None:
    try:
        Path(MARK).read_text()
    except OSError as error:
        log_refusal(error)


def refused_callers() -> None:
    file = Path(sys.argv[2]) / "callers.json"
    file.write_text(f'{{"{MARK}": 1, "callers": [{{"name": "{MARK}"}}]}}')
    asyncio.run(Authenticator(file).reload_callers())


FAILURES: dict[str, tuple[Callable[[], None], str]] = {
    "uncaught": (fail, "ValueError"),
    "uncaught in a thread": (uncaught_in_a_thread, "ValueError"),
    "unraisable": (unraisable, "ValueError"),
    "in a task that nobody awaits": (in_a_task_that_nobody_awaits, "ValueError"),
    "in a callback of the loop": (in_a_callback_of_the_loop, "ValueError"),
    "logged by a library": (logged_by_a_library(MARK), "a.library"),
    "logged by a library, with a stack": (logged_by_a_library(MARK, stack_info=True), "a.library"),
    "logged by a library, malformed": (logged_by_a_library(MARK, MARK), "a.library"),
    "exception logged by a library": (exception_logged_by_a_library, "ValueError"),
    "exception in a call": (exception_in_a_call, "ValueError"),
    "warning": (warning_with_data, "UserWarning"),
    "warning of pydantic": (warning_of_pydantic, "UserWarning"),
    "refused reload": (refused_reload, "duplicate-row"),
    "broken reload": (broken_reload, "FileNotFoundError"),
    "refused callers": (refused_callers, "callers refused"),
}
"""Each failure, and the kind that the log names."""


if __name__ == "__main__":
    configure()
    FAILURES[sys.argv[1]][0]()

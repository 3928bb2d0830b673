"""The service's own log: JSON lines on standard error, about the service and never about a person.

Messages of exceptions, warnings, libraries and diagnostics can quote facts and requests. Of those the log holds the
kind (type of exception, category of warning, name of logger, code of diagnostic) and the place, and nothing else.
"""

import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog

from authz.language.diagnostics import DiagnosticError

NAME = "poort"
SERVERS = ("_granian", "asyncio")
"""Loggers whose messages begin with a line that quotes nothing."""
MAX_DIAGNOSTICS = 10
"""The most diagnostics that one event lists."""


def configure() -> None:
    """Log the service's events from level `info`, and those of the server, of asyncio and of libraries from `warning`.

    From now on this process logs the exceptions that nothing catches, and warnings, in the same way.
    """
    before: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_message,
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*before, _with_place],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    handler.addFilter(_without_content)
    for name, level in (
        (NAME, logging.INFO),
        *((each, logging.WARNING) for each in SERVERS),
        (None, logging.WARNING),
    ):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)
    _install_hooks()


def log() -> Any:
    """The service's logger."""
    return structlog.stdlib.get_logger(NAME)


def redacted_diagnostics(error: DiagnosticError) -> Mapping[str, Any]:
    """The places and codes of the first `MAX_DIAGNOSTICS` diagnostics, and the number of all, as members of an event.

    A diagnostic's text quotes the document, which can hold personal data.
    """
    listed = [{"place": str(each.span), "code": each.code} for each in error.diagnostics[:MAX_DIAGNOSTICS]]
    return {"diagnostics": listed, "diagnostics_in_all": len(error.diagnostics)}


def _install_hooks() -> None:
    """Log what Python would print with its message: uncaught exceptions, warnings, and malformed log records."""
    logging.raiseExceptions = False  # a record that cannot be formatted would be printed with its arguments
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda thrown: _log_uncaught(thrown.exc_type, thrown.exc_value, thrown.exc_traceback)
    sys.unraisablehook = lambda thrown: _log_uncaught(thrown.exc_type, thrown.exc_value, thrown.exc_traceback)
    warnings.showwarning = _log_warning


def _log_uncaught(kind: type[BaseException], error: BaseException | None, frames: Any) -> None:
    if error is None:
        log().error("uncaught exception", exception=kind.__name__)
    else:
        log().error("uncaught exception", exc_info=(kind, error, frames))


def _log_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    log().warning("warning of a library", category=category.__name__, at=[f"{filename}:{lineno}"])


def _without_content(record: logging.LogRecord) -> bool:
    """Reduce the record of a library to text that quotes nothing."""
    if record.name != NAME:
        constant = str(record.msg).partition("\n")[0] if record.name in SERVERS else "message of a library"
        record.msg, record.args, record.stack_info = constant, (), None
    return True


def _with_place(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the logger of a library's record, and the place of its call if it has no exception with places."""
    record = event["_record"]
    event["logger"] = record.name
    event.setdefault("at", [f"{record.pathname}:{record.lineno}"])
    return event


def _without_message(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Log an exception's type and places, but not its message, which could hold personal data."""
    raised = event.pop("exc_info", None)
    raised = sys.exc_info() if raised is True else raised
    error = raised[1] if isinstance(raised, tuple) else raised
    record = event.get("_record")
    if record is not None:
        record.exc_info = record.exc_text = None
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        event["exception"] = type(error).__name__
        event["at"] = [f"{frame.filename}:{frame.lineno}" for frame in frames[-5:]]
    return event

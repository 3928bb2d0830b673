"""The service's own log: JSON lines on standard error, about the service and never about a person."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog


def configure() -> None:
    """Log the service's events from level `info`, and those of the server and of asyncio from `warning`."""
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
            foreign_pre_chain=before,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    for name, level in (("poort", logging.INFO), ("_granian", logging.WARNING), ("asyncio", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)


def log() -> Any:
    """The service's logger."""
    return structlog.stdlib.get_logger("poort")


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

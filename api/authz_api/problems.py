"""Errors for the caller: HTTP statuses that carry no decision."""

from collections.abc import Mapping
from typing import Any


class ProblemError(Exception):
    """A response without a decision: a status, a message for the caller, and extra headers."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or {}


def error_body(status: int, message: str) -> dict[str, Any]:
    """The JSON of an error, for a whole call and for one item of a batch (AuthZEN 1.0, section 7.2)."""
    return {"error": {"status": status, "message": message}}

"""What a caller did wrong, as HTTP says it; never what a decision is."""

from collections.abc import Mapping
from typing import Any


class Problem(Exception):
    """An answer that is no decision: a status, a message for the one who called, and headers that go with them."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or {}


def error(status: int, message: str) -> dict[str, Any]:
    """A problem as data: the shape is one, for a whole call and for an item of a batch (AuthZEN 1.0, section 7.2)."""
    return {"error": {"status": status, "message": message}}

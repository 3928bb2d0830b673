"""What a caller did wrong, as HTTP says it; never what a decision is."""

from typing import Any


class Problem(Exception):
    """An answer that is no decision: a status and a message for the one who called."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def error(status: int, message: str) -> dict[str, Any]:
    """A problem as data: the shape is one, for a whole call and for an item of a batch (AuthZEN 1.0, section 7.2)."""
    return {"error": {"status": status, "message": message}}

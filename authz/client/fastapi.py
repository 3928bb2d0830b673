"""A FastAPI dependency that lets a route run on a permit alone."""

import logging
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, HTTPException

from authz.client.async_client import AsyncClient
from authz.client.models import Answer, Evaluation, Malformed, Outcome, Reason

REFUSED = Reason("REFUSED", "this is not allowed", "dit is niet toegestaan")
UNANSWERED = "whether this is allowed cannot be found out now"
RETRY_SECONDS = 1

log = logging.getLogger("authz.client")


def guard(client: AsyncClient, evaluation_of: Callable[..., Any]) -> Callable[..., Awaitable[Answer]]:
    """A dependency that asks before a route runs; on a permit its value is the answer.

    `evaluation_of` is a dependency too: it takes from the request what FastAPI gives it, and returns the `Evaluation`.
    A refusal is a 403 with the reason that everybody may see, and no answer a 503. That the question was malformed is
    a fault of the program: `Malformed` is raised.
    """

    async def guarded(evaluation: Annotated[Evaluation, Depends(evaluation_of)]) -> Answer:
        answer = await client.evaluate(evaluation)
        if answer:
            return answer
        if answer.outcome is Outcome.REFUSED:
            reason = answer.reason or REFUSED
            raise HTTPException(403, {"code": reason.code, "en": reason.en, "nl": reason.nl})
        if answer.outcome is Outcome.MALFORMED:
            raise Malformed(answer.message)
        log.warning("not answered: %s", answer.message)
        raise HTTPException(503, UNANSWERED, {"Retry-After": str(RETRY_SECONDS)})

    return guarded

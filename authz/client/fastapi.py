"""A FastAPI dependency that runs a route on a permit alone."""

import logging
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, HTTPException

from authz.client.async_client import AsyncClient
from authz.client.models import Evaluation, EvaluationOutcome, EvaluationResponse, Reason, RejectedRequestError

REFUSED = Reason("REFUSED", "this is not allowed", "dit is niet toegestaan")
UNAVAILABLE = "authorization is not available now"
RETRY_SECONDS = 1

log = logging.getLogger("authz.client")


def guard(client: AsyncClient, evaluation_of: Callable[..., Any]) -> Callable[..., Awaitable[EvaluationResponse]]:
    """A dependency that evaluates before a route runs; its value is the response with the permit.

    `evaluation_of` is a dependency too: it takes from the HTTP request what FastAPI gives it and returns the
    `Evaluation`. A refusal becomes a 403 with the reason that every caller may see, a missing response a 503.

    Raises:
        RejectedRequestError: the server rejected the evaluation as malformed, which is a fault of this program.
    """

    async def guarded(evaluation: Annotated[Evaluation, Depends(evaluation_of)]) -> EvaluationResponse:
        response = await client.evaluate(evaluation)
        if response:
            return response
        if response.outcome is EvaluationOutcome.REFUSED:
            reason = response.reason or REFUSED
            raise HTTPException(403, {"code": reason.code, "en": reason.en, "nl": reason.nl})
        if response.outcome is EvaluationOutcome.MALFORMED:
            raise RejectedRequestError(response.message)
        log.warning("not answered: %s", response.message)
        raise HTTPException(503, UNAVAILABLE, {"Retry-After": str(RETRY_SECONDS)})

    return guarded

"""Evaluations that the tests of the client send, to the service and to a faulty server."""

from typing import Any

from authz.client import (
    Action,
    Client,
    Evaluation,
    EvaluationOutcome,
    EvaluationResponse,
    Reason,
    Resource,
    Server,
    Subject,
)
from tests.support.faulty_server import FaultyServer

X = Subject("supplier", "X", {"institute": "A"})
Z = Subject("supplier", "Z", {"institute": "A"})
SCHEDULE = Action("read_schedule", {"purpose": "homework_guidance"})
AT_SCHOOL = {"school": "S1"}
ABOUT_SARA = Evaluation(X, SCHEDULE, Resource("student", "sara", AT_SCHOOL), {"engagement": "private"})
ABOUT_NOBODY = Evaluation(X, SCHEDULE, Resource("student", "nobody", AT_SCHOOL))
SECRET = "poort_0123456789abcdef_secret"


def without_context(response: EvaluationResponse) -> tuple[EvaluationOutcome, Reason | None, str]:
    """A response without its context, which differs each time."""
    return response.outcome, response.reason, response.message


def permit_with(**context: Any) -> EvaluationResponse:
    return EvaluationResponse(EvaluationOutcome.PERMITTED, context=context)


def unanswered_with(message: str) -> EvaluationResponse:
    return EvaluationResponse(EvaluationOutcome.UNANSWERED, message=message)


def patient_server(url: str, token: str = "", **options: Any) -> Server:
    """The address of a server, with time limits for a busy machine."""
    return Server(url, token, **{"deadline": 30, "timeout": 30, **options})


def evaluate_at(server: FaultyServer, **options: Any) -> EvaluationResponse:
    with Client(patient_server(server.url, **options)) as client:
        return client.evaluate(ABOUT_SARA)


def evaluate_all_at(server: FaultyServer, count: int) -> tuple[EvaluationResponse, ...]:
    with Client(patient_server(server.url)) as client:
        return tuple(client.evaluate_all([ABOUT_SARA] * count))

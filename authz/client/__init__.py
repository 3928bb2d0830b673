"""A client for AuthZEN servers that fails closed: an error, a time-out or a malformed response is never a permit.

    from authz.client import Action, Client, Evaluation, Resource, Server, Subject
    with Client(Server("https://authz.example", token)) as client:
        if client.evaluate(Evaluation(subject, action, resource)):     # true for a permit alone
            ...

`AsyncClient` is the same for an event loop; `authz.client.fastapi` guards the routes of a FastAPI application.
"""

from authz.client.async_client import AsyncClient, Server
from authz.client.models import (
    Action,
    ActionSearch,
    ClientError,
    Evaluation,
    EvaluationOutcome,
    EvaluationResponse,
    Reason,
    RejectedRequestError,
    Resource,
    ResourceSearch,
    Subject,
    SubjectSearch,
    UnansweredError,
)
from authz.client.pending import EvaluationResponses
from authz.client.sync_client import Client

__all__ = [
    "Action",
    "ActionSearch",
    "AsyncClient",
    "Client",
    "ClientError",
    "Evaluation",
    "EvaluationOutcome",
    "EvaluationResponse",
    "EvaluationResponses",
    "Reason",
    "RejectedRequestError",
    "Resource",
    "ResourceSearch",
    "Server",
    "Subject",
    "SubjectSearch",
    "UnansweredError",
]

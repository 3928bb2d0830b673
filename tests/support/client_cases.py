"""Questions that the client's tests ask, of the service and of a server that means ill."""

from typing import Any

from authz.client import Action, Answer, Client, Evaluation, Outcome, Reason, Resource, Server, Subject
from tests.support.faulty_server import Hostile

X = Subject("supplier", "X", {"institute": "A"})
Z = Subject("supplier", "Z", {"institute": "A"})
SCHEDULE = Action("read_schedule", {"purpose": "homework_guidance"})
AT_SCHOOL = {"school": "S1"}
ABOUT_SARA = Evaluation(X, SCHEDULE, Resource("student", "sara", AT_SCHOOL), {"engagement": "private"})
ABOUT_NOBODY = Evaluation(X, SCHEDULE, Resource("student", "nobody", AT_SCHOOL))
SECRET = "poort_0123456789abcdef_secret"


def told(answer: Answer) -> tuple[Outcome, Reason | None, str]:
    """An answer but for what differs each time."""
    return answer.outcome, answer.reason, answer.message


def permitted(**context: Any) -> Answer:
    return Answer(Outcome.PERMITTED, context=context)


def nothing(message: str) -> Answer:
    return Answer(Outcome.UNANSWERED, message=message)


def patient(url: str, token: str = "", **how: Any) -> Server:
    """A server that is waited for on a busy machine."""
    return Server(url, token, **{"deadline": 30, "timeout": 30, **how})


def ask(hostile: Hostile, **how: Any) -> Answer:
    with Client(patient(hostile.url, **how)) as client:
        return client.evaluate(ABOUT_SARA)


def ask_all(hostile: Hostile, count: int) -> tuple[Answer, ...]:
    with Client(patient(hostile.url)) as client:
        return client.evaluate_all([ABOUT_SARA] * count)

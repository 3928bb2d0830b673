"""The values of the client: its public names, outcomes, requests and server addresses."""

import subprocess
import sys
from typing import Any

import pytest

import authz.client
from authz.client import (
    Action,
    AsyncClient,
    Client,
    Evaluation,
    EvaluationOutcome,
    EvaluationResponse,
    Resource,
    Server,
    Subject,
)
from tests.support.client_cases import (
    ABOUT_SARA,
    SECRET,
)
from tests.support.project import project
from tests.support.service_cases import SARA


def test_the_public_names_are_these() -> None:
    assert authz.client.__all__ == [
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


def test_the_client_loads_neither_the_engine_nor_fastapi() -> None:
    script = "import sys, authz.client; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=project(), capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    foreign = {"fastapi", "starlette", "pydantic", "lark", "oso", "authz_api"}
    assert not [name for name in loaded if name.partition(".")[0] in foreign]
    rooms = {name.split(".")[1] for name in loaded if name.startswith("authz.")}
    assert rooms == {"client", "documents", "language"}


def test_only_a_permit_is_true() -> None:
    assert {
        outcome: (bool(EvaluationResponse(outcome)), EvaluationResponse(outcome).decision)
        for outcome in EvaluationOutcome
    } == {
        EvaluationOutcome.PERMITTED: (True, True),
        EvaluationOutcome.REFUSED: (False, False),
        EvaluationOutcome.MALFORMED: (False, False),
        EvaluationOutcome.UNANSWERED: (False, False),
    }


def test_an_evaluation_has_the_form_of_authzen() -> None:
    assert ABOUT_SARA.as_data() == SARA
    bare = Evaluation(Subject("a", "b"), Action("c"), Resource("d", "e"))
    assert bare.as_data() == {
        "subject": {"type": "a", "id": "b"},
        "action": {"name": "c"},
        "resource": {"type": "d", "id": "e"},
    }


PLAIN = "would be called over plain http: use https, or set `plain_http=True`"
READABLE = "over plain http, readable on the way: use https"
MORE = "the URL has more than a host, a port and a path: give a token as `token`"


@pytest.mark.parametrize(
    ("url", "token", "problem"),
    [
        ("http://authz.example", "", f"authz.example {PLAIN}"),
        ("http://authz.example", "t", f"the token would go to authz.example {READABLE}"),
        ("http://127.0.0.1.nl", "t", f"the token would go to 127.0.0.1.nl {READABLE}"),
        ("https://user:pass@authz.example", "", MORE),
        ("https://authz.example/?key=1", "", MORE),
        ("https://authz.example/#", "", MORE),
        ("ftp://authz.example", "", "the URL is not of the form https://host"),
        ("authz.example", "", "the URL is not of the form https://host"),
        ("https://", "", "the URL is not of the form https://host"),
        ("https://authz.example:port", "", "the URL is not valid"),
        ("https://xn--", "", "the URL is not valid"),
        ("https://127.0.0.1:65536", "", "65536 is not a port"),
        ("https://127.0.0.1:0", "", "0 is not a port"),
        ("https://authz.example", "a b", "the token has other characters than visible ASCII, or too many"),
        ("https://authz.example", "a\r\nX: y", "the token has other characters than visible ASCII, or too many"),
        ("https://authz.example", "é", "the token has other characters than visible ASCII, or too many"),
    ],
)  # fmt: skip
def test_a_server_that_would_not_be_safe_to_ask_is_refused(url: str, token: str, problem: str) -> None:
    with pytest.raises(ValueError) as refused:
        Server(url, token)
    assert str(refused.value) == problem
    if token:
        with pytest.raises(ValueError):
            Server(url, token, plain_http=True)


@pytest.mark.parametrize("how", [{"deadline": 0}, {"timeout": -1}, {"retries": -1}, {"deadline": float("nan")}])
def test_limits_without_effect_are_refused(how: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as refused:
        Server("https://authz.example", **how)
    assert str(refused.value) == "`deadline` and `timeout` must be more than 0, and `retries` at least 0"


@pytest.mark.parametrize(
    "url", ["https://authz.example/pdp", "http://127.0.0.1:8080", "http://[::1]", "http://localhost"]
)
def test_a_token_goes_over_https_or_stays_on_the_machine(url: str) -> None:
    assert Server(url, SECRET).url == url


def test_plain_http_to_another_host_needs_a_setting() -> None:
    assert Server("http://authz.example", plain_http=True).plain_http


def test_a_token_is_never_shown() -> None:
    server = Server("https://authz.example", SECRET)
    shown = f"{server!r} {Client(server)!r} {AsyncClient(server)!r} {Client(server)}"
    assert SECRET not in shown and "https://authz.example" in shown

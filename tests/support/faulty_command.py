"""`authz`, with a fault that a test names in the environment, and that a sound service never shows."""

import os

import authz_api.server
from authz_api import deadline
from authz_api.authzen.endpoint import EndpointResult
from authz_api.authzen.evaluation import EvaluationEndpoint

from authz.cli.main import main


def _break(*_: object) -> None:
    raise RuntimeError("broken by a test")


def _unserialisable(*_: object) -> EndpointResult:
    return EndpointResult({"decision": object()}, {}, {}, "adl.access_evaluation")


if __name__ == "__main__":
    match os.environ["FAULT"]:
        case "deciding":
            EvaluationEndpoint.answer = _break  # type: ignore[method-assign, assignment]
        case "answering":
            EvaluationEndpoint._result = _unserialisable  # type: ignore[method-assign, assignment]
        case "impatience":
            authz_api.server.HEAD_MILLISECONDS = 1_000
            deadline.SWEEP_SECONDS = 0.1
    main()

"""`authz`, with faults that a test asks for by name in the environment: for what a sound service never shows."""

import os

import authz_api.wire
from authz_api.authzen.pipeline import Answering, Reply

from authz.cli.main import main


def _breaks(*_: object) -> None:
    raise RuntimeError("broken by a test")


def _unsayable(*_: object) -> Reply:
    return Reply({"decision": object()}, {"decision": True})


if __name__ == "__main__":
    match os.environ["FAULT"]:
        case "deciding":
            Answering.evaluate = _breaks  # type: ignore[method-assign, assignment]
        case "answering":
            Answering.said = _unsayable  # type: ignore[method-assign, assignment]
        case "impatience":
            authz_api.wire.IDLE_SECONDS = authz_api.wire.PATIENCE = 1.0
            authz_api.wire.LOOK_SECONDS = 0.1
    main()

"""The service's application under uvicorn, to compare servers: `python -m bench.http.under_uvicorn FOLDER --port N`.

The folder holds the files of `bench.http.processor_time`. Unlike `authz serve` there is no supervisor and no reload.
"""

import argparse
from pathlib import Path

import uvicorn
from authz_api.app import create_app
from authz_api.authn.authenticator import configure_authentication
from authz_api.authzen.pipeline import Application
from authz_api.decision_log.recorder import Recorder
from authz_api.operations import ReloadOutcome
from authz_api.rate_limit import RateLimiter
from authz_api.state import State, freeze, load_snapshot


def application(folder: Path) -> Application:
    """The application as a worker of `authz serve` makes it."""

    async def reload() -> ReloadOutcome:
        return ReloadOutcome.REFUSED

    app = create_app(
        State(load_snapshot(Path("policies/student_data"), folder / "facts.json")),
        public_url="http://127.0.0.1",
        key=b"k" * 32,
        recorder=Recorder(folder / "uvicorn.jsonl"),
        authenticator=configure_authentication(folder / "callers.json", None),
        limiter=RateLimiter(),
        reload=reload,
    )
    freeze()
    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.http.under_uvicorn")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    uvicorn.run(application(arguments.folder), port=arguments.port, access_log=False, log_level="error", lifespan="off")

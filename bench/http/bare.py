"""The floor: a bare ASGI callable under uvicorn that reads a body, decides nothing and says yes.

python -m bench.http.bare --port N
"""

import argparse
import json
from typing import Any

import uvicorn

BODY = json.dumps(
    {"decision": True, "context": {"evaluation_id": "0" * 32, "policy": "0" * 64, "facts": "0" * 16}}
).encode()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]


async def app(_scope: Any, receive: Any, send: Any) -> None:
    """Answer."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.http.bare")
    parser.add_argument("--port", type=int, required=True)
    uvicorn.run(app, port=parser.parse_known_args()[0].port, access_log=False, lifespan="off")

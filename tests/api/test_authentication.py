"""Who may call: keys, signed tokens, rights, suppliers that ask only as themselves, and files that change meanwhile."""

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from authz_api.app import Application, create_app
from authz_api.authn.authenticator import Authenticator
from authz_api.authn.callers import Caller, Callers, Right, new_key
from authz_api.decision_log.recorder import Recorder
from authz_api.operations import ReloadOutcome
from authz_api.rate_limit import RateLimiter
from authz_api.state import State, load_snapshot
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route

from tests.support.paths import STUDENT
from tests.support.server import EVALUATION, EVALUATIONS, SEARCH, Served, serving
from tests.support.service_cases import SARA, about, add, bearer, command, eventually

PUBLIC = {
    "/.well-known/authzen-configuration",
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/docs",
    "/docs/oauth2-redirect",
    "/static-offline-docs",
}
RIGHTS = {
    EVALUATION: Right.EVALUATE,
    EVALUATIONS: Right.EVALUATE,
    SEARCH + "subject": Right.SEARCH,
    SEARCH + "resource": Right.SEARCH,
    SEARCH + "action": Right.SEARCH,
    "/metrics": Right.OPERATE,
    "/reload": Right.OPERATE,
}


# Every route, by the application's own table.


def application(folder: Path, authenticator: Authenticator) -> Application:
    async def reload() -> ReloadOutcome:
        return ReloadOutcome.DONE

    return create_app(
        State(load_snapshot(STUDENT, STUDENT / "facts.json")),
        public_url="http://127.0.0.1",
        key=b"k" * 32,
        recorder=Recorder(folder / "decisions"),
        authenticator=authenticator,
        limiter=RateLimiter(),
        reload=reload,
    )


def test_every_route_is_public_or_asks_for_its_right(tmp_path: Path) -> None:
    keys: dict[Right, str] = {}
    callers = []
    for right in Right:
        keys[right], key = new_key()
        callers.append(Caller(name=right.value, rights=frozenset({right}), key=key))

    app = application(tmp_path, Authenticator(callers=Callers(tuple(callers))))

    async def walk() -> int:
        walked = 0
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            for route in app.fastapi.routes:
                assert isinstance(route, APIRoute | Route | Mount)
                if route.path in PUBLIC:
                    continue
                assert isinstance(route, Route)
                right = RIGHTS[route.path]
                for method in (route.methods or set()) - {"HEAD"}:
                    call: dict[str, Any] = {
                        "method": method,
                        "url": route.path,
                        "json": {} if method == "POST" else None,
                    }
                    for headers in ({}, bearer("poort_0000000000000000_x"), {"authorization": "Basic eDp5"}):
                        answer = await client.request(**call, headers=headers)
                        assert answer.status_code == 401, route.path
                        assert answer.headers["www-authenticate"].startswith("Bearer")
                    for holder, key in keys.items():
                        answer = await client.request(**call, headers=bearer(key))
                        assert (answer.status_code == 403) == (holder is not right), (route.path, holder)
                        assert answer.status_code in (200, 400, 403)
                    walked += 1
        return walked

    assert asyncio.run(walk()) == len(RIGHTS)


FOREIGN_HOSTS = ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "")


@pytest.mark.parametrize("callers", [None, Callers(())], ids=["without callers", "with callers"])
def test_every_route_without_callers_answers_loopback_names_alone(tmp_path: Path, callers: Callers | None) -> None:
    app = application(tmp_path, Authenticator(callers=callers))
    paths = {route.path for route in app.fastapi.routes if isinstance(route, APIRoute | Route | Mount)}
    assert paths > set(app.endpoints) and paths >= PUBLIC

    async def walk() -> set[tuple[bool, bool]]:
        outcomes = set()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            for path in (*paths, "/none"):
                for method in ("GET", "HEAD", "POST", "OPTIONS", "TRACE"):
                    for host in FOREIGN_HOSTS:
                        answer = await client.request(method, path, headers={"host": host})
                        outcomes.add((True, answer.status_code == 421))
                    answer = await client.request(method, path, headers={"host": "localhost:8080"})
                    outcomes.add((False, answer.status_code == 421))
        return outcomes

    assert asyncio.run(walk()) == {(True, callers is None), (False, False)}


# A service with keys.


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, str], Path]]:
    folder = tmp_path_factory.mktemp("keyed")
    file = folder / "callers.json"
    keys = {
        "portal": add(file, "portal", "--right", "evaluate", "--right", "search"),
        "ops": add(file, "ops", "--right", "operate"),
        "admin": add(file, "admin", "--right", "evaluate", "--right", "explain"),
        "x": add(file, "x", "--right", "evaluate", "--right", "search", "--subject", "X"),
        "z": add(file, "z", "--right", "evaluate", "--right", "search", "--subject", "Z"),
    }
    with serving(folder, STUDENT, "--callers", str(file)) as served:
        yield served, keys, file


def test_a_key_is_shown_once_and_kept_as_a_digest(keyed: tuple[Served, dict[str, str], Path]) -> None:
    _, keys, file = keyed
    text = file.read_text()
    for key in keys.values():
        _, id, secret = key.split("_", 2)
        assert len(base64.urlsafe_b64decode(secret + "=")) == 32
        assert secret not in text and id in text
        assert hashlib.sha256(secret.encode()).hexdigest() in text
    assert file.stat().st_mode & 0o777 == 0o600
    listed = command("callers", "list", "--file", str(file)).stdout
    assert all(name in listed for name in keys) and not any(key in listed for key in keys.values())


def test_rights_decide_which_endpoints_answer(keyed: tuple[Served, dict[str, str], Path]) -> None:
    served, keys, _ = keyed
    assert served.post(EVALUATION, SARA).status_code == 401
    assert served.post(EVALUATION, SARA, **bearer(keys["portal"])).json()["decision"] is True
    assert served.post(EVALUATION, SARA, **bearer(keys["portal"][:-1])).status_code == 401
    assert served.post(EVALUATION, SARA, **bearer(keys["ops"])).status_code == 403
    assert served.client.get("/metrics", headers=bearer(keys["portal"])).status_code == 403
    assert served.client.get("/metrics", headers=bearer(keys["ops"])).status_code == 200
    assert served.post("/reload", {}, **bearer(keys["ops"])).json() == {"status": "reloaded"}
    refused = about("resource.id", "nobody")
    assert "reason_admin" not in served.post(EVALUATION, refused, **bearer(keys["portal"])).json()["context"]
    admin = served.post(EVALUATION, {**refused, "options": {"explain": True}}, **bearer(keys["admin"])).json()
    assert admin["context"]["reason_admin"]["codes"] == ["UNKNOWN_STUDENT"]
    assert served.entries()[-1]["attributes"]["poort.caller.name"] == "admin"
    assert not any(key in served.decision_log.read_text() for key in keys.values())


def test_a_supplier_asks_only_as_itself(keyed: tuple[Served, dict[str, str], Path]) -> None:
    served, keys, _ = keyed
    x, z = bearer(keys["x"]), bearer(keys["z"])
    assert served.post(EVALUATION, SARA, **x).json()["decision"] is True
    for call in (EVALUATION, SEARCH + "action", SEARCH + "resource"):
        assert served.post(call, SARA, **z).status_code == 403
    other_type = about("subject.type", "student")
    assert served.post(EVALUATION, other_type, **x).status_code == 403
    per_call, others = {**SARA}, about("subject.id", "Z")
    answers = served.post(EVALUATIONS, {"evaluations": [per_call, others, per_call]}, **x).json()["evaluations"]
    assert [one["decision"] for one in answers] == [True, False, True]
    assert answers[1]["context"]["error"]["status"] == 403 and "reason_user" not in answers[1]["context"]
    # Who may read Sara's schedule is no supplier's to know: X finds itself, Z finds nobody.
    answers_of = {
        name: served.post(SEARCH + "subject", SARA, **bearer(keys[name])).json() for name in ("portal", "x", "z")
    }
    assert {one["id"] for one in answers_of["portal"]["results"]} == {"X"}
    assert {one["id"] for one in answers_of["x"]["results"]} == {"X"}
    assert answers_of["z"]["results"] == [] and answers_of["z"]["page"]["count"] == 0


def test_a_page_token_is_its_callers_own(keyed: tuple[Served, dict[str, str], Path]) -> None:
    served, keys, _ = keyed
    body = {**SARA, "page": {"limit": 1}}
    token = served.post(SEARCH + "action", body, **bearer(keys["portal"])).json()["page"]["next_token"]
    again = {**SARA, "page": {"token": token}}
    assert served.post(SEARCH + "action", again, **bearer(keys["portal"])).status_code == 200
    assert served.post(SEARCH + "action", again, **bearer(keys["x"])).status_code == 400


def test_an_unknown_caller_is_refused_before_its_body_is_read(keyed: tuple[Served, dict[str, str], Path]) -> None:
    served, _, _ = keyed
    head = f"POST {EVALUATION} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += "Content-Length: 1000000\r\n\r\n"
    with served.connect() as connection:
        connection.sendall(head.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_revoked_caller_is_soon_unknown(tmp_path: Path, workers: str) -> None:
    file = tmp_path / "callers.json"
    kept, lost = (add(file, name, "--right", "evaluate") for name in ("kept", "lost"))
    with serving(tmp_path, STUDENT, "--callers", str(file), "--workers", workers) as served:

        def statuses(key: str) -> set[int]:
            # Connections of their own: any worker may take them.
            responses = [
                httpx.post(served.url + EVALUATION, json=SARA, headers=bearer(key), trust_env=False) for _ in range(8)
            ]
            return {each.status_code for each in responses}

        assert statuses(lost) == statuses(kept) == {200}
        assert command("callers", "revoke", "lost", "--file", str(file)).returncode == 0
        assert eventually(lambda: statuses(lost) == {401})
        assert statuses(kept) == {200}
        # A file that cannot be read takes nobody's rights, and gives none.
        sound = file.read_text()
        file.write_text("{")
        assert eventually(lambda: "callers refused" in served.log.read_text())
        assert (statuses(kept), statuses(lost)) == ({200}, {401})
        file.write_text(sound)
        new = add(file, "new", "--right", "evaluate")
        assert eventually(lambda: statuses(new) == {200})


# What cannot be configured.


def test_an_incomplete_authentication_does_not_start(tmp_path: Path) -> None:
    file, empty, jwks = tmp_path / "callers.json", tmp_path / "empty.json", tmp_path / "jwks.json"
    add(file, "portal", "--right", "evaluate")
    tokens = tmp_path / "tokens.json"
    add(tokens, "idp", "--right", "evaluate", "--token-subject", "someone")
    empty.write_text('{"callers": []}')
    jwks.write_text('{"keys": []}')
    complete = ["--jwt-issuer", "https://idp.example", "--jwt-audience", "poort", "--jwt-jwks", str(jwks)]
    for options, expected in (
        (["--callers", str(tmp_path / "none.json")], "none.json: no such file"),
        (["--callers", str(empty)], "has no callers"),
        (["--callers", str(tokens)], "--jwt-issuer is missing"),
        (["--callers", str(file), *complete], "no caller in"),
        (["--callers", str(tokens), *complete], "holds no key for RS256"),
        (complete, "--callers"),
        (["--callers", str(tokens), *complete[:4]], "tokens need"),
        (["--callers", str(tokens), *complete[2:]], "tokens need"),
        (["--callers", str(tokens), *complete, "--jwt-algorithm", "HS256"], "is not one of"),
        (["--callers", str(tokens), *complete, "--jwt-algorithm", "none"], "is not one of"),
        (["--callers", str(tokens), *complete[:4], "--jwt-jwks", "http://idp.example/keys"], "https"),
        (["--callers", str(file), "--admin-reasons"], "explain"),
    ):
        done = command("serve", "--port", "0", *options)
        assert done.returncode == 1 and expected in done.stderr, (options, done.stderr)
        assert "Traceback" not in done.stderr


def test_a_caller_revoked_while_its_body_arrives_is_unknown(tmp_path: Path) -> None:
    file = tmp_path / "callers.json"
    keys = {name: add(file, name, "--right", "evaluate") for name in ("lost", "kept")}
    data = json.dumps(SARA).encode()
    with serving(tmp_path, STUDENT, "--callers", str(file)) as served, served.connect() as connection:
        lines = [f"POST {EVALUATION} HTTP/1.1", "Host: x", "Content-Type: application/json"]
        lines += [f"Content-Length: {len(data)}", f"Authorization: Bearer {keys['lost']}", "", ""]
        connection.sendall("\r\n".join(lines).encode() + data[:-9])
        time.sleep(0.2)
        assert command("callers", "revoke", "lost", "--file", str(file)).returncode == 0
        assert eventually(lambda: served.post(EVALUATION, SARA, **bearer(keys["lost"])).status_code == 401)
        connection.sendall(data[-9:])
        reply = connection.recv(65536)
        assert reply.startswith(b"HTTP/1.1 401 ") and b"www-authenticate: Bearer" in reply and b"decision" not in reply

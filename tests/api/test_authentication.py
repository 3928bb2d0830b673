"""Who may call: keys, signed tokens, rights, suppliers that ask only as themselves, and files that change meanwhile."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import os
import socket
import stat
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import jwt
import pytest
from authz_api.app import Application, create_app
from authz_api.authn.authenticator import Authenticator, configure_authentication
from authz_api.authn.callers import Caller, Callers, Right, load_callers, new_key, save_callers
from authz_api.authn.jwks import Issuer, KeysUnavailableError, fetch_keys
from authz_api.authn.jwt import InvalidTokenError, UnknownKeyError, Verifier
from authz_api.decision_log.recorder import Recorder
from authz_api.operations import ReloadOutcome
from authz_api.problems import ProblemError
from authz_api.rate_limit import RateLimiter
from authz_api.state import State, load_snapshot
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route

from authz.language.diagnostics import DiagnosticError
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
    assert paths > set(app.hot) and paths >= PUBLIC

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
    received = {
        name: served.post(SEARCH + "subject", SARA, **bearer(keys[name])).json() for name in ("portal", "x", "z")
    }
    assert {one["id"] for one in received["portal"]["results"]} == {"X"}
    assert {one["id"] for one in received["x"]["results"]} == {"X"}
    assert received["z"]["results"] == [] and received["z"]["page"]["count"] == 0


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
            asked = [
                httpx.post(served.url + EVALUATION, json=SARA, headers=bearer(key), trust_env=False) for _ in range(8)
            ]
            return {each.status_code for each in asked}

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


@pytest.mark.parametrize(
    "caller",
    [
        {"name": "a", "rights": ["evaluate"]},
        {"name": "a", "rights": [], "token_subject": "s"},
        {"name": "a", "rights": ["everything"], "token_subject": "s"},
        {"name": "a b", "rights": ["evaluate"], "token_subject": "s"},
        {"name": "a", "rights": ["evaluate"], "token_subject": ""},
        {"name": "a", "rights": ["evaluate", "explain"], "subject": "X", "token_subject": "s"},
        {"name": "a", "rights": ["operate"], "subject": "X", "token_subject": "s"},
        {"name": "a", "rights": ["evaluate"], "token_subject": "s", "admin": True},
        {"name": "a", "rights": ["evaluate"], "key": {"id": "00", "sha256": "00"}},
    ],
)
def test_a_file_of_callers_that_could_be_misread_is_refused(tmp_path: Path, caller: dict[str, Any]) -> None:
    file = tmp_path / "callers.json"
    file.write_text(json.dumps({"callers": [caller]}))
    with pytest.raises(DiagnosticError):
        load_callers(file)


def test_callers_with_one_name_key_or_token_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "callers.json"
    a = Caller(name="a", rights=frozenset({Right.EVALUATE}), token_subject="s")
    for other in (a.model_copy(update={"token_subject": "t"}), a.model_copy(update={"name": "b"})):
        save_callers(file, [a, other])
        with pytest.raises(DiagnosticError, match="two callers"):
            load_callers(file)


def test_wrong_options_of_the_command_are_reported(tmp_path: Path) -> None:
    file = str(tmp_path / "callers.json")
    add(Path(file), "portal", "--right", "evaluate")
    for arguments, expected in (
        (["add", "portal", "--right", "evaluate"], "is a caller already"),
        (["add", "b", "--right", "all"], "is not one of `evaluate`"),
        (["add", "b"], "--right"),
        (["add", "b", "--right", "evaluate", "--subject", "--token-subject"], "the value is missing"),
        (["revoke", "portl"], "did you mean `portal`"),
    ):
        done = command("callers", *arguments, "--file", file)
        assert done.returncode == 1 and expected in done.stderr, done.stderr
        assert "Traceback" not in done.stderr


# Signed tokens.

RSA_KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


def jwks(**keys: rsa.RSAPrivateKey) -> dict[str, Any]:
    return {
        "keys": [
            {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig"}
            for kid, key in keys.items()
        ]
    }


def claims(**changed: Any) -> dict[str, Any]:
    given = {"iss": "https://idp.example", "aud": "poort", "sub": "someone", "exp": int(time.time()) + 300, **changed}
    return {name: value for name, value in given.items() if value is not ...}


def token(key: Any = RSA_KEY, kid: str | None = "one", algorithm: str = "RS256", **changed: Any) -> str:
    return jwt.encode(claims(**changed), key, algorithm, {"kid": kid} if kid else None)


def part(value: object) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


def by_hand(header: dict[str, Any], secret: bytes | None) -> str:
    signed = part(header) + b"." + part(claims())
    signature = b"" if secret is None else hmac.new(secret, signed, hashlib.sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def verifier(folder: Path, **keys: rsa.RSAPrivateKey) -> Verifier:
    file = folder / "jwks.json"
    file.write_text(json.dumps(jwks(**keys)))
    issuer = Issuer("https://idp.example", "poort", str(file))
    received = Verifier(issuer)
    received.use(fetch_keys(issuer))
    return received


def test_a_token_is_taken_only_if_all_of_it_is_right(tmp_path: Path) -> None:
    sound = verifier(tmp_path, one=RSA_KEY)
    assert sound.subject(token()) == sound.subject(token()) == "someone"
    assert sound.subject(token(kid=None)) == "someone"
    public = RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    past = int(time.time()) - 60
    wrong = {
        "another's key": token(OTHER_KEY),
        "expired": token(exp=past),
        "not yet": token(nbf=int(time.time()) + 600),
        "no expiry": token(exp=...),
        "another issuer": token(iss="https://evil.example"),
        "no issuer": token(iss=...),
        "another audience": token(aud="another"),
        "no audience": token(aud=...),
        "no subject": token(sub=...),
        "another algorithm": token(algorithm="RS512"),
        "no algorithm": by_hand({"alg": "none", "kid": "one"}, None),
        "an HMAC with the public key": by_hand({"alg": "HS256", "kid": "one"}, public),
        "RS256 said of an HMAC": by_hand({"alg": "RS256", "kid": "one"}, public),
        "critical extensions": jwt.encode(claims(), RSA_KEY, "RS256", {"kid": "one", "crit": ["exp"]}),
        "no signature": token().rpartition(".")[0] + ".",
        "cut": token()[:-8],
        "nothing": "..",
        "noise": "a.b.c",
    }
    for name, each in wrong.items():
        with pytest.raises(InvalidTokenError):
            print(name, sound.subject(each))
    with pytest.raises(UnknownKeyError):
        sound.subject(token(kid="two"))


def test_a_key_is_for_its_own_algorithm_and_for_verifying(tmp_path: Path) -> None:
    served = jwks(one=RSA_KEY)
    for expected, sound in (
        ({"alg": "RS256"}, True),
        ({"alg": "RS512"}, False),
        ({"key_ops": ["verify"]}, True),
        ({"key_ops": ["encrypt"]}, False),
        ({"use": "enc"}, False),
    ):
        file = tmp_path / "keys.json"
        file.write_text(json.dumps({"keys": [{**served["keys"][0], **expected}]}))
        received = Verifier(Issuer("https://idp.example", "poort", str(file), ("RS256", "RS512")))
        if sound:
            received.use(fetch_keys(received.issuer))
            assert received.subject(token()) == "someone"
            continue
        with pytest.raises((InvalidTokenError, KeysUnavailableError)):
            received.use(fetch_keys(received.issuer))
            received.subject(token())


def test_a_verified_token_is_forgotten_when_it_expires_or_the_keys_change(tmp_path: Path) -> None:
    sound = verifier(tmp_path, one=RSA_KEY)
    begun = time.time()
    lasting = token(exp=int(begun) + 100)
    assert sound.subject(lasting) == "someone"
    sound.clock = lambda: begun + 111
    with pytest.raises(InvalidTokenError):
        sound.clock = lambda: begun + 90_000
        sound.subject(lasting)
    sound.clock = time.time
    sound.use((replace(sound.keys[0], id="two"),))
    with pytest.raises(UnknownKeyError):
        sound.subject(lasting)


def test_keys_not_fetched_for_a_day_are_not_trusted_even_for_cached_tokens(
    tmp_path: Path,
) -> None:
    sound = verifier(tmp_path, one=RSA_KEY)
    begun = time.time()
    lasting = token(exp=int(begun) + 1_000_000)
    assert sound.subject(lasting) == "someone"
    sound.clock = lambda: begun + 90_000
    with pytest.raises(InvalidTokenError, match="could not be fetched"):
        sound.subject(lasting)


def test_a_malformed_claim_of_a_signed_token_is_an_invalid_token(tmp_path: Path) -> None:
    sound = verifier(tmp_path, one=RSA_KEY)
    for wrong in ({"exp": 10**400}, {"exp": float("inf")}, {"nbf": 10**400}, {"sub": ["someone"]}, {"iat": "now"}):
        with pytest.raises(InvalidTokenError):
            print(wrong, sound.subject(token(**wrong)))


def test_a_deeply_nested_key_set_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(("127.0.0.1", 0), _Keys) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(_Keys, "raw", b'{"keys":' + b"[" * 100_000)
        issuer = Issuer("https://idp.example", "poort", f"http://127.0.0.1:{server.server_address[1]}/keys")
        with pytest.raises(KeysUnavailableError):
            fetch_keys(issuer)
        server.shutdown()


class _Keys(BaseHTTPRequestHandler):
    served: ClassVar[dict[str, Any]] = {}
    raw = b""
    seconds = 0.0
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        time.sleep(self.seconds)
        data = self.raw or json.dumps(self.served).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


def test_keys_by_url_are_rotated_and_rights_are_the_files(tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), _Keys) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        _Keys.served, _Keys.asked = jwks(one=RSA_KEY), 0
        file = tmp_path / "callers.json"
        assert add(file, "idp", "--right", "evaluate", "--token-subject", "someone") == ""
        options = ["--callers", str(file), "--jwt-issuer", "https://idp.example", "--jwt-audience", "poort"]
        options += ["--jwt-jwks", f"http://127.0.0.1:{server.server_address[1]}/keys"]
        with serving(tmp_path, STUDENT, *options) as served:

            def status(**given: Any) -> int:
                return served.post(EVALUATION, SARA, **bearer(token(**given))).status_code

            assert [status(), status(sub="another"), status(scope="operate", exp=1)] == [200, 403, 401]
            assert served.entries()[-1]["attributes"]["poort.caller.name"] == "idp"
            before = _Keys.asked
            # A new key is fetched when the first token names it; unknown ones are asked for once in a while.
            _Keys.served = jwks(two=OTHER_KEY)
            assert status(key=OTHER_KEY, kid="two") == 200
            assert status() == 401
            assert [status(kid=f"no-{n}") for n in range(20)] == [401] * 20
            assert _Keys.asked == before + 1
        server.shutdown()


def test_calls_during_a_fetch_of_new_keys_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(("127.0.0.1", 0), _Keys) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(_Keys, "served", jwks(one=RSA_KEY))
        issuer = Issuer("https://idp.example", "poort", f"http://127.0.0.1:{server.server_address[1]}/keys")
        holder = Caller(name="idp", rights=frozenset({Right.EVALUATE}), token_subject="someone")
        verifying = Verifier(issuer)
        verifying.use(fetch_keys(issuer))
        authenticator = Authenticator(callers=Callers((holder,)), verifier=verifying)
        monkeypatch.setattr(_Keys, "served", jwks(two=OTHER_KEY))
        monkeypatch.setattr(_Keys, "seconds", 0.3)
        sent = f"Bearer {token(key=OTHER_KEY, kid='two')}".encode()

        async def ask() -> list[Any]:
            calls = (authenticator.authenticate_with_new_keys(sent, Right.EVALUATE) for _ in range(10))
            return await asyncio.gather(*calls, return_exceptions=True)

        received = asyncio.run(ask())
        server.shutdown()
    assert received == [holder] * 10


def test_calls_that_wait_for_keys_are_bounded_and_others_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HTTPServer(("127.0.0.1", 0), _Keys) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(_Keys, "served", jwks(one=RSA_KEY))
        file = tmp_path / "callers.json"
        key = add(file, "portal", "--right", "evaluate")
        add(file, "idp", "--right", "evaluate", "--token-subject", "someone")
        options = ["--jwt-issuer", "https://idp.example", "--jwt-audience", "poort"]
        options += ["--jwt-jwks", f"http://127.0.0.1:{server.server_address[1]}/keys", "--most-calls", "8"]
        with serving(tmp_path, STUDENT, "--callers", str(file), *options) as served:
            monkeypatch.setattr(_Keys, "seconds", 3.0)

            def ask(number: int) -> tuple[int, str]:
                with httpx.Client(base_url=served.url, trust_env=False, timeout=30) as client:
                    response = client.post(EVALUATION, json=SARA, headers=bearer(token(kid=f"unknown-{number}")))
                return response.status_code, response.json()["error"]["message"]

            with ThreadPoolExecutor(12) as pool:
                waiting = [pool.submit(ask, number) for number in range(12)]
                assert eventually(lambda: sum(each.done() for each in waiting) == 10), "all but a quarter of 8 are told"
                for _ in range(5):
                    assert served.post(EVALUATION, SARA, **bearer(key)).status_code == 200
                answers = Counter(each.result() for each in waiting)
        server.shutdown()
    assert answers[503, "too many calls wait for the issuer's keys"] == 10
    assert sum(count for (status, _), count in answers.items() if status == 401) == 2


# A file of callers that changes.


def two_callers() -> tuple[Caller, Caller]:
    kept, lost = (Caller(name=name, rights=frozenset({Right.EVALUATE}), key=new_key()[1]) for name in ("kept", "lost"))
    return kept, lost


def test_a_caller_revoked_during_the_start_is_soon_unknown(tmp_path: Path) -> None:
    file = tmp_path / "callers.json"
    kept, lost = two_callers()
    save_callers(file, [kept, lost])
    authenticator = configure_authentication(file, None)
    save_callers(file, [kept])

    async def watch() -> None:
        watching = asyncio.create_task(authenticator.watch())
        for _ in range(40):
            await asyncio.sleep(0.05)
        watching.cancel()

    asyncio.run(watch())
    assert authenticator.callers is not None and authenticator.callers.all == (kept,)


def test_the_later_of_two_readings_of_the_callers_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "callers.json"
    kept, lost = two_callers()
    save_callers(file, [kept, lost])
    authenticator = configure_authentication(file, None)
    read, slow = load_callers, threading.Event()

    def reading(path: Path) -> Callers:
        received = read(path)
        if len(received.all) == 2:
            slow.wait(1)
        return received

    monkeypatch.setattr("authz_api.authn.authenticator.load_callers", reading)

    async def twice() -> None:
        first = asyncio.create_task(authenticator.reload())
        await asyncio.sleep(0.1)
        save_callers(file, [kept])
        await authenticator.reload()
        slow.set()
        await first

    asyncio.run(twice())
    assert authenticator.callers is not None and authenticator.callers.all == (kept,)


def test_callers_added_at_once_are_all_kept(tmp_path: Path) -> None:
    file = tmp_path / "callers.json"
    names = [f"caller-{number}" for number in range(6)]
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lambda name: add(file, name, "--right", "evaluate"), names))
    assert sorted(each.name for each in load_callers(file).all) == names


def test_a_link_to_the_file_stays_one(tmp_path: Path) -> None:
    file, link = tmp_path / "callers.json", tmp_path / "link.json"
    kept, lost = two_callers()
    save_callers(file, [kept, lost])
    link.symlink_to(file)
    save_callers(link, [kept])
    assert link.is_symlink() and load_callers(file).all == (kept,)


def test_the_lock_of_the_callers_is_not_taken_through_a_link(tmp_path: Path) -> None:
    file, victim = tmp_path / "callers.json", tmp_path / "victim"
    add(file, "portal", "--right", "evaluate")
    victim.write_text("kept")
    lock = tmp_path / ".callers.json.lock"
    assert lock.stat().st_mode & 0o777 == 0o600
    for target in (victim, tmp_path / "missing"):
        lock.unlink()
        lock.symlink_to(target)
        for arguments in (["add", "other", "--right", "evaluate"], ["revoke", "portal"]):
            done = command("callers", *arguments, "--file", str(file))
            assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert (victim.read_text(), (tmp_path / "missing").exists()) == ("kept", False)
    assert [each.name for each in load_callers(file).all] == ["portal"]


def revoked_in_place(file: Path, lost: Caller) -> None:
    """Another key of the same length in place of a caller's, in the same file and with its modification time."""
    assert lost.key is not None
    before = file.stat()
    file.write_text(file.read_text().replace(lost.key.sha256, "0" * 64))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = file.stat()
    assert (before.st_ino, before.st_size, before.st_mtime_ns) == (after.st_ino, after.st_size, after.st_mtime_ns)


@pytest.mark.parametrize("change_time", ["seen", "not seen"])
def test_a_key_revoked_in_a_file_that_keeps_size_and_time_is_soon_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change_time: str
) -> None:
    file = tmp_path / "callers.json"
    callers = two_callers()
    save_callers(file, callers)
    if change_time == "not seen":  # as on a file system that keeps none, or within one tick of its clock
        monkeypatch.setattr("authz_api.authn.authenticator.os.fstat", without_change_time)
    authenticator = configure_authentication(file, None)

    async def revoke() -> bool:
        watching = asyncio.create_task(authenticator.watch())
        await asyncio.sleep(0)
        revoked_in_place(file, callers[1])
        for _ in range(100):
            await asyncio.sleep(0.05)
            if authenticator.callers and authenticator.callers.all[1] != callers[1]:
                break
        watching.cancel()
        return authenticator.callers is not None and authenticator.callers.all[1] != callers[1]

    assert asyncio.run(revoke())
    assert authenticator.callers is not None and authenticator.callers.all[0] == callers[0]


def without_change_time(descriptor: int) -> os.stat_result:
    fields = list(os.stat(descriptor))
    fields[stat.ST_CTIME] = 0
    return os.stat_result(fields, {"st_mtime_ns": 0, "st_ctime_ns": 0})


# Too many calls.


def test_a_finished_call_frees_its_place_and_no_caller_takes_all() -> None:
    limiter = RateLimiter(calls=4)
    taken = [limiter.enter("a"), limiter.enter("a")]
    with pytest.raises(ProblemError) as wrong:
        limiter.enter("a")
    assert (wrong.value.status, wrong.value.headers) == (429, {"retry-after": "1"})
    # Nobody may have more than is left for others.
    taken.append(limiter.enter("b"))
    with pytest.raises(ProblemError) as wrong:
        limiter.enter("b")
    assert wrong.value.status == 429
    taken.append(limiter.enter("c"))
    with pytest.raises(ProblemError) as full:
        limiter.enter("d")
    assert full.value.status == 503
    for quota in taken:
        limiter.leave(quota)
    assert limiter.in_progress == 0 and all(each.in_progress == 0 for each in limiter.quotas.values())
    limiter.leave(limiter.enter("c"))


def test_a_rate_counts_evaluations_and_comes_back_with_time() -> None:
    now = 0.0
    limiter = RateLimiter(rate=10, clock=lambda: now)

    def ask(items: int) -> int:
        try:
            quota = limiter.enter("a")
            quota.left -= items
            limiter.leave(quota)
        except ProblemError as problem:
            return problem.status
        return 200

    assert [ask(5), ask(5), ask(1)] == [200, 200, 429]
    now = 0.5
    assert [ask(100), ask(1)] == [200, 429]
    now = 9.0
    assert ask(1) == 429
    now = 10.5
    assert ask(1) == 200


def test_a_caller_over_its_rate_is_refused_at_once_and_others_are_answered(tmp_path: Path) -> None:
    file = tmp_path / "callers.json"
    one, other = (bearer(add(file, name, "--right", "evaluate")) for name in ("one", "other"))
    with serving(tmp_path, STUDENT, "--callers", str(file), "--rate", "5") as served:
        asked = [served.post(EVALUATION, SARA, **one) for _ in range(50)]
        assert {each.status_code for each in asked} == {200, 429}
        assert sum(each.status_code == 200 for each in asked) <= 5 + 5 * 30
        refused = next(each for each in asked if each.status_code == 429)
        assert refused.headers["retry-after"] == "1" and "decision" not in refused.json()
        assert served.post(EVALUATION, SARA, **other).status_code == 200


def test_a_slow_sender_does_not_delay_others(tmp_path: Path) -> None:
    file = tmp_path / "callers.json"
    slow, other = (add(file, name, "--right", "evaluate") for name in ("slow", "other"))
    with serving(tmp_path, STUDENT, "--callers", str(file), "--most-calls", "8") as served:
        head = (
            f"POST {EVALUATION} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {slow}\r\n"
            "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        ).encode()
        holder = [served.connect() for _ in range(40)]
        for connection in holder:
            connection.sendall(head)
        # Those over the slow caller's share are told so; its others hold nobody up.
        reply = [connection.recv(4096)[:12] for connection in holder[4:]]
        assert set(reply) == {b"HTTP/1.1 429"}
        assert served.post(EVALUATION, SARA, **bearer(other)).json()["decision"] is True
        for connection in holder:
            connection.close()
        assert eventually(lambda: served.post(EVALUATION, SARA, **bearer(slow)).status_code == 200)


def test_a_slow_key_server_does_not_delay_a_revocation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("authz_api.authn.jwt.FETCH_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = threading.Event()

        def drip() -> None:
            # Each byte is in time, and the whole of them is not.
            while not ended.is_set():
                connection, _ = listening.accept()
                with connection, contextlib.suppress(OSError):
                    for byte in b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + b" " * 1000:
                        if ended.wait(0.2):
                            return
                        connection.sendall(bytes([byte]))

        threading.Thread(target=drip, daemon=True).start()
        file = tmp_path / "callers.json"
        kept, lost = two_callers()
        idp = Caller(name="idp", rights=frozenset({Right.EVALUATE}), token_subject="someone")
        save_callers(file, [kept, lost, idp])
        issuer = Issuer("https://idp.example", "poort", f"http://127.0.0.1:{listening.getsockname()[1]}/keys")
        authenticator = Authenticator(file, load_callers(file), Verifier(issuer))
        sent = f"Bearer {token(kid='unknown')}".encode()

        async def revoke() -> Any:
            watching = asyncio.create_task(authenticator.watch())
            asked = asyncio.create_task(authenticator.authenticate_with_new_keys(sent, Right.EVALUATE))
            await asyncio.sleep(0.3)
            save_callers(file, [kept, idp])
            for _ in range(100):
                await asyncio.sleep(0.05)
                if authenticator.callers and len(authenticator.callers.all) == 2:
                    break
            seen = authenticator.callers
            reply = (await asyncio.gather(asked, return_exceptions=True))[0]
            watching.cancel()
            return seen, reply

        callers, reply = asyncio.run(asyncio.wait_for(revoke(), 30))
        ended.set()
    assert callers is not None and callers.all == (kept, idp)
    assert isinstance(reply, ProblemError) and reply.status == 401


def test_keys_follow_no_redirect(monkeypatch: pytest.MonkeyPatch) -> None:
    class _Elsewhere(_Keys):
        def do_GET(self) -> None:
            if self.path == "/keys":
                self.send_response(302)
                self.send_header("location", "/other")
                self.end_headers()
            else:
                super().do_GET()

    with HTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(_Elsewhere, "served", jwks(one=RSA_KEY))
        url = f"http://127.0.0.1:{server.server_address[1]}"
        keys = fetch_keys(Issuer("https://idp.example", "poort", f"{url}/other"))
        assert [key.id for key in keys] == ["one"]
        with pytest.raises(KeysUnavailableError):
            fetch_keys(Issuer("https://idp.example", "poort", f"{url}/keys"))
        server.shutdown()


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

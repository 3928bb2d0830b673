"""Signed tokens: what is verified, for how long, and how an issuer's keys are fetched."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import jwt
import pytest
from authz_api.authn.authenticator import Authenticator
from authz_api.authn.callers import Caller, Callers, Right, load_callers, save_callers
from authz_api.authn.jwks import Issuer, KeysUnavailableError, fetch_keys
from authz_api.authn.jwt import InvalidTokenError, UnknownKeyError, Verifier
from authz_api.problems import ProblemError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.paths import STUDENT
from tests.support.server import EVALUATION, serving
from tests.support.service_cases import SARA, add, bearer, eventually, two_callers

RSA_KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


def jwks(**keys: rsa.RSAPrivateKey) -> dict[str, Any]:
    return {
        "keys": [
            {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig"}
            for kid, key in keys.items()
        ]
    }


def claims(**changed: Any) -> dict[str, Any]:
    members = {"iss": "https://idp.example", "aud": "poort", "sub": "someone", "exp": int(time.time()) + 300, **changed}
    return {name: value for name, value in members.items() if value is not ...}


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
    result = Verifier(issuer)
    result.use(fetch_keys(issuer))
    return result


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
        "an HMAC under the name RS256": by_hand({"alg": "RS256", "kid": "one"}, public),
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
        verifying = Verifier(Issuer("https://idp.example", "poort", str(file), ("RS256", "RS512")))
        if sound:
            verifying.use(fetch_keys(verifying.issuer))
            assert verifying.subject(token()) == "someone"
            continue
        with pytest.raises((InvalidTokenError, KeysUnavailableError)):
            verifying.use(fetch_keys(verifying.issuer))
            verifying.subject(token())


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
    with HTTPServer(("127.0.0.1", 0), KeyServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(KeyServer, "raw", b'{"keys":' + b"[" * 100_000)
        issuer = Issuer("https://idp.example", "poort", f"http://127.0.0.1:{server.server_address[1]}/keys")
        with pytest.raises(KeysUnavailableError):
            fetch_keys(issuer)
        server.shutdown()


class KeyServer(BaseHTTPRequestHandler):
    served: ClassVar[dict[str, Any]] = {}
    raw = b""
    seconds = 0.0
    calls = 0

    def do_GET(self) -> None:
        type(self).calls += 1
        time.sleep(self.seconds)
        data = self.raw or json.dumps(self.served).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


def test_keys_by_url_are_rotated_and_rights_are_the_files(tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), KeyServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        KeyServer.served, KeyServer.calls = jwks(one=RSA_KEY), 0
        file = tmp_path / "callers.json"
        assert add(file, "idp", "--right", "evaluate", "--token-subject", "someone") == ""
        options = ["--callers", str(file), "--jwt-issuer", "https://idp.example", "--jwt-audience", "poort"]
        options += ["--jwt-jwks", f"http://127.0.0.1:{server.server_address[1]}/keys"]
        with serving(tmp_path, STUDENT, *options) as served:

            def status(**changed: Any) -> int:
                return served.post(EVALUATION, SARA, **bearer(token(**changed))).status_code

            assert [status(), status(sub="another"), status(scope="operate", exp=1)] == [200, 403, 401]
            assert served.entries()[-1]["attributes"]["poort.caller.name"] == "idp"
            before = KeyServer.calls
            # A new key is fetched when the first token names it; unknown keys are fetched once in a while.
            KeyServer.served = jwks(two=OTHER_KEY)
            assert status(key=OTHER_KEY, kid="two") == 200
            assert status() == 401
            assert [status(kid=f"no-{n}") for n in range(20)] == [401] * 20
            assert KeyServer.calls == before + 1
        server.shutdown()


def test_calls_during_a_fetch_of_new_keys_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(("127.0.0.1", 0), KeyServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(KeyServer, "served", jwks(one=RSA_KEY))
        issuer = Issuer("https://idp.example", "poort", f"http://127.0.0.1:{server.server_address[1]}/keys")
        holder = Caller(name="idp", rights=frozenset({Right.EVALUATE}), token_subject="someone")
        verifying = Verifier(issuer)
        verifying.use(fetch_keys(issuer))
        authenticator = Authenticator(callers=Callers((holder,)), verifier=verifying)
        monkeypatch.setattr(KeyServer, "served", jwks(two=OTHER_KEY))
        monkeypatch.setattr(KeyServer, "seconds", 0.3)
        sent = f"Bearer {token(key=OTHER_KEY, kid='two')}".encode()

        async def ask() -> list[Any]:
            calls = (authenticator.authenticate_with_new_keys(sent, Right.EVALUATE) for _ in range(10))
            return await asyncio.gather(*calls, return_exceptions=True)

        outcomes = asyncio.run(ask())
        server.shutdown()
    assert outcomes == [holder] * 10


def test_calls_that_wait_for_keys_are_bounded_and_others_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HTTPServer(("127.0.0.1", 0), KeyServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(KeyServer, "served", jwks(one=RSA_KEY))
        file = tmp_path / "callers.json"
        key = add(file, "portal", "--right", "evaluate")
        add(file, "idp", "--right", "evaluate", "--token-subject", "someone")
        options = ["--jwt-issuer", "https://idp.example", "--jwt-audience", "poort"]
        options += ["--jwt-jwks", f"http://127.0.0.1:{server.server_address[1]}/keys", "--max-calls", "8"]
        with serving(tmp_path, STUDENT, "--callers", str(file), *options) as served:
            monkeypatch.setattr(KeyServer, "seconds", 3.0)

            def ask(number: int) -> tuple[int, str]:
                with httpx.Client(base_url=served.url, trust_env=False, timeout=30) as client:
                    response = client.post(EVALUATION, json=SARA, headers=bearer(token(kid=f"unknown-{number}")))
                return response.status_code, response.json()["error"]["message"]

            with ThreadPoolExecutor(12) as pool:
                waiting = [pool.submit(ask, number) for number in range(12)]
                assert eventually(lambda: sum(each.done() for each in waiting) == 10), (
                    "all but a quarter of 8 are refused at once"
                )
                for _ in range(5):
                    assert served.post(EVALUATION, SARA, **bearer(key)).status_code == 200
                answers = Counter(each.result() for each in waiting)
        server.shutdown()
    assert answers[503, "too many calls wait for the issuer's keys"] == 10
    assert sum(count for (status, _), count in answers.items() if status == 401) == 2


def test_a_slow_key_server_does_not_delay_a_revocation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("authz_api.authn.jwt.FETCH_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = threading.Event()

        def drip() -> None:
            # Each byte arrives in time, but the response does not.
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
            waiting = asyncio.create_task(authenticator.authenticate_with_new_keys(sent, Right.EVALUATE))
            await asyncio.sleep(0.3)
            save_callers(file, [kept, idp])
            for _ in range(100):
                await asyncio.sleep(0.05)
                if authenticator.callers and len(authenticator.callers.all) == 2:
                    break
            seen = authenticator.callers
            reply = (await asyncio.gather(waiting, return_exceptions=True))[0]
            watching.cancel()
            return seen, reply

        callers, reply = asyncio.run(asyncio.wait_for(revoke(), 30))
        ended.set()
    assert callers is not None and callers.all == (kept, idp)
    assert isinstance(reply, ProblemError) and reply.status == 401


def test_keys_follow_no_redirect(monkeypatch: pytest.MonkeyPatch) -> None:
    class _Redirecting(KeyServer):
        def do_GET(self) -> None:
            if self.path == "/keys":
                self.send_response(302)
                self.send_header("location", "/other")
                self.end_headers()
            else:
                super().do_GET()

    with HTTPServer(("127.0.0.1", 0), _Redirecting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(_Redirecting, "served", jwks(one=RSA_KEY))
        url = f"http://127.0.0.1:{server.server_address[1]}"
        keys = fetch_keys(Issuer("https://idp.example", "poort", f"{url}/other"))
        assert [key.id for key in keys] == ["one"]
        with pytest.raises(KeysUnavailableError):
            fetch_keys(Issuer("https://idp.example", "poort", f"{url}/keys"))
        server.shutdown()

"""Key sets of every shape: a sound token is verified if and only if its own key is in the set and may verify it."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from authz_api.authn.jwks import Issuer, KeysUnavailableError, fetch_keys
from authz_api.authn.jwt import ALGORITHMS, InvalidTokenError, UnknownKeyError, Verifier
from authz_api.authn.signing_keys import MAX_KEYS, KeySetError, signing_keys
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import event, given, settings
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

PRIVATE: dict[str, Any] = {
    "rsa a": rsa.generate_private_key(65537, 2048),
    "rsa b": rsa.generate_private_key(65537, 2048),
    "p-256": ec.generate_private_key(ec.SECP256R1()),
    "p-384": ec.generate_private_key(ec.SECP384R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
}
FOR: dict[str, tuple[str, ...]] = {
    "rsa a": ("RS256", "RS512", "PS256"),
    "rsa b": ("RS256", "RS512", "PS256"),
    "p-256": ("ES256",),
    "p-384": ("ES384",),
    "ed25519": ("EdDSA",),
}
"""The algorithms that each key is tried with."""


def published(name: str, **members: Any) -> dict[str, Any]:
    """The public form of a key, with other members; `...` leaves a member out."""
    kinds: dict[str, Callable[[Any], str]] = {"rsa": RSAAlgorithm.to_jwk, "p-": ECAlgorithm.to_jwk}
    to_jwk = next((each for start, each in kinds.items() if name.startswith(start)), OKPAlgorithm.to_jwk)
    public = {key: value for key, value in json.loads(to_jwk(PRIVATE[name].public_key())).items() if key != "key_ops"}
    return {key: value for key, value in (public | members).items() if value is not ...}


def claims() -> dict[str, Any]:
    return {"iss": "https://idp.example", "aud": "poort", "sub": "someone", "exp": int(time.time()) + 600}


def token(name: str = "rsa a", algorithm: str = "RS256", kid: str | None = "k1", **header: Any) -> str:
    return jwt.encode(claims(), PRIVATE[name], algorithm, header | ({} if kid is None else {"kid": kid}))


def verifier(members: object, algorithms: tuple[str, ...] = ALGORITHMS) -> Verifier:
    result = Verifier(Issuer("https://idp.example", "poort", "", algorithms))
    result.use(signing_keys({"keys": members}, algorithms))
    return result


def outcome(members: object, sent: str, algorithms: tuple[str, ...] = ALGORITHMS) -> str:
    try:
        return verifier(members, algorithms).subject(sent)
    except UnknownKeyError:
        return "unknown key"
    except InvalidTokenError:
        return "invalid"


# Every shape of key set, against a reading of the rules on the generated parts.

MALFORMED: list[Any] = [
    "x",
    None,
    5,
    [],
    {},
    {"kid": "k1"},
    {"kty": "AKP", "alg": "ML-DSA-65", "kid": "k1", "pub": "AAAA"},
    {"kty": "EC", "crv": "P-999", "kid": "k1", "x": "AA", "y": "AA"},
    {"kty": "EC", "crv": ["P-256"], "kid": "k1", "x": "AA", "y": "AA"},
    {"kty": "RSA", "kid": "k1", "e": "AQAB"},
    {"kty": "RSA", "kid": "k1", "e": "AQAB", "n": "?"},
    {"kty": "RSA", "kid": "k1", "e": "AQAB", "n": "A"},
    {"kty": "RSA", "kid": "k1", "e": "AQAB", "n": "AA"},
    {"kty": "RSA", "kid": "k1", "e": "AQAB", "n": 5},
    {"kty": "RSA", "kid": "k1", "e": "AQAB", "n": "é"},
    {"kty": {"RSA": 1}, "kid": "k1"},
    {"kty": "oct", "kid": "k1", "k": "AAAA"},
    {"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": "AAAA"},
    {"kty": "OKP", "crv": "X25519", "kid": "k1", "x": "6WnrHvj1DP7NoSnk5qrID95jbTjC0zy-jexWR0Wnjm4"},
    published("rsa b", kid="k1", e="AA"),
    published("p-256", kid="k1", x=published("p-256")["y"]),
    published("p-256", kid="k1", crv="P-384"),
    published("rsa a", kid=1),
    published("rsa a", kid="k1", alg=None),
    published("rsa a", kid="k1", use=["sig"]),
    published("rsa a", kid="k1", key_ops="verify"),
    published("rsa a", kid="k1", key_ops=None),
]
KIDS: st.SearchStrategy[Any] = st.sampled_from(["k1", "k2", ...])


@st.composite
def members(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A well-formed member of a key set, and the name of its key."""
    name = draw(st.sampled_from(sorted(PRIVATE)))
    extra = {
        "kid": draw(KIDS),
        "alg": draw(st.sampled_from([..., ..., *FOR[name], "RSA-OAEP-256", "ES256"])),
        "use": draw(st.sampled_from([..., "sig", "sig", "enc"])),
        "key_ops": draw(st.sampled_from([..., ..., ["verify"], ["sign", "verify"], ["encrypt"], []])),
        "x5c": draw(st.sampled_from([..., ["!!"]])),
    }
    return name, published(name, **extra)


def permits(member: Mapping[str, Any], algorithm: str, kid: str | None) -> bool:
    """Whether a member's own words let it verify a token with this algorithm and key id."""
    return (
        kid in (None, member.get("kid"))
        and ("alg" not in member or member["alg"] == algorithm)
        and ("use" not in member or member["use"] == "sig")
        and ("key_ops" not in member or "verify" in member["key_ops"])
    )


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_sound_token_is_verified_if_and_only_if_its_own_key_is_there_and_permitted(data: st.DataObject) -> None:
    listed: list[tuple[str, Any]] = data.draw(
        st.lists(st.one_of(members(), st.tuples(st.just(""), st.sampled_from(MALFORMED))), max_size=6)
    )
    name = data.draw(st.sampled_from(sorted(PRIVATE)))
    algorithm = data.draw(st.sampled_from(FOR[name]))
    kid = data.draw(st.sampled_from(["k1", None]))
    permitted = any(each == name and permits(member, algorithm, kid) for each, member in listed)
    event("permitted" if permitted else "not permitted")
    subject = outcome([member for _, member in listed], token(name, algorithm, kid))
    assert (subject == "someone") == permitted, subject


@pytest.mark.parametrize("member", MALFORMED)
def test_a_malformed_member_neither_verifies_nor_harms_the_others(member: Any) -> None:
    sound = published("rsa a", kid="k1", use="sig", alg="RS256")
    for listed in ([member, sound], [sound, member]):
        assert outcome(listed, token()) == "someone"
    for name, algorithms in FOR.items():
        for algorithm in algorithms:
            assert outcome([member], token(name, algorithm)) != "someone"
            assert outcome([member], token(name, algorithm, None)) != "someone"


@pytest.mark.parametrize(
    "second",
    [
        published("p-256", kid="k1", use="sig", alg="ES256"),
        published("rsa b", kid="k1", use="enc"),
        published("rsa b", kid="k1", use="enc", alg="RSA-OAEP-256"),
        published("rsa a", kid="k1", use="sig", alg="RS512"),
        published("rsa b", kid="k1", use="sig", alg="RS256"),
        published("p-256", kid="k1"),
        {"kty": "AKP", "kid": "k1"},
    ],
)
def test_two_keys_with_one_id_are_each_bound_by_their_own_members(second: dict[str, Any]) -> None:
    sound = published("rsa a", kid="k1", use="sig", alg="RS256")
    bound_otherwise = [published("rsa a", kid="k1", alg="RS384"), published("rsa a", kid="k1", key_ops=["encrypt"])]
    for first, expected in ((sound, True), *((each, False) for each in bound_otherwise)):
        for listed in ([first, second], [second, first]):
            assert (outcome(listed, token()) == "someone") is expected


def test_the_kind_of_refusal_says_whether_new_keys_could_help() -> None:
    one, two = published("rsa a", kid="k1", alg="RS256"), published("rsa b", kid="k2", alg="RS256")
    assert outcome([one, two], token(kid="k3")) == "unknown key"
    assert outcome([one, two], token("p-256", "ES256", "k1")) == "invalid"
    assert outcome([one, two], token("rsa b", kid="k1")) == "invalid"
    assert outcome([one], token("rsa b", kid=None)) == "unknown key", "keys without ids rotate too"
    assert outcome([one], token(), ("ES256",)) == "invalid"


def test_an_rsa_key_that_is_too_short_verifies_nothing() -> None:
    short = rsa.generate_private_key(65537, 1024)
    member = json.loads(RSAAlgorithm.to_jwk(short.public_key()))
    assert signing_keys({"keys": [member]}, ALGORITHMS) == ()


def test_a_private_key_in_a_key_set_is_kept_as_its_public_half() -> None:
    member = json.loads(RSAAlgorithm.to_jwk(PRIVATE["rsa a"])) | {"key_ops": ["sign", "verify"]}
    assert "d" in member
    [key] = signing_keys({"keys": [member]}, ALGORITHMS)
    assert isinstance(key.key, rsa.RSAPublicKey)


def test_the_keys_that_a_token_without_an_id_is_tried_with_are_bounded() -> None:
    member = published("rsa a")
    assert len(signing_keys({"keys": [member] * MAX_KEYS}, ALGORITHMS)) == MAX_KEYS
    with pytest.raises(KeySetError, match="more than 100"):
        signing_keys({"keys": [member] * (MAX_KEYS + 1)}, ALGORITHMS)


@pytest.mark.parametrize("document", [None, [], "keys", {}, {"keys": None}, {"keys": {"k1": {}}}, {"keys": "k1"}])
def test_a_document_that_is_no_key_set_is_refused(tmp_path: Path, document: object) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(document))
    with pytest.raises(KeysUnavailableError, match="not a key set"):
        fetch_keys(Issuer("https://idp.example", "poort", str(file)))


def test_a_key_set_with_a_member_that_stands_twice_is_refused_without_quoting_it(tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    text = json.dumps({"keys": [published("rsa a", kid="k1")]})
    file.write_text(text[:-1] + ', "marked-key": 1, "marked-key": 2}')
    with pytest.raises(KeysUnavailableError) as refused:
        fetch_keys(Issuer("https://idp.example", "poort", str(file)))
    assert str(refused.value) == f"{file}: ambiguous-document"


# Tokens that two readers can read differently, or that are for another purpose.

SOUND_HEADER = '{"alg":"RS256","kid":"k1"}'


def signed(header: str, payload: str) -> str:
    """A token whose header and payload are these texts, signed with the first key."""
    text = b".".join(base64.urlsafe_b64encode(each.encode()).rstrip(b"=") for each in (header, payload))
    signature = jwt.get_algorithm_by_name("RS256").sign(text, PRIVATE["rsa a"])
    return b".".join((text, base64.urlsafe_b64encode(signature).rstrip(b"="))).decode()


def sound_payload() -> str:
    return json.dumps(claims())


def test_a_token_with_a_member_that_stands_twice_is_refused() -> None:
    keys = [published("rsa a", kid="k1")]
    assert outcome(keys, signed(SOUND_HEADER, sound_payload())) == "someone"
    headers = [SOUND_HEADER[:-1] + f",{name}:{value}}}" for name, value in (('"alg"', '"RS256"'), ('"kid"', '"k1"'))]
    headers += [SOUND_HEADER[:-1] + ',"x":{"y":1,"y":1}}', '{"alg":"none",' + SOUND_HEADER[1:]]
    headers += ['{"al\\u0067":"RS256",' + SOUND_HEADER[1:]]
    for header in headers:
        assert outcome(keys, signed(header, sound_payload())) == "invalid", header
    for name, value in claims().items():
        twice = sound_payload()[:-1] + f", {json.dumps(name)}: {json.dumps(value)}}}"
        assert outcome(keys, signed(SOUND_HEADER, twice)) == "invalid", name
    for more in (', "x": [{"y": 1, "y": 2}]}', ', "x": NaN}', ', "x": "\\ud800"}'):
        assert outcome(keys, signed(SOUND_HEADER, sound_payload()[:-1] + more)) == "invalid", more


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/jwt"])
def test_a_token_of_a_usual_type_is_verified(kind: str) -> None:
    assert outcome([published("rsa a", kid="k1")], token(typ=kind)) == "someone"


@pytest.mark.parametrize(
    "kind", ["logout+jwt", "secevent+jwt", "dpop+jwt", "JWE", "", "application/", "jwt ", "text/jwt", 1, None, ["JWT"]]
)
def test_a_token_of_a_foreign_type_is_refused(kind: Any) -> None:
    header = json.dumps({"alg": "RS256", "kid": "k1", "typ": kind})
    assert outcome([published("rsa a", kid="k1")], signed(header, sound_payload())) == "invalid"


# Proxies.


@contextmanager
def key_server(kid: str) -> Iterator[tuple[str, list[str]]]:
    """A server of one key: its URL, and the paths that it was called with."""
    body, paths = json.dumps({"keys": [published("rsa a", kid=kid)]}).encode(), list[str]()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}", paths
        server.shutdown()


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_keys_from_loopback_do_not_pass_a_proxy(monkeypatch: pytest.MonkeyPatch, variable: str, host: str) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
    with key_server("issuer") as (address, _), key_server("proxy") as (proxy, paths):
        monkeypatch.setenv(variable, f"http://{proxy}")
        url = f"http://{address.replace('127.0.0.1', host)}/keys"
        [key] = fetch_keys(Issuer("https://idp.example", "poort", url))
    assert (key.id, paths) == ("issuer", [])

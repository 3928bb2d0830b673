"""Read a key set (JWKS, RFC 7517): the public keys that may verify tokens, each with the algorithms that it is for.

The members of a key bind that key and no other one: `kty` and `crv` to the algorithms of its type, `alg` to a single
algorithm, `use` and `key_ops` to verifying. An issuer may publish keys for other purposes beside its signing keys.
Therefore a key of an unknown type, a malformed key, and a member that is not an object are skipped.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

RSA_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
CURVE_ALGORITHMS = {
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
    ("OKP", "Ed448"): ("EdDSA",),
}
"""The algorithms of a key on a curve, by its `kty` and `crv` (RFC 7518, section 3.4; RFC 8037, section 3.1)."""
PUBLIC_MEMBERS = ("kty", "crv", "n", "e", "x", "y")
TEXT_MEMBERS = ("kty", "kid", "alg", "use", *PUBLIC_MEMBERS)
MIN_RSA_BITS = 2_048
"""The shortest RSA key that RFC 7518, sections 3.3 and 3.5, admits."""
MAX_KEYS = 100
"""The most members of a key set. A token that names no key is tried with every key that is for its algorithm."""


class KeySetError(ValueError):
    """A document or a response that is not an acceptable key set; the message quotes none of it."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key that may verify tokens: its `kid`, if it has one, and the algorithms that it is for."""

    id: str | None
    algorithms: frozenset[str]
    key: Any = field(repr=False)


Keys = tuple[SigningKey, ...]


def signing_keys(document: object, algorithms: Collection[str]) -> Keys:
    """The keys of a key set that may verify tokens signed with one of some algorithms, in the order of the key set.

    Raises:
        KeySetError: it is not a key set, or has more than `MAX_KEYS` members.
    """
    members = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(members, list):
        raise KeySetError("not a key set: it has no list `keys`")
    if len(members) > MAX_KEYS:
        raise KeySetError(f"the key set has more than {MAX_KEYS} keys")
    keys = (_signing_key(member, algorithms) for member in members if isinstance(member, dict))
    return tuple(key for key in keys if key is not None)


def _signing_key(member: Mapping[str, Any], wanted: Collection[str]) -> SigningKey | None:
    """The key of one member of a key set; None if it may not verify, or is malformed."""
    if any(name in member and not isinstance(member[name], str) for name in TEXT_MEMBERS) or not _may_verify(member):
        return None
    algorithms = frozenset(_algorithms(member)) & frozenset(wanted)
    if not algorithms:
        return None
    try:
        # A key is the same object for each algorithm of its type.
        key = jwt.PyJWK({name: member[name] for name in PUBLIC_MEMBERS if name in member}, min(algorithms)).key
    except (jwt.PyJWTError, ValueError):
        return None
    if member["kty"] == "RSA" and key.key_size < MIN_RSA_BITS:
        return None
    return SigningKey(member.get("kid"), algorithms, key)


def _may_verify(member: Mapping[str, Any]) -> bool:
    """Whether `use` and `key_ops`, where the key has them, allow verifying."""
    operations = member.get("key_ops", ["verify"])
    return member.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def _algorithms(member: Mapping[str, Any]) -> Collection[str]:
    """The algorithms that the key's type and its `alg`, where it has one, allow."""
    kty = member.get("kty", "")
    of_type = RSA_ALGORITHMS if kty == "RSA" else CURVE_ALGORITHMS.get((kty, member.get("crv", "")), ())
    return [each for each in of_type if member.get("alg", each) == each]

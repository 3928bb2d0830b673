"""The `Host` rule: a name that a foreign site can register is never taken for loopback."""

import pytest
from authz_api.hosts import is_loopback_host
from hypothesis import example, given
from hypothesis import strategies as st

LOOPBACK = ("localhost", "LocalHost", "127.0.0.1", "127.255.255.254", "[::1]", "[0:0:0:0:0:0:0:1]")
LABELS = st.sampled_from(["localhost", "127", "0", "1", "127.0.0.1", "::1", "[::1]", "evil", "xn--localhost-0a"])
JOINTS = st.sampled_from([".", "-", "@", "/", "#", "?", " ", "%", "\\", "\t", ",", ";", ""])


@pytest.mark.parametrize("name", LOOPBACK)
@pytest.mark.parametrize(
    "port",
    ["", ":", ":1", ":8080"],  # RFC 3986 allows an empty port
)
def test_a_loopback_name_is_taken_with_and_without_a_port(name: str, port: str) -> None:
    assert is_loopback_host((name + port).encode())


@given(
    st.lists(st.tuples(LABELS, JOINTS), max_size=5),
    st.sampled_from(["example", "com", "nl"]),
    st.sampled_from(["", ":80"]),
)
@example([("127.0.0.1", ".")], "example", "")
@example([("[::1]", "")], "example", "")
def test_a_name_that_ends_in_a_public_domain_is_foreign(parts: list[tuple[str, str]], domain: str, port: str) -> None:
    name = "".join(label + joint for label, joint in parts) + domain
    assert not is_loopback_host((name + port).encode())


NO_LOOPBACK = (
    *("", ":80", "localhost.", "127.1", "2130706433", "0x7f.0.0.1", "0.0.0.0", "localhost:x", "localhost:80:80"),
    *("[::1", "::1", "[::1]x", "[::1]:x", "[::]", "\u00b2", "127.0.0.1:\u00b2", "l\u00f6calhost", "localhost\x00"),
)


@pytest.mark.parametrize("host", NO_LOOPBACK)
def test_a_malformed_or_other_host_is_foreign(host: str) -> None:
    assert not is_loopback_host(host.encode("latin-1"))

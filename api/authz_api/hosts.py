"""The `Host` rule: a service without configured callers answers only requests to a loopback name.

A page of another site can make a browser resolve its own name to 127.0.0.1 (DNS rebinding); the `Host` header tells.
"""

import functools
import ipaddress

from authz_api.problems import ProblemError

NOT_LOOPBACK = "the Host header names no loopback address, and no callers are configured: use --callers"


def require_loopback_host(host: bytes) -> None:
    """Refuse a request to a name that is not loopback.

    Raises:
        ProblemError: 421.
    """
    if not is_loopback_host(host):
        raise ProblemError(421, NOT_LOOPBACK)


@functools.lru_cache(maxsize=256)
def is_loopback_host(host: bytes) -> bool:
    """Whether a `Host` header names loopback: `localhost`, `127.0.0.0/8` or `[::1]`, with or without a port."""
    name = host.decode("latin-1")
    if name.startswith("["):
        name, bracket, port = name[1:].partition("]")
        port = port.removeprefix(":") if bracket and port[:1] in ("", ":") else "malformed"
    else:
        name, _, port = name.partition(":")
    return is_loopback(name.lower()) and (port == "" or port.isdecimal())


def is_loopback(name: str) -> bool:
    """Whether a host name or an address is loopback."""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False

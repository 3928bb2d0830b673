"""The URL of the service, which identifies the decision point (AuthZEN 1.0, section 9), and where its metadata are."""

import re
from urllib.parse import urlsplit

METADATA = "/.well-known/authzen-configuration"
_PATH = re.compile(r"[A-Za-z0-9._~/-]*")


def url_problem(url: str) -> str:
    """Why a URL cannot identify a decision point; empty if it can."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in ("http", "https"):
        return "is not a URL: it must begin with https://"
    if not host or port == 0 or any(character.isspace() for character in url):
        return "is not a URL: it names no host" if not host else "is not a URL"
    if "@" in parts.netloc:
        return "names a user: everybody reads the metadata"
    if "?" in url or "#" in url:
        return "has a query or a fragment, which the URL of a decision point cannot have"
    if not _PATH.fullmatch(parts.path):
        return "has a path with characters other than letters, digits and `-._~/`"
    return ""


def metadata_path(url: str) -> str:
    """The path of the metadata of a decision point: the well-known path, with the path of its own URL behind it."""
    return METADATA + urlsplit(url).path.rstrip("/")

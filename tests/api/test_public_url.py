"""The service's public URL: what can identify a decision point, and where its metadata are."""

from pathlib import Path

import pytest
from authz_api.public_url import METADATA, metadata_path, url_problem

from tests.support.paths import STUDENT
from tests.support.server import serving
from tests.support.service_cases import command


@pytest.mark.parametrize(
    "url",
    [
        "https://pdp.example/?x=1",
        "https://pdp.example?",
        "https://pdp.example/#f",
        "https://pdp.example#",
        "https://user:word@pdp.example",
        "https://user@pdp.example",
        "https://@pdp.example",
        "https://",
        "https:///tenant1",
        "https://:8080",
        "https:pdp.example",
        "https://pdp.example:x",
        "https://pdp.example:99999",
        "https://pdp.example:0",
        "https://[::1",
        "https://pdp.example/a b",
        "https://pdp.example/{tenant}",
        "https://pdp.example/%7Btenant%7D",
        "ftp://pdp.example",
        "pdp.example",
        "/tenant1",
    ],
)
def test_a_url_that_cannot_identify_a_decision_point_is_refused(url: str) -> None:
    assert url_problem(url)


def test_the_command_names_the_problem() -> None:
    done = command("serve", "--public-url", "https://pdp.example/?x=1")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == (
        "authz: Invalid value for --public-url: `https://pdp.example/?x=1` has a query or a fragment, which the URL of "
        "a decision point cannot have"
    )


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://pdp.example", METADATA),
        ("https://pdp.example/", METADATA),
        ("http://127.0.0.1:8080", METADATA),
        ("http://[::1]:8080/", METADATA),
        ("https://pdp.example/tenant1", f"{METADATA}/tenant1"),
        ("https://pdp.example:8443/t/1/", f"{METADATA}/t/1"),
    ],
)
def test_metadata_are_at_the_well_known_path_before_the_path_of_the_url(url: str, path: str) -> None:
    assert (url_problem(url), metadata_path(url)) == ("", path)


def test_metadata_of_a_url_with_a_path_are_served_where_callers_look(tmp_path: Path) -> None:
    url = "https://pdp.example/tenant1"
    with serving(tmp_path, STUDENT, "--public-url", url) as served:
        metadata = served.client.get(METADATA + "/tenant1").json()
        assert metadata["policy_decision_point"] == url
        assert metadata["access_evaluation_endpoint"] == f"{url}/access/v1/evaluation"
        assert served.client.get(METADATA).status_code == 404, "another decision point would be there"

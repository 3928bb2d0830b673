"""Searches over collections whose key is an optional id: rows without the id belong to nobody."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from authz import read_facts
from authz.engine.search import Searched, search
from tests.support.small_bundles import FACTS, REQUEST, small_bundle

GRANTS = [
    {"document": "d", "user": "ann"},
    {"document": "d"},
    {"user": "ann"},
    {},
    {"document": "e", "user": "bob"},
]


@pytest.mark.parametrize("by", [["document", "user"], ["user", "document"], ["document"], ["user"]])
def test_a_search_passes_over_rows_whose_key_is_absent(tmp_path: Path, by: list[str]) -> None:
    policy = small_bundle(
        tmp_path,
        """permitted(request: Request) if
            grant in request.grants and
            grant.user != nil and grant.document != nil and
            grant.user = request.user_id and grant.document = request.document_id;""",
        records='Grant = { facts = "grants", fields = { document = "id of Document?", user = "id of User?" } }',
        collections=f'grants = {{ of = "Grant", by = {by} }}',
    )
    facts = read_facts(
        {**FACTS, "users": [{"id": "ann"}, {"id": "bob"}], "documents": [{"id": "d"}, {"id": "e"}], "grants": GRANTS},
        policy,
    )
    request = policy.bundle.requests.read(REQUEST)
    at = datetime(2025, 3, 10, 12, tzinfo=UTC)
    for searched, keys in ((Searched.SUBJECT, [("ann",)]), (Searched.RESOURCE, [("d",)])):
        found = search(policy, facts, request, searched, at)
        assert [candidate.key for candidate in found if candidate.allowed] == keys
        nobody = replace(request, subject_id="carl", resource_id="f")
        assert not [each for each in search(policy, facts, nobody, searched, at) if each.allowed]

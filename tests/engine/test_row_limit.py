"""The limit of rows: a decision over more rows breaks, as a refusal with an error, whatever the rules say."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from authz import Policy, read_facts
from authz.engine.search import Searched, search
from authz.facts import gather
from authz.facts.gather import ExcessRows, TooManyRowsError
from tests.support.small_bundles import FACTS, REQUEST, small_bundle

RULES = {
    "a permit that needs one of the rows": 'permitted(request: Request) if g in request.grants and g.kind = "a";',
    "a permit that reads no rows": "permitted(request: Request) if request.user != nil;",
    "a permit that needs a row to be absent": "permitted(request: Request) if request.document != nil and "
    "not bad(request);\n"
    'bad(request: Request) if g in request.grants and g.kind = "z";',
}


def policy_of(folder: Path, rules: str) -> Policy:
    return small_bundle(
        folder,
        rules,
        records='Grant = { facts = "grants", fields = { document = "id of Document", kind = "String" } }',
        collections='grants = { of = "Grant", by = ["document"] }',
    )


@pytest.mark.parametrize("name", RULES)
def test_a_decision_over_more_rows_than_the_limit_is_a_refusal_with_an_error(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "MAX_ROWS", 20)
    policy = policy_of(tmp_path, RULES[name])
    row = {"document": "d", "kind": "a"}
    at_the_limit = read_facts({**FACTS, "grants": [row] * 20}, policy)
    beyond = read_facts({**FACTS, "grants": [row] * 21}, policy)
    assert policy.decide(REQUEST, at_the_limit)
    decision = policy.decide(REQUEST, beyond)
    assert not decision and not decision.reasons
    assert decision.error == "TooManyRowsError: `grants` has 21 rows, and a decision reads 20 at most"
    with pytest.raises(ValueError, match="nothing to explain"):
        decision.explain()
    request = policy.bundle.requests.read(REQUEST)
    found = search(policy, beyond, request, Searched.SUBJECT, datetime(2025, 3, 10, tzinfo=UTC))
    assert not [candidate for candidate in found if candidate.allowed]


READS = {
    "iterate": list,
    "count": len,
    "test": bool,
    "contain": lambda rows: 1 in rows,
    "index": lambda rows: rows[0],
    "compare": lambda rows: rows == (),
    "differ": lambda rows: rows != "user",
    "add": lambda rows: (*(), *rows),
    "sort": sorted,
    "any": any,
}


@pytest.mark.parametrize("name", READS)
def test_whatever_reads_excess_rows_breaks(name: str) -> None:
    with pytest.raises(TooManyRowsError):
        READS[name](ExcessRows("grants", 20_000))

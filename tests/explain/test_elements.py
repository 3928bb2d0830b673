"""Explanations of rules that pick an element of a list of values, whatever the type of the values."""

import json
from pathlib import Path

import pytest

from authz import read_facts
from authz.cli.render import as_text
from tests.support.small_bundles import FACTS, REQUEST, small_bundle

ELEMENTS = {
    "String": (["a", "b"], 'each = "c"', "a"),
    "Integer": ([1, 2], "each = 3", 1),
    "Date": (["2025-01-01", "2025-01-02"], "each = request.document.until", "2025-01-01"),
    "Instant": (["2025-01-01T00:00:00Z"], "each > request.at", "2025-01-01T00:00:00Z"),
    "Boolean": ([False], "each", False),
    "Level": (["low"], 'each = "high"', "low"),
}


@pytest.mark.parametrize("type_", ELEMENTS)
def test_the_nearest_element_of_a_list_is_shown(tmp_path: Path, type_: str) -> None:
    values, condition, nearest = ELEMENTS[type_]
    policy = small_bundle(
        tmp_path,
        f"permitted(request: Request) if request.document != nil and each in request.document.words and {condition};",
        document_fields=f', words = "[{type_}]", until = "Date"',
        enumerations='Level = ["low", "high"]',
    )
    document = {"id": "d", "words": values, "until": "2030-01-01"}
    decision = policy.decide(REQUEST, read_facts({**FACTS, "documents": [document]}, policy))
    assert not decision and not decision.error
    data = json.loads(json.dumps(decision.explain().as_data(policy.bundle)))
    (some,) = [each for each in flat(data["conditions"]) if each["kind"] == "some"]
    assert some["row"] == nearest
    shown = {"2025-01-01T00:00:00Z": "2025-01-01", False: "false"}.get(nearest, str(nearest))
    assert any(line.endswith(shown) for line in as_text(decision, policy.bundle, explain=True))


def flat(condition: dict) -> list[dict]:
    return [condition, *(each for part in condition.get("conditions", ()) for each in flat(part))]

"""Faults injected into a document that permits: refused, or a `DiagnosticError`, and never anything else."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from authz import DiagnosticError, Policy, load_facts
from authz.engine.loading import read_facts
from tests.support.messages import message_of
from tests.support.student import DATED, consent, permitting

PERMITTING = permitting(consent("g1"))
NEEDED = ("enrolments", "guardianships", "accreditations", "links", "processors", "agreements", "consents", "students")
FILL: dict[str, Any] = {"valid_from": "2018-12-01", "valid_until": "2026-01-01"}
WRONG = (None, True, False, 0, 1, 1.5, "", "false", "nobody", [], ["nobody"], [None], {}, {"id": "tim"})
MISSING = object()


def document() -> dict[str, Any]:
    """The facts of a permitting world: one row of each kind, so that none stands in for it, and all bounds."""
    facts = {kind: copy.deepcopy(rows[:1]) for kind, rows in PERMITTING.facts.items() if isinstance(rows, list)}
    for kind in DATED.keys() & facts.keys():
        facts[kind] = [{**row, **FILL} for row in facts[kind]]
    return facts


def fields() -> Iterator[tuple[str, int, str]]:
    for kind, rows in document().items():
        for index, row in enumerate(rows):
            yield from ((kind, index, name) for name in row)


def permits(policy: Policy, facts: object) -> bool:
    """Whether the facts permit; a fault in them does not, and anything else rises."""
    try:
        decision = policy.decide(PERMITTING.request, read_facts(facts, policy))
    except DiagnosticError:
        return False
    assert decision.error == ""
    return bool(decision)


UNBOUNDED = {(kind, bound) for kind in DATED for bound in FILL}  # absent or null: an end of time


def test_the_document_permits_as_it_is(policy: Policy) -> None:
    assert permits(policy, document())
    jsonschema.validate(document(), policy.analyses.facts_reader.schema())


@pytest.mark.parametrize(("kind", "index", "name"), list(fields()), ids=str)
def test_no_fault_in_a_field_permits(policy: Policy, kind: str, index: int, name: str) -> None:
    permitted = []
    for value in (MISSING, *WRONG):
        facts = document()
        row = facts[kind][index]
        row.pop(name)
        if value is not MISSING:
            row[name] = value
        if permits(policy, facts):
            permitted.append(value)
    assert permitted == ([MISSING, None] if (kind, name) in UNBOUNDED else [])


@pytest.mark.parametrize("kind", NEEDED)
def test_no_fault_in_a_list_that_is_needed_permits(policy: Policy, kind: str) -> None:
    for value in (MISSING, *WRONG):
        facts = document()
        facts.pop(kind)
        if value is not MISSING:
            facts[kind] = value
        assert not permits(policy, facts)


@pytest.mark.parametrize(("kind", "index", "name"), list(fields()), ids=str)
def test_a_field_named_twice_is_refused(policy: Policy, tmp_path: Path, kind: str, index: int, name: str) -> None:
    facts = document()
    row = facts[kind][index]
    text = json.dumps(facts).replace(json.dumps(row), json.dumps(row)[:-1] + f", {json.dumps(name)}: null}}", 1)
    path = tmp_path / "facts.json"
    path.write_text(text)
    with pytest.raises(DiagnosticError) as refused:
        load_facts(path, policy)
    assert message_of(refused.value) == f"{path}: {kind}[{index}].{name}: this key stands here twice"

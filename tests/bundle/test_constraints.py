"""What makes a row complete: every constraint refuses a row, and passes the row that satisfies it."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from authz.bundle.constraints import (
    CONSTRAINTS,
    absent_value,
    excluded_fields,
    needed_fields,
    row_check,
)
from authz.bundle.vocabulary import RowType
from authz.engine.policy import Policy
from authz.instants import BEGIN, END
from tests.support.student import consent, withdrawal

IDS = {
    "Student": {"tim"},
    "School": {"S1"},
    "Supplier": {"X"},
    "Institute": {"A"},
}
INTERVAL = {"valid_from": "2025-01-01", "valid_until": "2025-02-01"}
FAULTS: dict[str, tuple[str, dict[str, Any], dict[str, Any], tuple[str, str]]] = {
    "ids exist": ("Link", {"school": "S1", "supplier": "X"}, {"school": ""}, ("school", "there is no School ``")),
    "texts are not empty": ("School", {"id": "S1"}, {"id": ""}, ("id", "is empty")),
    "no_id_of": (
        "Guardianship",
        {"person": "g1", "student": "tim"},
        {"person": "tim"},
        ("person", "`tim` is the id of a Student"),
    ),
    "interval": (
        "Link",
        {"school": "S1", "supplier": "X", **INTERVAL},
        {"valid_until": "2025-01-01"},
        ("valid_until", "the interval is empty: `valid_until` is not after `valid_from`"),
    ),
    "needs": (
        "Student",
        {"id": "tim", "closed_at": "2025-01-01", "closed_as": "erased"},
        {"closed_at": None},
        ("closed_as", "stands only beside `closed_at`"),
    ),
    "when": (
        "Consent",
        consent("g1"),
        {"categories": None},
        ("categories", "is missing: a row with event `given` needs it"),
    ),
    "refuses": (
        "Student",
        {"id": "tim"},
        {"id": "111222333"},
        ("id", "this is a citizen service or education number (BSN, PGN): use a pseudonym"),
    ),
}


def problems(policy: Policy, record: str, raw: dict[str, Any]) -> list[tuple[str, str]]:
    sound = {name: value for name, value in raw.items() if value is not None}
    row = TypeAdapter(policy.bundle.classes[record]).validate_python(sound)
    return list(row_check(policy.bundle.vocabulary.rows[record], IDS)(row, raw))


def test_every_constraint_has_a_case() -> None:
    assert set(FAULTS) == set(CONSTRAINTS)


@pytest.mark.parametrize("name", FAULTS)
def test_a_constraint_refuses_what_breaks_it_alone(policy: Policy, name: str) -> None:
    record, whole, change, problem = FAULTS[name]
    assert problems(policy, record, whole) == []
    assert problems(policy, record, {**whole, **change}) == [problem]


def test_a_row_may_not_carry_what_its_variant_excludes(policy: Policy) -> None:
    row = {**withdrawal("g1"), "categories": ["grades"]}
    assert problems(policy, "Consent", row) == [("categories", "a row with event `withdrawn` carries none")]


def consent(policy: Policy) -> RowType:
    return policy.bundle.vocabulary.rows["Consent"]


def test_what_stands_for_a_field_that_is_left_out(policy: Policy) -> None:
    names = ("valid_from", "valid_until", "categories", "issuer")
    assert [absent_value(consent(policy), name) for name in names] == [BEGIN, END, (), None]


def test_which_fields_a_variant_needs_and_excludes(policy: Policy) -> None:
    needed = {value: needed_fields(consent(policy), {"event": value}.get) for value in ("given", "withdrawn", None)}
    excluded = {value: excluded_fields(consent(policy), {"event": value}.get) for value in ("given", "withdrawn", None)}
    contents = {"categories", "purposes", "issuer"}
    assert needed == {"given": contents, "withdrawn": frozenset(), None: frozenset()}
    assert excluded == {"given": frozenset(), "withdrawn": contents | {"valid_from", "valid_until"}, None: frozenset()}

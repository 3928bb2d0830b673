"""Nothing is decided outside Polar, and nothing in it is idle: without any one rule some answer changes."""

import random

import pytest

from tests.support.deleted_rules import SEED, WORLDS, answers, deletable_rules, is_noticed, rule_id, rules_alone
from tests.support.effort import effort
from tests.support.student import generator

RULES = deletable_rules(generator().policy)


@pytest.fixture(scope="module")
def known() -> object:
    """Generated worlds with the answers of the whole bundle."""
    return answers(generator(), random.Random(SEED).randrange, effort(WORLDS))


@pytest.mark.parametrize("rule", RULES, ids=map(rule_id, RULES))
def test_deleting_a_rule_is_noticed(rule: object, known: object) -> None:
    assert is_noticed(generator().policy, rule, known)  # type: ignore[arg-type]


def test_each_clause_of_a_law_speaks_of_rows_that_no_other_does() -> None:
    alone, wanted = rules_alone(generator(), random.Random(SEED).randrange, effort(20_000))
    assert alone == wanted

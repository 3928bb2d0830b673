"""The conditions of `allow` that fail, in words; and the check that names them where no reason holds."""

from pathlib import Path

import pytest

from authz import Policy, read_facts
from authz.engine.evaluation import EvaluationInputs
from authz.explain.failing import NO_SUBJECT, failing_conditions
from authz.language.diagnostics import DiagnosticError
from authz.verify.check import check
from tests.support.small_bundles import FACTS, REQUEST, small_bundle

RULES = (
    'permitted(request: Request) if request.document != nil and request.document.level = "open" and not shut(request);'
)
SHUT = "shut(request: Request) if request.document != nil and request.document.size > 3;"


def failing(policy: Policy, document: dict[str, object], user: str = "ann") -> tuple[str, ...]:
    decision = policy.decide({**REQUEST, "user": user}, read_facts({**FACTS, "documents": [document]}, policy))
    inputs: EvaluationInputs = decision.inputs
    return failing_conditions(policy.bundle, policy.analyses.subject_of(inputs.gathered), inputs.gathered)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    folder = tmp_path_factory.mktemp("failing")
    return small_bundle(folder, f"{RULES}\n{SHUT}", document_fields=', level = "String", size = "Integer"')


def test_each_condition_that_fails_is_named_with_its_values(small: Policy) -> None:
    assert failing(small, {"id": "d", "level": "open", "size": 1}) == ()
    assert failing(small, {"id": "d", "level": "closed", "size": 9}) == (
        '`request.document.level = "open"` does not hold (access.polar:12): level closed = "open"',
        "`request.document != nil` holds (access.polar:13)",
        "`request.document.size > 3` holds (access.polar:13): size 9 > 3",
    )
    assert failing(small, {"id": "other", "level": "open", "size": 1}) == (
        "`request.document != nil` does not hold (access.polar:12)",
    )


def test_an_unknown_subject_is_named(small: Policy) -> None:
    assert failing(small, {"id": "d", "level": "open", "size": 1}, user="nobody") == (NO_SUBJECT,)


def test_a_check_names_the_condition_that_has_no_reason(tmp_path: Path) -> None:
    small_bundle(tmp_path, f"{RULES}\n{SHUT}", document_fields=', level = "String", size = "Integer"')
    rules = tmp_path / "access.polar"
    text = rules.read_text()
    rules.write_text(text.replace('reason(request: Request, "NOT_PERMITTED") if not permitted(request);', ""))
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "closed.yaml").write_text(
        """facts:
  users: [{id: ann}]
  documents: [{id: d, level: closed, size: 1}]
scenarios:
  - id: closed
    request: {user: ann, document: d, action: read, at: "2025-03-10T12:00:00Z"}
    expect: {decision: deny}
"""
    )
    with pytest.raises(DiagnosticError) as raised:
        check(tmp_path)
    message = str(raised.value)
    assert "refused, and no reason holds" in message
    assert 'does not hold (access.polar:12): level closed = "open"' in message
    assert '"level": "closed"' in message

"""Changes to facts: what may be written is a complete row, and a change alters the fields that it is said to alter."""

from hypothesis import given, settings

from authz import Policy, read_facts
from authz.bundle.vocabulary import REQUEST, attribute
from authz.facts.changes import Change, ChangeKind, apply_changes, fields_changed_by, gathered_facts
from authz.facts.document import row_problems
from authz.facts.possible_changes import possible_changes
from tests.support.decide import gathered
from tests.support.effort import effort
from tests.support.strategies import near_situations
from tests.support.student import Situation


def changes_of(policy: Policy, situation: Situation) -> tuple[Change, ...]:
    """The possible changes of a situation."""
    configured = policy.with_parameters(situation.parameters)
    return possible_changes(configured.bundle, configured.analyses.comparisons, gathered(policy, situation)[2]).changes


@settings(max_examples=effort(60), deadline=None)
@given(near_situations())
def test_the_gathered_facts_of_a_request_have_each_of_its_rows(policy: Policy, situation: Situation) -> None:
    record = gathered(policy, situation)[2]
    request = policy.bundle.requests.read(situation.request)
    facts = gathered_facts(record, policy.bundle)
    again = policy.analyses.gather(request, facts, record.at, record.parameters)
    for name in policy.bundle.vocabulary.schema.records[REQUEST].fields:
        before, after = getattr(record, attribute(name)), getattr(again, attribute(name))
        # A row that is there twice is gathered once: rules cannot tell.
        assert after == (tuple(dict.fromkeys(before)) if isinstance(before, tuple) else before), name


@settings(max_examples=effort(60), deadline=None)
@given(near_situations())
def test_a_change_alters_no_field_but_those_it_is_said_to_alter(policy: Policy, situation: Situation) -> None:
    record = gathered(policy, situation)[2]
    request = policy.bundle.requests.read(situation.request)
    facts, vocabulary = gathered_facts(record, policy.bundle), policy.bundle.vocabulary
    before = policy.analyses.gather(request, facts, record.at, record.parameters)
    for change in changes_of(policy, situation):
        after = policy.analyses.gather(request, apply_changes([change], facts), record.at, record.parameters)
        altered = {
            name
            for name in vocabulary.schema.records[REQUEST].fields
            if getattr(after, attribute(name)) != getattr(before, attribute(name))
        }
        assert altered, "a possible change alters something that rules can read"
        assert altered <= fields_changed_by(change, vocabulary), change


@settings(max_examples=effort(150), deadline=None)
@given(near_situations())
def test_whatever_may_be_written_is_a_complete_row(policy: Policy, situation: Situation) -> None:
    lists, facts = policy.analyses.facts_reader.lists, read_facts(situation.facts, policy)
    for change in changes_of(policy, situation):
        if change.record:
            problems = row_problems(lists[change.facts], change.row, facts)
            # A row may name a record that another change adds.
            assert [each for each in problems if "there is no" not in each] == [], change


@settings(max_examples=effort(60), deadline=None)
@given(near_situations())
def test_a_change_has_the_parts_that_its_kind_has(policy: Policy, situation: Situation) -> None:
    for change in changes_of(policy, situation):
        table = policy.bundle.vocabulary.changes[change.facts]
        writers = {
            ChangeKind.ADD: table.add,
            ChangeKind.END: table.end,
            ChangeKind.SET: table.set,
            ChangeKind.FILL: table.fill.get(change.filled, ()),
        }
        assert change.writers == writers[change.kind] != ()
        assert (change.before is None) is (change.kind is ChangeKind.ADD) or change.kind is ChangeKind.SET
        assert bool(change.record) is (change.kind is not ChangeKind.SET)
        assert bool(change.filled) is (change.kind is ChangeKind.FILL)
        if change.kind is ChangeKind.FILL:
            assert getattr(change.before, attribute(change.filled)) is None
            assert getattr(change.row, attribute(change.filled)) is not None

"""An explanation: the conditions of a decision, and the smallest change that would allow."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from authz.analysis.comparisons import Comparisons
from authz.analysis.fields_read import Fields
from authz.bundle.loading import Bundle
from authz.bundle.vocabulary import attribute
from authz.deadline import Deadline
from authz.explain.counterfactual import SmallestChange, smallest_change
from authz.explain.render import conditions_as_data, smallest_as_data
from authz.explain.request import RefusedRequest
from authz.explain.tree import Condition, condition_tree
from authz.facts.changes import Change, apply_changes, gathered_facts
from authz.facts.memory import Facts
from authz.facts.possible_changes import possible_changes
from authz.interpreter.evaluate import Interpreter, two_valued
from authz.language.ir import CheckedRule


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a request was decided as it was: the condition tree of `allow`, and for a refusal what would allow.

    `reason_rules` are, by reason code, the rules of `reason` that hold.
    """

    conditions: Condition
    smallest: SmallestChange | None
    reason_rules: Mapping[str, tuple[CheckedRule, ...]] = field(default_factory=dict)

    def as_data(self, bundle: Bundle) -> dict[str, Any]:
        """The explanation as JSON values; the form is stable."""
        return {
            "conditions": conditions_as_data(self.conditions),
            "reason_rules": [
                {"code": code, "place": f"{rule.span.path}:{rule.span.line}", "comment": rule.comment}
                for code, rules in self.reason_rules.items()
                for rule in rules
            ],
            "smallest_change": None if self.smallest is None else smallest_as_data(self.smallest, bundle),
        }


def explain(
    bundle: Bundle,
    gathered: Any,
    comparisons: Comparisons,
    fields_read: Mapping[str, Fields],
    subject_of: Callable[[Any], Any | None],
    gather: Callable[[Facts], Any],
    permits: Callable[[Any], bool],
    deadline: Deadline | None = None,
) -> Explanation:
    """The explanation of the decision on a gathered record.

    `gather` gathers the same request from other facts, `permits` decides a record, and `subject_of` gives its subject.

    Raises:
        DeadlineError: the deadline has passed.
    """
    subject = subject_of(gathered)
    interpreter = two_valued(bundle.program, attribute, step=None if deadline is None else deadline.step)
    conditions = condition_tree(interpreter, subject, gathered.action, gathered)
    if subject is not None and conditions.holds:
        return Explanation(conditions, None)
    facts = gathered_facts(gathered, bundle)

    def regather(changes: Sequence[Change]) -> Any:
        return gather(apply_changes(changes, facts))

    refused = RefusedRequest(
        bundle.program,
        fields_read,
        bundle.vocabulary,
        gathered,
        gathered.action,
        regather,
        permits,
        subject_of,
        deadline,
    )
    reasons = _reason_rules(bundle, interpreter, gathered)
    return Explanation(conditions, smallest_change(refused, possible_changes(bundle, comparisons, gathered)), reasons)


def _reason_rules(bundle: Bundle, interpreter: Interpreter[bool], gathered: Any) -> dict[str, tuple[CheckedRule, ...]]:
    rules = {
        code: tuple(
            clause.rule
            for clause in interpreter.clauses("reason", (gathered, code))
            if interpreter.evaluate(clause.rule.body, clause.environment)
        )
        for code in bundle.reasons
    }
    return {code: holding for code, holding in rules.items() if holding}

"""A policy: a checked and compiled bundle; requests and facts in, decisions out."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any

from authz.bundle.loading import Bundle
from authz.bundle.parameters import read_parameters
from authz.bundle.requests import EvaluationRequest, MalformedRequestError
from authz.deadline import Deadline
from authz.documents.places import Loc, diagnostic_at
from authz.engine.decision import Decision, Evaluator
from authz.engine.evaluation import CompiledPolicy, EvaluationInputs, evaluate, gather_inputs, permits
from authz.engine.expiry import expires_at
from authz.explain.explanation import Explanation, explain
from authz.facts.memory import Facts
from authz.facts.serialize import value_as_data
from authz.facts.store import FactStore
from authz.instants import BEGIN, END


@dataclass(frozen=True, slots=True, eq=False)
class ExplainableDecision(Decision):
    """A decision beside its inputs, so that it can be explained. Equal to the plain `Decision` of the same values.

    Pickling gives the plain `Decision`: the gathered record is personal data and stays in this process.
    """

    inputs: EvaluationInputs = field(kw_only=True, repr=False)

    def __eq__(self, other: object) -> bool:
        return self.plain() == (other.plain() if isinstance(other, ExplainableDecision) else other)

    __hash__ = Decision.__hash__

    def __reduce__(self) -> tuple[Any, ...]:
        return Decision, self._values()

    def plain(self) -> Decision:
        """The decision alone."""
        return Decision(*self._values())

    def _values(self) -> tuple[Any, ...]:
        return self.effect, self.at, self.reasons, self.error, self.policy_digest, self.facts_revision

    @property
    def expires_at(self) -> datetime | None:
        """The first instant after `at` at which the same facts refuse; None if there is none, and for a refusal.

        A hint, never a lease: the facts may change earlier. Computed at each access.
        """
        if not self:
            return None
        # A copy of the record: other threads may use this one.
        policy = self.inputs.policy
        return expires_at(policy, policy.analyses.move_to(self.inputs.gathered, self.at))

    def explain(self, deadline: Deadline | None = None) -> Explanation:
        """The conditions of `allow` with the rows that show them, and the smallest change that would allow.

        Raises:
            DeadlineError: the deadline has passed.
            ValueError: an error occurred while deciding, so there is nothing to explain.
        """
        if self.error:
            raise ValueError("there is nothing to explain: an error occurred while deciding")
        policy, request, gathered = self.inputs.policy, self.inputs.request, self.inputs.gathered
        analyses = policy.analyses

        def regather(facts: Facts) -> Any:
            return analyses.gather(request, facts, gathered.at, policy.parameters)

        def permitted(record: Any) -> bool:
            return permits(policy, record)

        return explain(
            policy.bundle,
            gathered,
            analyses.comparisons,
            analyses.fields_read,
            analyses.subject_of,
            regather,
            permitted,
            deadline,
        )


@dataclass(frozen=True, slots=True)
class Policy(CompiledPolicy):
    """A bundle that decides. Safe from many threads, because nothing in it changes."""

    def decide(
        self, request: EvaluationRequest | Mapping[str, Any], facts: FactStore, at: datetime | None = None
    ) -> ExplainableDecision:
        """The decision on one request by the facts, at the instant `at`, or else at the request's own.

        Raises:
            MalformedRequestError: the request cannot be read, or there is no instant to decide at.
            FactsOfAnotherBundleError: the facts were validated under another manifest or vocabulary.
            TypeError: `at` is no datetime.
            ValueError: `at` has no time zone, or is an end of time.
        """
        if not isinstance(request, EvaluationRequest):
            request = self.bundle.requests.read(request)
        inputs = gather_inputs(self, request, facts, _instant(at or request.at))
        return ExplainableDecision(*evaluate(inputs), inputs=inputs)

    def with_parameters(self, parameters: object, source: str = "parameters", at: Loc = ()) -> "Policy":
        """The same policy with some parameters replaced. `source` and `at` place diagnostics.

        Raises:
            DiagnosticError: a parameter is unknown, of another type, or out of bounds.
        """
        bundle = self.bundle
        values = read_parameters(bundle.parameters, bundle.vocabulary, bundle.classes, parameters, source, at)
        return replace(self, parameters=values, digest=_digest(bundle, values))

    def with_evaluator(self, make: Callable[[Bundle], Evaluator]) -> "Policy":
        """The same policy decided by another evaluator, such as the reference."""
        return replace(self, evaluator=make(self.bundle))


def _digest(bundle: Bundle, parameters: Any) -> str:
    """The digest of a bundle with these values of its parameters; that of the bundle where they are its defaults."""
    texts = [_parameters_text(values) for values in (parameters, bundle.parameters)]
    if texts[0] == texts[1]:
        return bundle.digest
    return hashlib.sha256(f"{bundle.digest}{texts[0]}".encode()).hexdigest()


def _parameters_text(parameters: Any) -> str:
    return json.dumps({field.name: value_as_data(getattr(parameters, field.name)) for field in fields(parameters)})


def _instant(at: datetime | None) -> datetime:
    """The instant to decide at, in UTC."""
    if at is None:
        raise MalformedRequestError([diagnostic_at("request", ("at",), "is missing, and no instant was given")])
    if not isinstance(at, datetime):
        raise TypeError("the instant to decide at is not a datetime")
    if at.tzinfo is None:
        raise ValueError("the instant to decide at is naive: give it a time zone")
    # Datetimes of one time zone object compare many times faster than datetimes of two.
    instant = at if at.tzinfo is UTC else at.astimezone(UTC)
    if not BEGIN < instant < END:
        raise ValueError("the instant to decide at is an end of time")
    return instant

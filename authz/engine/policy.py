"""A policy: a checked bundle with something that decides; requests and facts in, decisions out."""

import hashlib
import json
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from authz.analysis.comparisons import Comparisons, find_comparisons
from authz.analysis.required_rows import required_rows
from authz.bundle.loading import Bundle, load, read_parameters
from authz.bundle.requests import EvaluationRequest, MalformedRequestError
from authz.bundle.vocabulary import REQUEST, attribute
from authz.codegen.python import compile_program
from authz.codegen.python.instants import CollectInstants, compile_instants
from authz.documents.files import read_document
from authz.documents.places import Loc, diagnostic_at
from authz.engine.decision import Decision, Evaluator, judge, permits
from authz.engine.expiry import expiry
from authz.explain.counterfactual import Situation, smallest
from authz.explain.explanation import Explanation
from authz.explain.tree import tree
from authz.facts.changes import Change, apply, nearby, possible
from authz.facts.gather import Gather, follow, gatherer, moving_hours, of_data_subjects
from authz.facts.memory import Facts, FactsReader
from authz.instants import BEGIN, END, hours_after
from authz.interpreter.evaluate import Reading


class FactsOfAnotherBundleError(TypeError):
    """Facts that were read under another bundle: their rows would not be found, and a refusal could vanish."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A bundle that decides; safe from many threads, for nothing in it changes."""

    bundle: Bundle
    evaluator: Evaluator = field(repr=False)
    parameters: Any
    digest: str
    gather: Gather = field(repr=False)
    hidden: frozenset[str] = field(repr=False)
    """The fields of a request that hold its data subject."""
    gather_public: Gather = field(repr=False)
    """Gathers as if nothing were known of any data subject."""
    facts_reader: FactsReader = field(repr=False)
    instants: CollectInstants = field(repr=False)
    compared: Comparisons = field(repr=False)
    needed: frozenset[str] = field(repr=False)
    copied: Callable[[Any], Any] = field(repr=False)
    moving: tuple[str, ...] = field(repr=False)
    """The paths to the hours by which a field of a request lies after the instant asked at."""

    def decide(
        self, request: EvaluationRequest | Mapping[str, Any], facts: Facts, at: datetime | None = None
    ) -> Decision:
        """The decision on one request, by the facts, at an instant: `at`, or else the request's own.

        Raises:
            MalformedRequestError: the request says nothing that could be decided, or no instant is known.
            FactsOfAnotherBundleError: the facts were read under another manifest or vocabulary.
            ValueError: `at` is naive, or an end of time.
        """
        asked = request if isinstance(request, EvaluationRequest) else self.request(request)
        moment = at or asked.at
        if moment is None:
            raise MalformedRequestError([diagnostic_at("request", ("at",), "is missing, and no instant was given")])
        if not isinstance(moment, datetime):
            raise TypeError("the instant to decide at is a datetime")
        if moment.tzinfo is None:
            raise ValueError("the instant to decide at is naive: give it a time zone")
        # Instants of one zone compare many times faster than instants of two.
        moment = moment.astimezone(UTC)
        if not BEGIN < moment < END:
            raise ValueError("the instant to decide at is an end of time")
        return self.judge(asked, facts, moment)

    def decide_each(self, requests: Iterable[EvaluationRequest], facts: Facts, at: datetime) -> Iterator[Decision]:
        """The decisions on a batch at one instant in UTC, in order: all are gathered before the first is decided.

        Raises:
            FactsOfAnotherBundleError: the facts were read under another manifest or vocabulary.
        """
        self.own(facts)
        gather, parameters = self.gather, self.parameters
        return map(self.judged, [Case(self, asked, facts, gather(asked, facts, at, parameters)) for asked in requests])

    def judge(self, asked: EvaluationRequest, facts: Facts, at: datetime) -> Decision:
        """The decision on one typed request, at an instant in UTC.

        Raises:
            FactsOfAnotherBundleError: the facts were read under another manifest or vocabulary.
        """
        self.own(facts)
        return self.judged(Case(self, asked, facts, self.gather(asked, facts, at, self.parameters)))

    def judged(self, case: "Case") -> Decision:
        """The decision on gathered records."""
        gathered, asked = case.gathered, case.asked
        subject = self.subject(asked, gathered)
        revision = case.facts.revision
        return judge(self.evaluator, subject, asked.action, gathered, gathered.at, self.digest, revision, case)

    def permits(self, asked: EvaluationRequest, facts: Facts, at: datetime) -> bool:
        """Whether one request would be allowed, at an instant in UTC; no reasons are sought."""
        gathered = self.gather(asked, facts, at, self.parameters)
        return permits(self.evaluator, self.subject(asked, gathered), asked.action, gathered)

    def own(self, facts: Facts) -> None:
        """Refuse facts that were not read under this bundle."""
        if not isinstance(facts, Facts) or facts.shape != self.bundle.shape:
            raise FactsOfAnotherBundleError("these facts were not read under this bundle: read them with `load_facts`")

    def public_reason(self, decision: Decision, facts: Facts) -> str:
        """The code of a refusal that everybody who asks may see, or the catalogue's substitute.

        It is found as if nothing were known of any data subject, so it cannot tell one from another.
        """
        case, codes = decision.case, decision.reasons
        if self.hidden and case is not None:
            gathered = self.gather_public(case.asked, facts, decision.at, self.parameters)
            codes = self.evaluator.reasons(gathered)
        reasons = self.bundle.reasons
        for code in codes:
            if reasons[code].audience == "user":
                return code
        return self.bundle.substitute.code

    def subject(self, asked: EvaluationRequest, gathered: Any) -> Any | None:
        """Who asks, if the subject and the resource are of the bundle's types and the subject is known."""
        vocabulary = self.bundle.vocabulary
        if asked.subject_type != vocabulary.subject.type or asked.resource_type != vocabulary.resource.type:
            return None
        return getattr(gathered, attribute(vocabulary.subject.type))

    def with_parameters(self, given: object, shown: str = "parameters", at: Loc = ()) -> "Policy":
        """The same policy with some parameters set otherwise.

        Raises:
            DiagnosticError: a parameter is unknown, of another type, or out of bounds.
        """
        parameters = read_parameters(self.bundle, given, shown, at)
        told = json.dumps(given, sort_keys=True)
        return replace(self, parameters=parameters, digest=hashlib.sha256(f"{self.digest}{told}".encode()).hexdigest())

    def with_evaluator(self, make: Callable[[Bundle], Evaluator]) -> "Policy":
        """The same policy decided by another evaluator, such as the reference."""
        return replace(self, evaluator=make(self.bundle))

    def request(self, given: object, shown: str = "request", at: Loc = ()) -> EvaluationRequest:
        """The typed request that a parsed document gives.

        Raises:
            MalformedRequestError: with every fault, each with its place.
        """
        return self.bundle.requests.read(given, shown, at)

    def live_request(
        self, given: Mapping[str, Any], shown: str = "body", at: Loc = (), searched: str = ""
    ) -> EvaluationRequest:
        """The typed request in a live AuthZEN body (`RequestReader.read_live`); no caller chooses the time.

        Raises:
            MalformedRequestError: with every fault, each with its place.
        """
        return self.bundle.requests.read_live(given, shown, at, searched)

    def facts(self, given: object, shown: str = "facts", at: Loc = ()) -> Facts:
        """The facts that a parsed document gives.

        Raises:
            DiagnosticError: with every fault, each with its place.
        """
        return self.facts_reader.read(given, shown, at)


@dataclass(frozen=True, slots=True)
class Case:
    """What one decision was made on: the policy, the request, the facts, and the records gathered from them."""

    policy: Policy
    asked: EvaluationRequest
    facts: Facts
    gathered: Any

    def expires_at(self) -> datetime | None:
        """The first later instant at which the same facts refuse."""
        policy, asked, at = self.policy, self.asked, self.gathered.at
        hours = {follow(self.gathered, path) for path in policy.moving} - {None}
        # What lies some hours after the instant asked at moves with it; hours before it meet what has passed.
        instants = policy.instants(self.gathered, min((at, *(hours_after(at, each) for each in hours))))
        if hours:
            instants |= {hours_after(instant, -each) for instant in instants for each in hours}
        if not instants:
            return None
        at_instant = self._regathered if hours else self._moved()

        def permitted(moment: datetime) -> bool:
            gathered = at_instant(moment)
            return permits(policy.evaluator, policy.subject(asked, gathered), asked.action, gathered)

        return expiry(permitted, at, instants)

    def explain(self) -> Explanation:
        """The condition tree of `allow`, and for a refusal the smallest change of facts that would allow."""
        policy, bundle, asked, gathered = self.policy, self.policy.bundle, self.asked, self.gathered
        subject = policy.subject(asked, gathered)
        conditions = tree(Reading(bundle.program, attribute), subject, asked.action, gathered)
        if subject is not None and conditions.holds:
            return Explanation(conditions, None)
        reader = policy.facts_reader
        near = nearby(gathered, bundle.vocabulary, self.facts, reader)

        def regather(changes: Sequence[Change]) -> Any:
            return policy.gather(asked, apply(changes, near, reader), gathered.at, policy.parameters)

        def permitted(record: Any) -> bool:
            return permits(policy.evaluator, policy.subject(asked, record), asked.action, record)

        situation = Situation(
            bundle.program,
            bundle.vocabulary,
            gathered,
            asked.action,
            regather,
            permitted,
            lambda record: policy.subject(asked, record),
        )
        return Explanation(conditions, smallest(situation, possible(bundle, policy.compared, gathered)))

    def _regathered(self, moment: datetime) -> Any:
        return self.policy.gather(self.asked, self.facts, moment, self.policy.parameters)

    def _moved(self) -> Callable[[datetime], Any]:
        """What sets the records to another instant: nothing of them but that depends on it."""
        record = self.policy.copied(self.gathered)

        def moved(moment: datetime) -> Any:
            record.at = moment
            return record

        return moved


def copier(kind: type) -> Callable[[Any], Any]:
    """What copies a record of this type."""
    values = operator.attrgetter(*(each.name for each in fields(kind)))
    return lambda record: kind(*values(record))


def load_bundle(folder: str | Path) -> Policy:
    """The policy in a bundle's folder, checked and compiled.

    Raises:
        PolicyError: with every fault in it.
    """
    bundle = load(folder)
    hidden = of_data_subjects(bundle.vocabulary)
    return Policy(
        bundle,
        compile_program(bundle.program, attribute),
        bundle.parameters,
        bundle.digest,
        gatherer(bundle.vocabulary, bundle.classes),
        hidden,
        gatherer(bundle.vocabulary, bundle.classes, hidden),
        FactsReader(bundle.vocabulary, bundle.classes, bundle.shape),
        compile_instants(bundle.program, attribute),
        find_comparisons(bundle.program),
        required_rows(bundle.program),
        copier(bundle.classes[REQUEST]),
        moving_hours(bundle.vocabulary),
    )


def load_facts(path: str | Path, policy: Policy) -> Facts:
    """The facts in a document.

    Raises:
        DiagnosticError: with every fault, each with its place.
    """
    return policy.facts(read_document(Path(path), str(path)), str(path))

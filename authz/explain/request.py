"""A refused request, as the search for the smallest change sees it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from authz.analysis.fields_read import Fields
from authz.bundle.vocabulary import Vocabulary
from authz.deadline import Deadline
from authz.explain.pruning import OpenChange, PartialQuestion
from authz.facts.changes import Change
from authz.interpreter.evaluate import Step
from authz.language.ir import Program


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """The request to find the smallest change for."""

    program: Program
    fields_read: Mapping[str, Fields]
    """By rule: the fields of the request that it reads."""
    vocabulary: Vocabulary
    gathered: Any
    """The request's records."""
    action: str
    regather: Callable[[Sequence[Change]], Any]
    """The request's records after some changes."""
    permits: Callable[[Any], bool]
    """Whether a request's records permit it."""
    subject: Callable[[Any], Any]
    """The subject in a request's records, or None."""
    deadline: Deadline | None = None

    @property
    def has_decidable_types(self) -> bool:
        """Whether subject and resource have the types that the bundle decides on; nothing else can be permitted."""
        types = self.vocabulary.subject.type, self.vocabulary.resource.type
        return (self.gathered.subject_type, self.gathered.resource_type) == types

    def question(self, records: Any, open: Sequence[OpenChange], step: Step) -> PartialQuestion:
        """The question to `allow` where `records` are settled and some changes open."""
        subject_type = self.vocabulary.subject.type
        is_open = any(subject_type in each.touched for each in open)
        subject = None if is_open else self.subject(records)
        return PartialQuestion(self.program, subject, self.action, records, open, step)

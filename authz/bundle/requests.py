"""Read a request, in AuthZEN's form or in a scenario's flat form, with one reader built from the vocabulary.

AuthZEN's form has `subject`, `action`, `resource` and `context` as objects, and ignores unknown members at every level.
The flat form names the parties by their types, and an unknown member is an error:

    {"subject": {"type": "visitor", "id": "ann"}, "action": {"name": "open"}, "resource": {"type": "door", "id": "1"}}
    {"visitor": "ann", "action": "open", "door": "1"}
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from authz.bundle.request_types import IGNORED_MEMBER, authzen_type, flat_type, type_read
from authz.bundle.values import read_value
from authz.bundle.vocabulary import Vocabulary
from authz.codegen.generated import compile_source
from authz.documents.places import Loc, diagnostic_at
from authz.documents.strictness import MAX_PROBLEMS, violations
from authz.documents.validation import problem_of
from authz.language.diagnostics import Diagnostic, DiagnosticError, did_you_mean
from authz.language.types import INSTANT, Type

MAX_PROBLEM = 1_000
"""The length of one problem: it may repeat a text of the request, and a batch may hold a thousand such requests."""


class MalformedRequestError(DiagnosticError):
    """A request that cannot be read; `diagnostics` holds its first problems."""


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """A typed request: subject, action, resource, the properties that count, and its instant if it names one.

    `properties` has every property of the vocabulary: a value, an id, or None where it is absent.
    """

    subject_type: str
    subject_id: str
    action: str
    resource_type: str
    resource_id: str
    properties: Mapping[str, Any]
    at: datetime | None = None


class ReadBody(Protocol):
    """Reads a request from an AuthZEN body; `at` is the body's place in the document `shown`."""

    def __call__(self, document: object, shown: str = ..., at: Loc = ...) -> EvaluationRequest:
        """The request.

        Raises:
            MalformedRequestError: with every problem, each with its place.
        """


@dataclass(frozen=True, slots=True)
class _Form:
    """One form of a request: its adapter, the types of its members by place, and, if it is closed, their names."""

    adapter: TypeAdapter[Any]
    types: Mapping[Loc, Type]
    zone: str
    names: tuple[str, ...] = ()

    def validate(self, document: object, shown: str, at: Loc) -> Any:
        try:
            return self.adapter.validate_python(document)
        except (ValidationError, UnicodeEncodeError) as error:
            raise self.malformed(error, document, shown, at) from None

    def malformed(
        self, error: ValidationError | UnicodeEncodeError, document: object, shown: str, at: Loc
    ) -> MalformedRequestError:
        """The error for a document that the adapter refused."""
        if isinstance(error, ValidationError):
            details = error.errors(include_url=False)[:MAX_PROBLEMS]
            return MalformedRequestError(self._diagnostic(dict(detail), shown, at) for detail in details)
        # pydantic cannot repeat such a text in an error. Documents hold none; a mapping made in Python may.
        problems = list(islice(violations(document, ()), MAX_PROBLEMS)) or [((), "half a surrogate pair is no text")]
        return MalformedRequestError(diagnostic_at(shown, (*at, *loc), each) for loc, each in problems)

    def _diagnostic(self, detail: dict[str, Any], shown: str, at: Loc) -> Diagnostic:
        loc: Loc = detail["loc"]
        if detail["type"] in ("extra_forbidden", "invalid_key"):
            return diagnostic_at(shown, (*at, *loc), "is not known here", did_you_mean(str(loc[-1]), self.names))
        problem = ""
        if loc in self.types and detail["type"] != "missing":
            try:
                read_value(self.types[loc], detail["input"], self.zone)
            except ValueError as error:
                problem = str(error)[:MAX_PROBLEM]
        return diagnostic_at(shown, (*at, *loc), problem or problem_of(detail))


@dataclass(frozen=True, slots=True)
class RequestReader:
    """Reads the requests of one vocabulary; made by `request_reader`."""

    subject: str
    resource: str
    properties: tuple[str, ...]
    flat: _Form = field(repr=False)
    authzen: ReadBody = field(repr=False)
    live: Mapping[str, ReadBody] = field(repr=False)
    """The readers of AuthZEN bodies by the entity that a search asks for; under the empty string, an evaluation's.

    A member `at` is ignored, so that no caller chooses the time. So is the id or name of the entity that a search asks
    for, which is empty in the request.
    """

    def read(self, document: object, shown: str = "request", at: Loc = ()) -> EvaluationRequest:
        """The request in a document, of either form; `at` is its place in the document `shown`.

        Raises:
            MalformedRequestError: with every problem, each with its place.
        """
        if isinstance(document, Mapping) and not {"subject", "resource"} & document.keys():
            return self._from_flat(self.flat.validate(document, shown, at))
        return self.authzen(document, shown, at)

    def _from_flat(self, body: dict[str, Any]) -> EvaluationRequest:
        subject, resource = self.subject, self.resource
        properties = {name: body[name] for name in self.properties}
        return EvaluationRequest(
            subject, body[subject], body["action"], resource, body[resource], properties, body.get("at")
        )


def request_reader(vocabulary: Vocabulary) -> RequestReader:
    """The reader of one vocabulary's requests."""
    zone, kinds = vocabulary.bare_date_zone, vocabulary.properties
    by_name: dict[Loc, Type] = {("at",): INSTANT}
    by_source: dict[Loc, Type] = {("at",): INSTANT}
    for name, kind in kinds.items():
        by_name[(name,)] = by_source[kind.source] = type_read(kind)
    for name, ignored in vocabulary.ignored.items():
        by_name[(name,)] = ignored
    flat = flat_type(vocabulary)
    return RequestReader(
        vocabulary.subject.type,
        vocabulary.resource.type,
        tuple(kinds),
        _Form(TypeAdapter(flat), by_name, zone, tuple(flat.__annotations__)),
        _read_body(vocabulary, _Form(TypeAdapter(authzen_type(vocabulary, timed=True)), by_source, zone), "request"),
        {
            searched: _read_body(
                vocabulary, _Form(TypeAdapter(authzen_type(vocabulary, searched)), by_source, zone), "body"
            )
            for searched in ("", *IGNORED_MEMBER)
        },
    )


def _read_body(vocabulary: Vocabulary, form: _Form, shown: str) -> ReadBody:
    """The reader of AuthZEN bodies of a form; generated, because it runs once per decision."""
    properties = ", ".join(
        f"{name!r}: body{''.join(f'[{step!r}]' for step in kind.source)}"
        for name, kind in vocabulary.properties.items()
    )
    source = f"""def read_body(document, shown={shown!r}, at=()):
    try:
        body = validate(document)
    except (ValidationError, UnicodeEncodeError) as error:
        raise malformed(error, document, shown, at) from None
    subject, resource = body["subject"], body["resource"]
    return EvaluationRequest(
        subject["type"], subject["id"], body["action"]["name"], resource["type"], resource["id"],
        {{{properties}}}, body.get("at"),
    )
"""
    names = {"validate": form.adapter.validate_python, "malformed": form.malformed, "ValidationError": ValidationError}
    read: ReadBody = compile_source(source, "read body", EvaluationRequest=EvaluationRequest, **names)["read_body"]
    return read

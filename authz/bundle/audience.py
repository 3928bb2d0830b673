"""The audience of reason codes: every caller sees a code for `user`, so it may not speak of the data subject alone.

Where the resource is a person, callers see the codes that hold as if facts held nothing of that person. A code that
only holds or fails to hold through such facts would then be untrue, or would tell a known person from an unknown one.
"""

from collections.abc import Iterable, Mapping, Sequence

from authz.bundle.catalogue.reasons import PERSONAL_REASON_FOR_USER
from authz.bundle.derived import source_paths
from authz.bundle.report import Report
from authz.bundle.toml_schema import ReasonTable
from authz.bundle.vocabulary import Vocabulary
from authz.language.ir import Access, And, Constant, Exists, Formula, Invoke, Or, Program, Value, values
from authz.language.types import Type


def check_audiences(reasons: Sequence[ReasonTable], vocabulary: Vocabulary, program: Program, report: Report) -> None:
    """Report codes for the audience `user` that hold through facts of the data subject alone."""
    personal = personal_fields(vocabulary)
    if not personal:
        return
    impersonal: dict[str, bool] = {}
    for name, rules in program.rules.items():  # callees come before callers
        impersonal[name] = any(
            _holds_without(rule.body, impersonal, personal, program.schema.request) for rule in rules
        )
    for index, reason in enumerate(reasons):
        clauses = [
            rule
            for rule in program.rules.get("reason", ())
            if any(isinstance(each, Constant) and each.value == reason.code for each in rule.parameters)
        ]
        bodies = (_holds_without(rule.body, impersonal, personal, program.schema.request) for rule in clauses)
        if reason.audience == "user" and clauses and not any(bodies):
            problem = (
                f"`{reason.code}` holds through facts of the {vocabulary.resource.type} alone: callers may not see it"
            )
            report.add(PERSONAL_REASON_FOR_USER, ("reason", index, "audience"), problem, 'write `audience = "admin"`')


def personal_fields(vocabulary: Vocabulary) -> frozenset[str]:
    """The fields of a request that hold facts of the data subject: records, rows, and what is derived from them."""
    subjects = vocabulary.data_subject_fields
    rows = {
        name
        for name, each in vocabulary.collections.items()
        if subjects & set(each.by)
        or any(field.names == vocabulary.resource.record for field in vocabulary.rows[each.of].fields.values())
    }
    derived = {
        name
        for name, each in vocabulary.derived.items()
        if any(path.split(".")[0] in subjects for path in source_paths(each))
    }
    return frozenset({*subjects, *rows, *derived})


def _holds_without(formula: Formula, impersonal: Mapping[str, bool], personal: frozenset[str], request: Type) -> bool:
    """Whether a formula can hold by what it reads besides personal fields."""
    match formula:
        case And(parts=parts):
            return all(_holds_without(part, impersonal, personal, request) for part in parts)
        case Or(parts=parts):
            return any(_holds_without(part, impersonal, personal, request) for part in parts)
        case Exists(collection=collection, body=body):
            return not _reads((collection,), personal, request) and _holds_without(body, impersonal, personal, request)
        case Invoke(name=name, arguments=arguments):
            return impersonal[name] and not _reads(arguments, personal, request)
    return not _reads(values(formula), personal, request)


def _reads(read: Iterable[Value], personal: frozenset[str], request: Type) -> bool:
    return any(
        isinstance(value, Access) and value.root.type == request and value.fields[0] in personal for value in read
    )

"""Turn the errors of pydantic into diagnostics: lower case, and without the names of Python types."""

from typing import Any, NamedTuple

from pydantic import ValidationError

from authz.documents.places import Loc, diagnostic_at, shorten
from authz.language.diagnostics import Diagnostic

_PROBLEMS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "unexpected_keyword_argument": "is not known here",
    "string_type": "is not a string",
    "string_unicode": "half a surrogate pair is no text",
    "int_type": "is not an integer",
    "bool_type": "is not true or false",
    "dict_type": "is not an object",
    "dataclass_type": "is not an object",
    "model_type": "is not an object",
    "list_type": "is not a list",
    "tuple_type": "is not a list",
    "none_required": "is not null",
    "too_short": "is empty",
    "string_too_short": "is empty",
}


class ValidationProblem(NamedTuple):
    """One error of pydantic: its place in the document, the problem in plain words, and its type in pydantic."""

    loc: Loc
    text: str
    type: str


def problems_of(error: ValidationError) -> list[ValidationProblem]:
    """The problems of a validation error."""
    details = error.errors(include_url=False)
    problems = [
        ValidationProblem(_place(detail["loc"]), problem_of(dict(detail)), str(detail["type"])) for detail in details
    ]
    # pydantic counts sound elements alone: a list of one faulty element is also too short for it.
    inside = {problem.loc[:depth] for problem in problems for depth in range(len(problem.loc))}
    return [problem for problem in problems if problem.type != "too_short" or problem.loc not in inside]


def diagnostics_of(error: ValidationError, shown: str, at: Loc = ()) -> list[Diagnostic]:
    """The diagnostics of a validation error; `at` is where the validated value stands in the document `shown`."""
    return [diagnostic_at(shown, (*at, *problem.loc), problem.text) for problem in problems_of(error)]


def _place(loc: Loc) -> Loc:
    """The place in the document, without the parts that pydantic adds for a key or for a branch of a union."""
    return tuple(part for part in loc if part != "[key]" and not (isinstance(part, str) and part.startswith("<")))


def problem_of(error: dict[str, Any]) -> str:
    """The problem that one error of pydantic describes."""
    context = error.get("ctx", {})
    if error["type"] == "literal_error":
        listed = context["expected"].replace("' or '", "', '").replace("'", "`")
        return (
            f"`{shorten(error['input'])}` is not one of {listed}"
            if isinstance(error["input"], str)
            else "is not a string"
        )
    if error["type"] == "value_error":
        return str(context["error"])
    if error["type"] == "string_pattern_mismatch":
        return f"`{shorten(error['input'])}` is not of the form `{context['pattern'].strip('^$')}`"
    if error["type"] in ("greater_than_equal", "less_than_equal"):
        bound = context.get("ge", context.get("le"))
        return f"`{error['input']}` is {'less' if 'ge' in context else 'more'} than {bound}"
    return _PROBLEMS.get(error["type"], str(error["msg"])[:1].lower() + str(error["msg"])[1:])
